"""How busy nodes were, as people see it, and what a killed task's node tells of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reconciler.diagnosis.diagnose import diagnose
from reconciler.diagnosis.facts import Busy, Facts
from reconciler.nodelogs.telemetry import Run as Ran
from reconciler.nodelogs.telemetry import Sample, by_job
from reconciler.render import usageplot, views
from reconciler.render.usage import UsageView

BEGIN = datetime(2026, 11, 28, 1, tzinfo=UTC)


def sample(at: float, cpu: float, memory: float = 4e9, **more: Any) -> Sample:
    whole = {"cores": 4, "memory_total": 16e9, "disk": 1e9, "disk_total": 10e9, "gpu": None, "gpu_memory": None}
    return Sample(**{"at": BEGIN.timestamp() + at, "cpu": cpu, "memory": memory, "killed": 0, **whole, **more})


NODES = {
    "calm\x1b[31m": [sample(60 * n, 0.1) for n in range(60)],
    "busy": [sample(60 * n, n / 60, 15.8e9, gpu=0.5) for n in range(60)],
    "silent": [],
}
JOBS = by_job(NODES, [Ran("j", "busy", BEGIN.timestamp() + 3000, BEGIN.timestamp() + 3600)])
VIEW = UsageView("p", BEGIN, BEGIN + timedelta(hours=1), NODES, JOBS, 3)


def test_the_busiest_node_comes_first_and_each_has_its_cpu_over_time() -> None:
    lines = views.shown(VIEW, "text").splitlines()
    assert lines[0] == "2 nodes of pools/p in 1 h 0 min:"
    assert lines[2].split("  ")[-1].strip() == "CPU 2026-11-28 01:00 TO 02:00 (UTC)"
    assert lines[3].split() == [
        *("busy", "49%", "93%", "15.8", "GB", "of", "16.0", "GB", "(99%)", "10%", "50%", "0"),
        "▁▁▁▁▂▂▂▃▃▃▃▄▄▄▄▅▅▅▅▆▆▆▇▇▇▇████",
    ]
    assert lines[4].startswith("calm\\x1b[31m  10%  10%")
    assert lines[5].startswith("all ")
    assert lines[8].split()[:3] == ["j", "91%", "98%"]
    assert lines[-1].startswith("note: 3 blobs more")


def test_programs_get_every_number() -> None:
    document = VIEW.document()
    assert document["whole"]["memoryPeak"] == 15_800_000_000
    assert document["nodes"]["busy"]["gpuMean"] == 0.5
    assert set(document["nodes"]) == {"busy", "calm\x1b[31m"}
    assert document["jobs"]["j"]["nodes"] == 1


def test_nothing_measured_is_said() -> None:
    view = UsageView("p", BEGIN, BEGIN + timedelta(hours=1), {}, {})
    assert views.shown(view, "text") == "No node of pools/p has measured anything in that time."
    assert view.document()["whole"] is None


def test_a_heat_map_has_a_row_a_node() -> None:
    pytest.importorskip("matplotlib")
    svg = usageplot.plot(VIEW, "svg").decode()
    assert "p: 2 nodes in 1 h 0 min" in svg
    assert ">busy<" in svg.replace("\n", "")
    assert usageplot.plot(UsageView("p", BEGIN, BEGIN + timedelta(hours=1), {}, {}), "png").startswith(b"\x89PNG")


TASK = {
    "id": "t",
    "state": "completed",
    "executionInfo": {"result": "failure", "exitCode": 137, "failureInfo": {"code": "FailureExitCode"}},
}


@pytest.mark.parametrize(
    ("samples", "evidence", "remedy", "inferred"),
    [
        ((sample(0, 1, 15.9e9),), "memory 15.9 GB of 16.0 GB (99%), fullest disk 10%", "more memory", False),
        ((sample(0, 1, 8e9), sample(9, 1, killed=1)), "killed 1 process for want of memory", "more memory", False),
        ((sample(0, 1, 8e9),), "memory 8.0 GB of 16.0 GB (50%)", "had memory left", True),
        ((), "is not there yet", "more memory", True),
    ],
)
def test_a_killed_task_is_judged_by_what_its_node_measured(
    samples: tuple[Sample, ...], evidence: str, remedy: str, inferred: bool
) -> None:
    facts = Facts(now=BEGIN, about="t", job={"id": "j"}, page=(TASK,), busy=Busy("t", "n", samples))
    (cause,) = diagnose(facts).causes
    assert cause.rule == "killed"
    assert evidence in "\n".join(cause.evidence)
    assert remedy in cause.remedy
    assert cause.inferred is inferred
