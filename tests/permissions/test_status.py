"""A role for status has what Azure says of itself beside what a plan reads; that for a plan has not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.command import reconcile

SPEC = """\
apiVersion: reconciler/v1
name: x
azure: {cloud: local, location: italynorth, resourceGroup: rg}
batchAccount: {name: bax}
"""
OWN = ("Microsoft.ResourceHealth/availabilityStatuses/read", "Microsoft.ResourceHealth/events/read")


@pytest.mark.parametrize(("use", "found"), [("status", [OWN[:1], OWN[1:]]), ("plan", [(), ()])])
def test_a_status_reads_what_azure_says_of_itself(tmp_path: Path, use: str, found: list[tuple[str, ...]]) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(SPEC)
    done = reconcile("permissions", str(file), "--for", use, "--format", "json")
    assert done.returncode == 0, done.stderr
    roles = json.loads(done.stdout)
    assert [tuple(one for one in role["Actions"] if one in OWN) for role in roles] == found
