"""What a plan takes and what stays, as a table: tests/cases/engine/law.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.engine import plan as planning
from reconciler.engine.law import Choice
from reconciler.errors import WrongUsage
from reconciler.kind.going import Going, User
from reconciler.model import Address, Desired, Mark, Observed, Plan
from tests.documents import loaded
from tests.engine.world import KINDS

CASES: list[dict[str, Any]] = loaded((Path(__file__).parents[1] / "cases" / "engine" / "law.yaml").read_text())


def addresses(names: list[str]) -> tuple[Address, ...]:
    return tuple(map(Address.parse, names))


def live(case: dict[str, Any]) -> list[Observed]:
    return [
        Observed(
            Address.parse(name),
            name,
            {key: thing[key] for key in ("size", "colour") if key in thing},
            Mark(owner, "x", thing.get("protect", False)) if (owner := thing.get("owner", "me")) else None,
            occupants=tuple(thing.get("occupants", ())),
            uses=tuple(thing.get("uses", ())),
            outside=thing.get("outside", ""),
            byproduct=thing.get("byproduct", False),
            kept=thing.get("kept", False),
        )
        for name, thing in case.get("live", {}).items()
    ]


def wanted(case: dict[str, Any]) -> dict[Address, Desired]:
    body: dict[str, Any] = {key: case[key] for key in ("size", "colour") if key in case}
    protected, unreadable = case.get("protected", ()), case.get("unreadable", {})
    return {
        Address.parse(name): Desired(
            Address.parse(name),
            body,
            addresses(refs),
            name in protected,
            unreadable=unreadable.get(name, ""),
            uses=tuple(case.get("uses", {}).get(name, ())),
        )
        for name, refs in case.get("wanted", {}).items()
    }


def planned(case: dict[str, Any]) -> Plan:
    choice = Choice(
        addresses(case.get("targets", [])), addresses(case.get("excludes", [])), addresses(case.get("still", []))
    )
    goes, users, blind = (case.get(key, {}) for key in ("goes", "users", "blind"))
    going = {
        Address.parse(name): Going(
            goes.get(name, ""), tuple(User(user, user) for user in users.get(name, ())), blind.get(name, "")
        )
        for name in {**goes, **users, **blind}
    }
    desired, observed = wanted(case), live(case)
    planning.check("me", desired, observed, choice)
    if case.get("destroy"):
        unread = case.get("unread", {})
        return planning.destroy("me", KINDS, desired, observed, choice=choice, going=going, unread=unread)
    return planning.make("me", KINDS, desired, observed, choice=choice, going=going, unread=case.get("unread", {}))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["says"])
def test_what_a_plan_takes_and_what_stays(case: dict[str, Any]) -> None:
    plan = planned(case)
    assert {str(d.address): str(d.action) for d in plan.decisions} == {
        name: said if isinstance(said, str) else said[0] for name, said in case["plan"].items()
    }
    for decision in plan.decisions:
        said = case["plan"][str(decision.address)]
        if isinstance(said, list):
            assert [decision.reason, decision.goes][: len(said) - 1] == said[1:]
    assert plan.notes == ((case["note"],) if "note" in case else ())


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("shelf/bb", r"there is no shelf/bb; did you mean shelf/b\?"),
        ("shop/theirs", "shop/theirs is not of this spec: it belongs to the spec 'you'"),
        ("shop/nobodys", "shop/nobodys is not of this spec: nobody has marked it"),
        ("shop/far", "shop/far is not of this spec: another world"),
    ],
)
@pytest.mark.parametrize("side", ["targets", "excludes"])
def test_an_address_that_is_not_of_the_spec_is_wrong_usage(target: str, says: str, side: str) -> None:
    things = {
        "shop/theirs": {"owner": "you"},
        "shop/nobodys": {"owner": None},
        "shop/far": {"outside": "another world"},
    }
    with pytest.raises(WrongUsage, match=says):
        planned({"live": things, "wanted": {"shelf/b": []}, side: [target]})
