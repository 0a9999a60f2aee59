"""Applies that are killed, read old pictures, lose answers or get broken ones: the next apply ends well all the same.

A sample runs with the other tests; its seed changes from day to day, or with the commit in CI, and CRASH_SEED gives it.
`make crash` runs all. Each trial is one disturbed apply and one that nothing disturbs.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from tests.conftest import Azure
from tests.crash import luck, trial
from tests.crash.luck import SEED, Luck
from tests.crash.workloads import WORKLOADS

REQUESTS = {"infra": 100, "image": 110, "pool": 90}
"""At least as many requests as a workload makes."""
Expected = Callable[[str], list[str]]
Record = Callable[[str, object], None]


@pytest.fixture(scope="session")
def expected(azure_server: Azure, tmp_path_factory: pytest.TempPathFactory) -> Expected:
    """What each workload makes when nothing disturbs it."""
    made: dict[str, list[str]] = {}

    def of(workload: str) -> list[str]:
        if workload not in made:
            folder = tmp_path_factory.mktemp("undisturbed")
            made[workload] = trial.undisturbed(azure_server, folder, WORKLOADS[workload])
        return made[workload]

    return of


def tried(
    azure: Azure, folder: Path, expected: Expected, record: Record, workload: str, kind: str, lucks: Iterable[Luck]
) -> None:
    """Run trials until one is not struck any more, because the workload has ended before; all must be survived."""
    counts, troubles = [0, 0, 0], []
    for bad in lucks:
        verdict = trial.run(azure, folder, WORKLOADS[workload], bad, expected(workload))
        if not verdict.struck:
            break
        counts[0] += 1
        counts[1] += not verdict.trouble
        counts[2] += verdict.converged and not verdict.trouble
        if verdict.trouble:
            troubles.append(f"{bad}: {verdict.trouble}")
    record("crash", [workload, kind, *counts])
    assert troubles == [], f"{len(troubles)} of {counts[0]}, with CRASH_SEED={SEED}"
    assert counts[0], "no trial was struck"


def chosen(workload: str) -> random.Random:
    return random.Random(f"{SEED} {workload}")


WRITES = {"infra": 13, "image": 19, "pool": 8}
"""How many writes a workload makes."""


@pytest.mark.parametrize("workload", WORKLOADS)
def test_a_sample_of_bad_luck_is_survived(
    azure: Azure, tmp_path: Path, expected: Expected, record_property: Record, workload: str
) -> None:
    dice = chosen(workload)
    tries: dict[str, list[Luck]] = {
        "killed": [luck.Kill("killed", dice.randrange(WRITES[workload]), dice.random() < 0.5)],
        "stale reads": [luck.stale(dice.choice((1, 2)))],
        "a lost write": [luck.lost_at(dice.randrange(WRITES[workload]))],
        "every answer broken once": [luck.broken(dice.choice(sorted(luck.BROKEN)))],
    }
    for kind, lucks in tries.items():
        tried(azure, tmp_path, expected, record_property, workload, kind, lucks)


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("workload", WORKLOADS)
def test_a_kill_at_every_write_is_survived(
    azure: Azure, tmp_path: Path, expected: Expected, record_property: Record, workload: str, after: bool
) -> None:
    kills = (luck.Kill("killed", at, after) for at in range(100))
    tried(azure, tmp_path, expected, record_property, workload, "killed", kills)


@pytest.mark.slow
@pytest.mark.parametrize("workload", WORKLOADS)
def test_stale_reads_after_every_write_are_survived(
    azure: Azure, tmp_path: Path, expected: Expected, record_property: Record, workload: str
) -> None:
    lucks = [luck.stale(times) for times in (1, 2)]
    tried(azure, tmp_path, expected, record_property, workload, "stale reads", lucks)


@pytest.mark.slow
@pytest.mark.parametrize("workload", WORKLOADS)
def test_every_lost_answer_is_survived(
    azure: Azure, tmp_path: Path, expected: Expected, record_property: Record, workload: str
) -> None:
    tried(azure, tmp_path, expected, record_property, workload, "every answer lost once", [luck.lost()])
    lost = (luck.lost_at(at) for at in range(100))
    tried(azure, tmp_path, expected, record_property, workload, "a lost write", lost)


@pytest.mark.slow
@pytest.mark.parametrize("how", luck.BROKEN)
@pytest.mark.parametrize("workload", WORKLOADS)
def test_every_broken_answer_is_survived_or_told(
    azure: Azure, tmp_path: Path, expected: Expected, record_property: Record, workload: str, how: str
) -> None:
    tried(azure, tmp_path, expected, record_property, workload, "every answer broken once", [luck.broken(how)])
    lasting = (luck.broken_at(how, at) for at in _spread(workload, how))
    tried(azure, tmp_path, expected, record_property, workload, "broken again and again", lasting)


def _spread(workload: str, how: str) -> Iterator[int]:
    """Requests from which on answers are broken, from the first to the last that the workload makes."""
    step = 8
    yield from range(chosen(f"{workload} {how}").randrange(step), REQUESTS[workload], step)
