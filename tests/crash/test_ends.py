"""What would once have ended a run, or kept it waiting: a folder that cannot be written, and an answer that lies."""

from __future__ import annotations

import os
from pathlib import Path

from reconciler.model import Status
from tests.cli.command import reconcile
from tests.conftest import Azure
from tests.crash import trial, workloads
from tests.documents import dumped


def test_a_folder_for_logs_that_cannot_be_written_is_one_warning(azure: Azure, tmp_path: Path) -> None:
    made = workloads.world(azure, tmp_path)
    made.text["identities"] = {"id-a": {}, "id-b": {}}
    made.file.write_text(dumped(made.text))
    (tmp_path / ".reconcile").write_text("a file")
    azure.jump()
    done = reconcile("apply", "--yes", str(made.file), cwd=tmp_path, **os.environ)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("cannot write to .reconcile") == 1
    assert made.plan().steps == ()
    made.drop()


def test_a_pool_that_azure_takes_and_never_shows_is_told_soon(azure: Azure, tmp_path: Path) -> None:
    made = workloads.world(azure, tmp_path)
    workloads.pool(made)
    azure.jump()
    refusal = {"status": 412, "code": "ConditionNotMet"}
    azure.fault(match={"method": "PUT", "path": "/pools/pool$"}, times=1000, action=refusal)
    ended = {str(outcome.step.address): outcome for outcome in trial.applied(made)}
    assert ended["pool/pool"].status is Status.FAILED
    assert ended["pool/pool"].error == (
        "pool/pool is not there, although Azure took the request for it; run apply again"
    )
    azure.clear_faults()
    assert {outcome.status for outcome in trial.applied(made)} == {Status.DONE}
    made.drop()
