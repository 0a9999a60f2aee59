"""The words below a plan, compared with golden files (UPDATE_GOLDEN=1 writes them anew)."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from jsonschema import Draft202012Validator

from reconciler.cost import Cost
from reconciler.model import Action
from reconciler.render import cost as render
from tests.cost.plans import costs, decided, image, live, made, wanted
from tests.render.test_as_text import golden

CHECKOUT = Path(__file__).parents[2]
FORMULA = "$TargetDedicatedNodes = min(8, max(2, $PendingTasks.GetSample(1)));$TargetLowPriorityNodes = 0;"
DESIRED = (
    wanted("Standard_D2s_v3", 3, name="grows"),
    wanted("Standard_D2s_v3", 1, name="stays"),
    wanted("Standard_D2s_v3", 1, 4, name="a-new-one"),
)
LIVE = (
    live("Standard_D2s_v3", 2, name="grows"),
    live("Standard_D2s_v3", 1, name="stays"),
    live("Standard_D4s_v3", 1, name="goes"),
)
PLAN = made(
    decided("pool/grows", Action.UPDATE),
    decided("pool/stays", Action.NONE),
    decided("pool/a-new-one", Action.CREATE),
    decided("pool/goes", Action.DELETE),
    decided("pool/gpu", Action.CREATE),
    decided("pool/elastic", Action.CREATE),
    decided("image_version/tools", Action.CREATE),
    seconds={"image_version/tools": 1800.0},
)
MORE = (
    wanted("Standard_NC4as_T4_v3", 2, name="gpu"),
    wanted("Standard_D2s_v3", formula=FORMULA, name="elastic"),
    image("tools", italynorth=1),
)


def everything() -> Cost:
    return replace(costs(PLAN, (*DESIRED, *MORE), LIVE), notes=("prices are 9 days old: no answer",))


def test_a_cost_is_read_at_a_glance() -> None:
    golden("cost.txt", f"{render.below(costs(PLAN, DESIRED, LIVE))}\n\n{render.overview(costs(PLAN, DESIRED, LIVE))}")


def test_a_cost_tells_what_is_unknown_and_what_may_vary() -> None:
    golden("cost-unknown.txt", f"{render.below(everything())}\n\n{render.overview(everything())}")


def test_a_cost_as_json_is_as_the_schema_says() -> None:
    schema = json.loads((CHECKOUT / "schemas/plan.schema.json").read_text())
    shown = render.document(everything())
    Draft202012Validator({**schema["properties"]["cost"], "$defs": schema["$defs"]}).validate(shown)
    assert shown["after"]["month"]["low"] != "0.00"
    assert shown["after"]["unknown"] == ["the price of Standard_NC4as_T4_v3 in italynorth"]


def test_a_spec_without_pools_costs_nothing_by_time() -> None:
    assert render.overview(Cost("USD")) == "Nothing in this spec costs by time."
    assert render.below(Cost("USD")) == "Cost: nothing in this spec costs by time."


def test_a_plan_that_only_builds_says_what_is_paid_once() -> None:
    plan = made(decided("image_version/tools", Action.CREATE), seconds={"image_version/tools": 1800.0})
    told = render.below(costs(plan, (image("tools", italynorth=1),)))
    assert told == "Cost:\n  build VM of image_version/tools about $0.05 once (Standard_D2s_v3)"
    brief = replace(plan, seconds={"image_version/tools": 60.0})
    told = render.below(costs(brief, (image("tools", italynorth=1),)))
    assert told == "Cost:\n  build VM of image_version/tools less than $0.01 once (Standard_D2s_v3)"


def test_a_cost_that_stays_is_said_once() -> None:
    found = costs(made(decided("pool/stays", Action.NONE)), DESIRED[1:2], LIVE[1:2])
    assert render.below(found) == "Cost:\n  in all about $70.08/month, now and after"


def test_small_amounts_keep_their_digits_in_json() -> None:
    found = costs(made(decided("pool/p", Action.CREATE)), (wanted("Standard_Everywhere", 0, 1),))
    assert Decimal(render.document(found)["after"]["hour"]["low"]) == Decimal("0.01")
