"""Which of a node's directories a container sees: all of them, or those that its settings name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from azure_local.nodes.containers import mounts
from azure_local.nodes.processes import Run


@pytest.mark.parametrize(
    ("wanted", "seen"),
    [
        (None, ["-v", "/node:/node"]),
        ([], []),
        ([{"source": "Shared"}], ["-v", "/node/shared:/node/shared"]),
        (
            [{"source": "Task", "isReadOnly": False}, {"source": "VfsMounts", "isReadOnly": True}],
            ["-v", "/task:/task", "-v", "/node/fsmounts:/node/fsmounts:ro"],
        ),
        ([{"source": "JobPrep"}], ["-v", "/prepared:/prepared"]),
    ],
)
def test_a_container_sees_what_its_settings_name(wanted: Any, seen: list[str]) -> None:
    run = Run(Path("/task"), {}, {"AZ_BATCH_JOB_PREP_DIR": "/prepared"}, {})
    assert mounts("/node", run, {"containerHostBatchBindMounts": wanted}) == seen
