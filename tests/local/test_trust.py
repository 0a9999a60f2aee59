"""Whom the tasks of the local Azure trust."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
import trustme

from azure_local import trust


def written(path: Path) -> set[str]:
    """Write a throwaway CA; the serial numbers of what a client trusts by it."""
    trustme.CA().cert_pem.write_to_path(str(path))
    return trusted(path)


def trusted(path: Path) -> set[str]:
    return {str(one["serialNumber"]) for one in ssl.create_default_context(cafile=str(path)).get_ca_certs()}


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_tasks_trust_this_azure_and_whom_the_machine_trusts(tmp_path: Path, name: str) -> None:
    own, machines = written(tmp_path / "ca.pem"), written(tmp_path / "machine.pem")
    trust.write(tmp_path, {name: str(tmp_path / "machine.pem")})
    assert trusted(tmp_path / "trusted.pem") >= own | machines
    trust.write(tmp_path, {name: str(tmp_path / "ca.pem")})
    assert trusted(tmp_path / "trusted.pem").isdisjoint(machines)
    assert trusted(tmp_path / "trusted.pem") >= own


def test_what_is_not_there_is_passed_over(tmp_path: Path) -> None:
    own = written(tmp_path / "ca.pem")
    trust.write(tmp_path, {"SSL_CERT_FILE": str(tmp_path / "none.pem")})
    assert trusted(tmp_path / "trusted.pem") >= own
