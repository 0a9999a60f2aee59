"""What may begin after a task has ended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.azure import ends
from reconciler.azure.ends import End
from tests.documents import loaded

CASES = loaded((Path(__file__).parents[1] / "cases/tasks/ends.yaml").read_text())


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_whether_an_end_keeps_back_what_depends_on_it(case: dict[str, Any]) -> None:
    assert ends.blocks(case.get("conditions", {}), End(*case["end"])) is case["blocks"]


def test_the_end_of_a_task_is_its_code_and_its_failure() -> None:
    assert ends.of({"exitCode": 3, "failureInfo": {"code": "FailureExitCode"}}) == End(3, "FailureExitCode")
    assert ends.of({"exitCode": 0}) == ends.WELL
    assert ends.of({"failureInfo": {"code": "TaskEnded"}}) == End(None, "TaskEnded", begun=False)
