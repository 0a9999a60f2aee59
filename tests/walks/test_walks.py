"""Random walks of specs: after every change the second plan is empty, and what is of others is as they left it.

Each walk begins from one of `starts.yaml`. A step is one random change that the check of specs lets through; it is
planned, applied and planned again. What the plan refuses, or Azure, must be told with its address, and taking it back
must go. At the end the spec is applied to an empty group: both groups must show the same. A sample runs with the other
tests, always the same. `make walks` runs all, by a seed that changes from day to day; WALKS_SEED gives it.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Azure
from tests.walks.walk import SEED, STARTS, walk

SAMPLE = "sample"
"""The seed of the short walks: what a new day draws must not stop a change that has nothing to do with it."""
WALKS, STEPS = 4, 25
"""Long walks of each start, and the steps of each."""
Record = Callable[[str, object], None]


def walked(azure: Azure, folder: Path, record: Record, start: str, seed: str, steps: int) -> None:
    made = walk(azure, folder, start, seed, steps)
    record("walks", dict(made.counts))
    assert not made.troubles, "\n".join([f"walk of {start}, with the seed {seed}", *made.troubles])


@pytest.mark.parametrize("which", [0, 1])
def test_a_short_walk_ends_in_empty_plans(azure: Azure, tmp_path: Path, record_property: Record, which: int) -> None:
    start = random.Random(SAMPLE).sample(sorted(STARTS), 2)[which]
    walked(azure, tmp_path, record_property, start, SAMPLE, 6)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(1, WALKS + 1))
@pytest.mark.parametrize("start", STARTS)
def test_a_long_walk_ends_in_empty_plans(
    azure: Azure, tmp_path: Path, record_property: Record, start: str, number: int
) -> None:
    walked(azure, tmp_path, record_property, start, f"{SEED} {number}", STEPS)


def test_a_walk_is_the_same_for_the_same_seed(azure: Azure, tmp_path: Path) -> None:
    first, second = (walk(azure, tmp_path, "beside", "same", 4) for _ in range(2))
    plain = [[words.replace(made.world.account, "NAME") for words in made.path] for made in (first, second)]
    assert plain[0] == plain[1]
    assert len(plain[0]) == 4
