"""docs/runbook.md: each of its troubles is brought about by a test, and what it names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reconciler.diagnosis.rules import TABLE
from reconciler.kinds.monitoring.presets import PRESETS

CHECKOUT = Path(__file__).parents[2]
PAGE = (CHECKOUT / "docs/runbook.md").read_text()
TRIED = {
    "A bad input": "tests/e2e/test_main_job.py",
    "A start task fails": "tests/pools/test_repair.py::test_a_start_task_that_fails_on_the_only_node_is_told",
    "Spot nodes are taken in a wave": "tests/local/test_pool_troubles.py::test_a_preempted_spot_node_is_replaced_under",
    "The quota is used up": "tests/kinds/test_batch_quota.py::test_a_short_quota_waits_for_microsoft_and_nothing_else",
    "A size is sold out": "tests/preflight/test_local.py::test_a_sold_out_size_is_refused_and_names_the_nearest",
    "Storage is closed to its own nodes": "tests/e2e/test_prod.py::test_a_lost_endpoint_is_made_again_without_the_lock",
    "A role was removed": "tests/e2e/test_prod.py::test_a_lost_endpoint_is_made_again_without_the_lock",
    "A secret is disabled or has expired": "tests/secrets/test_fetch.py::test_a_secret_that_cannot_be_had_says",
    "The lock is held by a run that is gone": "tests/lock/test_lock.py::test_the_lock_of_a_process_that_was_killed",
    "An image or size is retired": "tests/cases/spec",
    "The budget is passed": "tests/budgets/test_budgets.py",
    "A job hangs": "tests/monitoring/test_presets.py::test_its_cause_calls_the_webhook_which_is_told_when_it_is_over",
}
"""Trouble → the test that brings it about, or the file of them."""


@pytest.mark.parametrize("trouble", re.findall(r"^## (.+)$", PAGE, re.MULTILINE))
def test_each_trouble_is_brought_about_by_a_test(trouble: str) -> None:
    file, _, name = TRIED[trouble].partition("::")
    assert (CHECKOUT / file).exists()
    assert not name or f"def {name}" in (CHECKOUT / file).read_text()


def test_every_cause_and_alert_that_it_names_is_one() -> None:
    causes = set(re.findall(r"\[([a-z]+(?:-[a-z]+)+)\]", PAGE))
    assert causes
    assert causes <= {rule.name for rule in TABLE}
    alerts = set(re.findall(r"alert `(\w+)`", PAGE))
    assert len(alerts) > 5
    assert alerts <= {*PRESETS, "serviceHealth"}
