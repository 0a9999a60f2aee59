"""Lists that several ask for while they are shared are asked for once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from reconciler.cloud.shared import Shared
from reconciler.engine import loop
from reconciler.kinds import KINDS
from tests.conftest import World


def test_whoever_comes_while_an_answer_is_on_its_way_gets_the_same() -> None:
    shared, asked, go = Shared(), [], threading.Event()

    def ask() -> Iterator[dict[str, Any]]:
        asked.append(1)
        go.wait(30)
        yield {"name": "a"}

    with shared.lasting(), ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(list, shared.listed("key", ask)) for _ in range(4)]
        go.set()
        assert [answer.result() for answer in answers] == [[{"name": "a"}]] * 4
        assert asked == [1]
        assert list(shared.listed("other", lambda: iter([{"name": "b"}]))) == [{"name": "b"}]
    assert list(shared.listed("key", ask)) == [{"name": "a"}]
    assert asked == [1, 1], "what was shared lasts no longer than the look"


def test_all_are_told_what_went_wrong() -> None:
    shared = Shared()

    def fail() -> Iterator[dict[str, Any]]:
        raise ValueError("broken")

    with shared.lasting():
        for _ in range(2):
            with pytest.raises(ValueError, match="broken"):
                list(shared.listed("key", fail))


def test_a_plan_asks_for_no_list_twice_and_changes_none(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    handed: list[tuple[list[dict[str, Any]], str]] = []
    plain = Shared._once

    def once(shared: Shared, *asked: Any) -> list[dict[str, Any]]:
        items = plain(shared, *asked)
        handed.append((items, repr(items)))
        return items

    world.text["pools"]["pool"]["nodes"] = 0
    world.apply()
    monkeypatch.setattr(Shared, "_once", once)
    before = world.azure.exchanges()
    loop.read(world.spec(), world.cloud(), KINDS)

    account = world.text["batchAccount"]["name"]  # which is no list
    asked = [f"{one['path'].lower()} {one['query']}" for one in world.azure.wire(before)]
    assert len(asked) > 10
    assert {one for one in asked if asked.count(one) > 1 and f"/{account} " not in one} == set()
    assert [one for one in asked if "/containers/" in one] == [], "the list of an account's containers says it"
    assert [items for items, text in handed if repr(items) != text] == []
