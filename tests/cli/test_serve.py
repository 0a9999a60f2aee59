"""serve, on the command line: where it listens, and what it refuses before it asks anybody."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.cli.command import reconcile

SPEC = str(Path(__file__).parents[2] / "specs/lab.yaml")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--listen", "0.0.0.0:8765"), "0.0.0.0:8765 can be reached by others"),
        (("--listen", "[::]:8765"), "[::]:8765 can be reached by others"),
        (("--listen", "8765"), "--listen takes an IP address and a port"),
        (("--listen", "example.com:80"), "--listen takes an IP address and a port"),
        (("--listen", "127.0.0.1:99999"), "--listen takes an IP address and a port"),
        (("--every", "1s"), "'1s' is no time from 5s to 1440m"),
        (("--every", "soon"), "'soon' is no time from 5s to 1440m"),
        (("--every", "nan"), "'nan' is no time from 5s to 1440m"),
        (("--allow-remote", "*"), "--allow-remote takes a name"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments: tuple[str, ...], said: str) -> None:
    done = reconcile("serve", SPEC, *arguments)
    assert (done.returncode, done.stdout) == (4, "")
    assert said in done.stderr


def test_an_invalid_spec_is_told_before_anything_is_served(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("name: x\n")
    done = reconcile("serve", "x.yaml", cwd=tmp_path)
    assert (done.returncode, "x.yaml" in done.stderr) == (4, True)


def test_two_specs_of_one_name_are_refused() -> None:
    done = reconcile(
        "serve", SPEC, SPEC, RECONCILE_CLOUD="public", AZURE_SUBSCRIPTION_ID="0" * 8 + "-0000" * 3 + "-" + "0" * 12
    )
    assert (done.returncode, "two of these specs are called lab" in done.stderr) == (4, True)


def test_a_port_in_use_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        where = f"127.0.0.1:{taken.getsockname()[1]}"
        subscription = "00000000-0000-0000-0000-000000000000"
        done = reconcile("serve", SPEC, "--listen", where, RECONCILE_CLOUD="public", AZURE_SUBSCRIPTION_ID=subscription)
    assert (done.returncode, f"cannot listen on {where}: Address already in use" in done.stderr) == (1, True)
