"""What a plan costs, case by case."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from azure_local.compute.catalogue import SIZES
from reconciler import cost
from reconciler.cost.amounts import Range
from reconciler.cost.charges import Charge, Line
from reconciler.cost.money import hourly, money, roughly
from reconciler.kinds import KINDS
from reconciler.model import Action, Address, Desired, Mark, Rule
from tests.cost.plans import PRICES, REGION, costs, decided, image, live, live_image, made, wanted

D2, D4, NOBODY = "Standard_D2s_v3", "Standard_D4s_v3", "Standard_Nobody"
FORMULA = "$TargetDedicatedNodes = min(8, max(2, $PendingTasks.GetSample(1)));$TargetLowPriorityNodes = 0;"


@pytest.mark.parametrize(
    ("action", "desired", "observed", "now", "after"),
    [
        (Action.CREATE, wanted(D2, 2), None, "0", "140.16"),
        (Action.CREATE, wanted(D2, 1, 2), None, "0", "99.28"),
        (Action.NONE, wanted(D2, 2), live(D2, 2), "140.16", "140.16"),
        (Action.UPDATE, wanted(D2, 3), live(D2, 2), "140.16", "210.24"),
        (Action.UPDATE, wanted(D4, 1), live(D2, 1), "70.08", "140.16"),
        (Action.UPDATE, wanted(D4, 1), live(D2, 1, occupants=("1 node",)), "70.08", "70.08"),
        (Action.DEFER, wanted(D4, 1), live(D2, 1), "70.08", "70.08"),
        (Action.REFUSE, wanted(D4, 1), live(D2, 1), "70.08", "70.08"),
        (Action.REFUSE, wanted(D4, 1), live(D2, 1, mark=Mark("other", "")), "0", "0"),
        (Action.UPDATE, wanted(D4, 1), live(D2, 1, mark=None), "70.08", "140.16"),
        (Action.DELETE, None, live(D2, 2), "140.16", "0"),
        (Action.NONE, None, live(D2, 2), "140.16", "140.16"),
        (Action.CREATE, wanted(NOBODY, 0), None, "0", "0"),
        (Action.CREATE, wanted("Standard_Everywhere", 10), None, "0", "730.0"),
    ],
)
def test_a_pool_costs_its_nodes_now_and_after(
    action: Action, desired: Any, observed: Any, now: str, after: str
) -> None:
    found = costs(made(decided("pool/p", action)), (desired,) if desired else (), (observed,) if observed else ())
    assert (found.now.month.expected, found.after.month.expected) == (Decimal(now), Decimal(after))
    assert found.after.complete
    assert found.after.month.exact


def test_a_pool_that_the_plan_leaves_out_stays_as_it_is() -> None:
    found = costs(made(), (wanted(D2, 9), wanted(D2, 1, name="new")), (live(D2, 2),))
    assert [(str(line.address), line.changed) for line in found.lines] == [("pool/p", False)]
    assert found.after.month.expected == Decimal("140.16")


@pytest.mark.parametrize(
    ("formula", "low", "expected", "high", "complete"),
    [
        (FORMULA, "140.16", "350.40", "560.64", True),
        ("$TargetDedicatedNodes = 3;", "210.24", "210.24", "210.24", True),
        ("$TargetDedicatedNodes = $PendingTasks.GetSample(1);", "0", "0", "0", False),
        ("this is no formula", "0", "0", "0", False),
    ],
)
def test_a_pool_that_sizes_itself_costs_between_its_bounds(
    formula: str, low: str, expected: str, high: str, complete: bool
) -> None:
    after = costs(made(decided("pool/p", Action.CREATE)), (wanted(D2, formula=formula),)).after
    assert (after.month.low, after.month.expected, after.month.high) == tuple(map(Decimal, (low, expected, high)))
    assert after.complete is complete


def test_of_a_live_pool_that_sizes_itself_its_nodes_of_now_are_expected() -> None:
    found = costs(made(), (), (live(D2, formula=FORMULA, running=5),))
    assert found.now.month.expected == Decimal("0.096") * 5 * 730


@pytest.mark.parametrize(
    ("formula", "now", "after"),
    [(FORMULA, 2.5, 2.5), (FORMULA + " ", 5, 2.5), ("", 5, 2.5)],
    ids=["same", "other", "none"],
)
def test_of_a_pool_that_was_tried_its_mean_is_expected_of_the_specs_formula(
    formula: str, now: float, after: float
) -> None:
    pool, found = wanted(D2, formula=FORMULA), live(D2, 5, formula=formula, running=5)
    plan = made(decided("pool/p", Action.UPDATE))
    uses = cost.of(KINDS, plan, {pool.address: pool}, [found], REGION, {"p": (2.5, 0.0)})
    told = cost.price(uses, PRICES)
    each = Decimal("0.096") * 730
    assert (told.now.month.expected, told.after.month.expected) == (each * Decimal(now), each * Decimal(after))


@pytest.mark.parametrize(
    ("pool", "known", "unknown"),
    [
        (wanted(NOBODY, 3), "0", ("the price of Standard_Nobody in italynorth",)),
        (wanted(D4, 1, 2), "140.16", ("the spot price of Standard_D4s_v3 in italynorth",)),
    ],
)
def test_what_has_no_price_is_unknown_and_not_free(pool: Any, known: str, unknown: tuple[str, ...]) -> None:
    found = costs(made(decided("pool/p", Action.CREATE)), (pool,))
    assert (found.after.month.low, found.after.unknown) == (Decimal(known), unknown)
    assert not found.after.complete


def test_disks_and_replicas_cost_where_they_have_a_price() -> None:
    plan = made(decided("pool/p", Action.NONE), decided("image_version/i", Action.UPDATE, Rule.LIVE))
    stored = cost.Prices(sizes=PRICES.sizes, disk_month=Decimal("1.5"), image_gb_month=Decimal("0.05"))
    desired, observed = (wanted(D2, 2), image("i", a=2, b=1)), (live(D2, 2), live_image("i", a=1))
    found = costs(plan, desired, observed, stored)
    assert [round(line.after.month.low, 2) for line in found.lines if line.after] == [
        Decimal("4.50"),
        Decimal("143.16"),
    ]
    assert round(found.now.month.low, 2) == Decimal("144.66")
    assert [str(line.address) for line in costs(plan, desired, observed).lines] == ["pool/p"]


@pytest.mark.parametrize(
    ("decision", "replicas", "builds"),
    [
        (decided("image_version/i", Action.CREATE), 3, ["0.048"]),
        (decided("image_version/i", Action.UPDATE, Rule.NEW_VERSION), 4, ["0.048"]),
        (decided("image_version/i", Action.UPDATE, Rule.LIVE), 3, []),
        (decided("image_version/i", Action.NONE), 3, []),
    ],
)
def test_a_new_version_is_built_once_and_stands_beside_the_one_before(
    decision: Any, replicas: int, builds: list[str]
) -> None:
    plan = made(decision, seconds={"image_version/i": 1800.0})
    observed = () if decision.action is Action.CREATE else (live_image("i", a=1),)
    found = costs(plan, (image("i", a=2, b=1),), observed, cost.Prices(PRICES.currency, PRICES.sizes, None, Decimal(1)))
    assert [one.amount for one in found.builds] == [Decimal(text) for text in builds]
    assert round(found.after.month.low) == replicas * 30


def test_a_plan_that_changes_no_cost_needs_no_price() -> None:
    update, create = made(decided("pool/p", Action.UPDATE)), made(decided("pool/p", Action.CREATE))
    same = cost.of(KINDS, update, {wanted(D2, 2).address: wanted(D2, 2)}, [live(D2, 2)], "r")
    empty = cost.of(KINDS, create, {wanted(D2).address: wanted(D2)}, [], "r")
    more = cost.of(KINDS, update, {wanted(D2, 3).address: wanted(D2, 3)}, [live(D2, 2)], "r")
    assert [one.differ for one in (same, empty, more)] == [False, False, True]
    assert (empty.sizes, more.sizes) == ({}, {"r": {D2}})


@pytest.mark.parametrize(
    ("maximum", "pool", "says"),
    [
        (None, wanted(D2, 100), ""),
        ("140.16", wanted(D2, 2), ""),
        ("140", wanted(D2, 2), "would cost $140.16/month, but its budget is $140.00/month; ask for less"),
        ("500", wanted(D2, formula=FORMULA), "would cost up to $560.64/month"),
        ("100", wanted(D4, 1, 5), "would cost at least $140.16/month"),
        ("1", wanted(NOBODY, 9), ""),
    ],
)
def test_the_budget_holds_for_what_is_known_to_run_after_the_plan(maximum: str | None, pool: Any, says: str) -> None:
    found = costs(made(decided("pool/p", Action.CREATE)), (pool,))
    told = cost.over_budget(found, None if maximum is None else Decimal(maximum))
    assert says in told
    assert bool(told) is bool(says)


@pytest.mark.parametrize("size", [one.name for one in SIZES])
def test_a_live_size_is_asked_for_as_azure_spells_it(size: str) -> None:
    found = cost.of(KINDS, made(), {}, [live(size, 1)], "r")
    assert found.sizes == {"r": {size}}


def test_a_live_size_is_spelled_as_the_spec_spells_it() -> None:
    odd = "Standard_EC2as_cc_v5"
    found = cost.of(KINDS, made(), {wanted(odd, 1).address: wanted(odd, 1)}, [live(odd, 1)], "r")
    assert found.sizes == {"r": {odd}}


def test_money_reads_as_people_write_it() -> None:
    assert [money(Decimal(text), "USD") for text in ("0", "1234.5", "-0.005")] == ["$0.00", "$1,234.50", "-$0.01"]
    assert money(Decimal("70.08"), "USD", sign=True) == "+$70.08"
    assert money(Decimal("-70.08"), "CHF", sign=True) == "-CHF 70.08"
    assert [roughly(Decimal(text), "EUR") for text in ("210.24", "0.3", "8")] == ["€210", "€0.30", "€8"]
    assert hourly(Decimal("0.096"), "USD") == "$0.0960"


@pytest.mark.parametrize(
    ("pool", "what"),
    [
        (wanted(D2, 10), "10 x Standard_D2s_v3"),
        (wanted(D2, 2, 8), "2 + 8 spot x Standard_D2s_v3"),
        (wanted(D2, 0, 3), "3 spot x Standard_D2s_v3"),
    ],
)
def test_what_is_paid_for_is_told(pool: Desired, what: str) -> None:
    (line,) = costs(made(decided("pool/p", Action.CREATE)), (pool,)).lines
    assert line.after is not None
    assert line.after.what == what


@pytest.mark.parametrize(
    ("now", "after", "changed"),
    [
        (None, None, False),
        (None, Charge(), False),
        (Charge(Range.exactly(1), "a"), Charge(Range.exactly(1), "b"), False),
        (Charge(Range.exactly(1)), Charge(Range.exactly(2)), True),
        (None, Charge(unknown=("a",)), True),
        (Charge(unknown=("a",)), Charge(unknown=("a",)), False),
        (Charge(what="2 nodes", unknown=("a",)), Charge(what="3 nodes", unknown=("a",)), True),
    ],
)
def test_a_cost_changes_with_its_amount_or_if_that_is_unknown_with_what_it_is_of(
    now: Charge | None, after: Charge | None, *, changed: bool
) -> None:
    assert Line(Address("pool", "p"), now, after).changed is changed


def test_a_pool_that_may_rest_costs_between_its_sizes_and_what_it_has_is_expected() -> None:
    rests = {"after": 3600, "size": (0, 0), "full": (4, 0)}
    each = Decimal("0.096")

    def both(asked: int, now: int, action: Action) -> list[list[int]]:
        pool = replace(wanted(D2, asked), data={"vmSize": D2, "idle": rests})
        found = costs(made(decided("pool/p", action)), (pool,), (live(D2, now),))
        return [
            [int(bound / each) for bound in (hour.low, hour.expected, hour.high)]
            for hour in (found.now.hour, found.after.hour)
        ]

    assert both(0, 4, Action.UPDATE) == [[4, 4, 4], [0, 0, 4]]
    assert both(0, 0, Action.NONE) == [[0, 0, 4], [0, 0, 4]]
    assert both(4, 0, Action.UPDATE) == [[0, 0, 0], [0, 4, 4]]
    assert both(4, 4, Action.NONE) == [[0, 4, 4], [0, 4, 4]]
