"""Where logs are: no two things share a name, and what was written is found again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from reconciler.nodelogs import places

IDS = st.text("abcXYZ019_:-", min_size=1, max_size=64)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))


@given(IDS, IDS, IDS, IDS, IDS)
def test_names_of_tasks_and_of_stages_never_meet(account: str, job: str, task: str, pool: str, node: str) -> None:
    log = f"{places.task(account, job, task)}/stdout.txt"
    assert places.run(log) is None
    for stage in places.ROOMS:
        of = pool if stage == "start" else job
        run = f"{places.runs(account, stage, of)}{node}/2026-11-28T01-25-07Z/stdout.txt"
        assert places.run(run) == places.Run(of, node, "2026-11-28T01-25-07Z", "stdout.txt")
        assert run.startswith(places.runs(account, stage))
        assert places.window(run) is None
        assert log != run


@given(IDS, IDS)
def test_a_task_s_log_is_known_by_the_file_that_brings_it(job: str, task: str) -> None:
    file = places.Printing("https://x/logs", "/id", "ba", job).output(task)
    assert places.kept(file, task)
    assert not places.kept(file, f"{task}x")
    assert not places.kept({**file, "filePattern": "*.csv"}, task)


@given(MOMENTS, st.timedeltas(timedelta(seconds=1), timedelta(days=2)), IDS)
def test_whatever_a_node_measured_in_a_time_is_in_the_hours_that_are_listed(
    begin: datetime, span: timedelta, node: str
) -> None:
    end = begin + span
    hours = list(places.hours("ba", "p", begin, end))
    assert len(hours) <= span.total_seconds() / 3600 + 3
    for at in (begin, begin + span / 2, end):
        name = places.measured("ba", "p", node, at)
        assert name.startswith(tuple(hours))
        window = places.window(name)
        assert window is not None
        assert timedelta(0) <= at - window < timedelta(seconds=places.WINDOW)


def test_other_names_are_no_windows() -> None:
    for name in (
        "",
        "ba/pools/p/telemetry/x/n.jsonl.gz",
        "ba/pools/p/telemetry/2026-11-28T01-25/n.txt",
        "a/b/c/d/e/f/g",
    ):
        assert places.window(name) is None
        assert places.run(name) is None
