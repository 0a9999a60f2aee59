"""What holds for every plan's cost."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from reconciler import cost
from reconciler.cost.charges import Charge, total
from reconciler.model import Action
from reconciler.render import cost as render
from tests.cost.plans import PRICES, REGION, costs, decided, made, wanted

NODES = st.integers(0, 1000)
AMOUNTS = st.decimals(0, 100, places=4)
PRICE = st.builds(cost.Price, st.none() | AMOUNTS, st.none() | AMOUNTS)
SIZES = ("Standard_A", "Standard_B")


@given(dedicated=NODES, spot=NODES, more=NODES, more_spot=NODES, price=PRICE)
def test_more_nodes_never_cost_less(dedicated: int, spot: int, more: int, more_spot: int, price: cost.Price) -> None:
    prices = cost.Prices(sizes={(REGION, "standard_a"): price})
    plan = made(decided("pool/p", Action.CREATE))
    less = costs(plan, (wanted("Standard_A", dedicated, spot),), (), prices).after
    full = costs(plan, (wanted("Standard_A", dedicated + more, spot + more_spot),), (), prices).after
    assert full.month.low >= less.month.low
    assert not (full.complete and not less.complete)


@given(st.lists(st.tuples(st.sampled_from(SIZES), NODES, NODES), max_size=5), PRICE, PRICE)
def test_an_unknown_price_never_makes_a_total_look_complete(
    pools: list[tuple[str, int, int]], one: cost.Price, two: cost.Price
) -> None:
    prices = cost.Prices(sizes={(REGION, "standard_a"): one, (REGION, "standard_b"): two})
    desired = tuple(wanted(size, dedicated, spot, name=f"p{n}") for n, (size, dedicated, spot) in enumerate(pools))
    found = costs(made(*(decided(f"pool/p{n}", Action.CREATE) for n in range(len(pools)))), desired, (), prices)
    missing = any(
        (dedicated and prices.of(REGION, size).hour is None) or (spot and prices.of(REGION, size).spot_hour is None)
        for size, dedicated, spot in pools
    )
    assert found.after.complete is not bool(missing)
    told = render.below(found)
    assert ("unknown" in told) is bool(missing)
    assert ("about" in told) is (not missing and found.after.month.high > 0)


@given(st.lists(st.builds(lambda n, u: Charge(cost.Range.exactly(n), "", u), AMOUNTS, st.sampled_from([(), ("x",)]))))
def test_a_total_is_the_sum_of_its_parts(charges: list[Charge]) -> None:
    assert total(charges).hour.low == sum((one.hour.low for one in charges), start=Decimal(0))
    assert total(charges).complete == all(one.complete for one in charges)


@given(st.integers(0, 50), st.integers(0, 50), st.none() | st.integers(0, 100))
def test_what_is_expected_lies_between_the_bounds(low: int, more: int, expected: int | None) -> None:
    found = cost.Range.between(low, low + more, expected)
    assert found.low <= found.expected <= found.high
    assert found.times(Decimal("0.3")).exact is found.exact


def test_a_price_of_a_region_goes_before_one_of_everywhere() -> None:
    prices = cost.Prices(sizes={**PRICES.sizes, (REGION, "standard_everywhere"): cost.Price(Decimal(9))})
    assert prices.of(REGION, "Standard_Everywhere").hour == 9
    assert prices.of("elsewhere", "Standard_Everywhere").hour == Decimal("0.1")
