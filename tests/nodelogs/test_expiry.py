"""How long blobs are kept: by the pool that wrote them, and what is none of ours for good."""

from __future__ import annotations

import pytest

from reconciler import marks
from reconciler.nodelogs.expiry import Keep, Rules

RULES = Rules("ba", {"p": Keep(30, 7), "q": Keep(90, None)}, {"j": "p", "k": "elsewhere"}, marks.first_generation)
FOREVER = Rules("ba", {"p": Keep(30, 7), "q": Keep(None, 7)}, {}, marks.first_generation)


@pytest.mark.parametrize(
    ("rules", "blob", "days"),
    [
        (RULES, "ba/tasks/j/t/stdout.txt", 30),
        (RULES, "ba/tasks/j-g2/t/stderr.txt", 30),
        (RULES, "ba/tasks/gone/t/stdout.txt", 90),
        (RULES, "ba/jobs/j-g2/preparation/n/2026-11-28T01-25-07Z/stdout.txt", 30),
        (RULES, "ba/jobs/gone/release/n/2026-11-28T01-25-07Z/stdout.txt", 90),
        (RULES, "ba/jobs/j", None),
        (FOREVER, "ba/tasks/gone/t/stdout.txt", None),
        (RULES, "ba/pools/p/start/n/2026-11-28T01-25-07Z/stdout.txt", 30),
        (RULES, "ba/pools/p-g3/telemetry/2026-11-28T01-25/n.jsonl.gz", 7),
        (RULES, "ba/pools/q/telemetry/2026-11-28T01-25/n.jsonl.gz", None),
        (RULES, "ba/pools/other/start/n/x/stdout.txt", None),
        (RULES, "other/tasks/j/t/stdout.txt", None),
        (RULES, "ba/pools/p/notes/x", None),
        (RULES, "ba/tasks", None),
        (RULES, "results.csv", None),
    ],
)
def test_days(rules: Rules, blob: str, days: float | None) -> None:
    assert rules.days(blob) == days
