"""A plan with everything that a reviewer may have to decide, and one whose every text is hostile."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from reconciler.cost import Charge, Cost, Line, Once, Range
from reconciler.model import Action, Address, Change, Decision, Diff, Plan, Rule, Step, Why
from reconciler.render.review import Review
from reconciler.verdict import Level, Verdict
from tests.render.test_as_text import EVERYTHING, decision

GRANTED = "role_assignment/id/storage-blob-data-contributor/storage_account/sa"
MORE = (
    Decision(Address.parse(GRANTED), Action.CREATE, Why.ABSENT, "not there yet", grants=True),
    decision("image_version/ubuntu", Action.CREATE, "not there yet"),
)
NEEDS = {
    "storage_account/sa": ["resource_group/rg"],
    "container/sa/old": ["storage_account/sa", "resource_group/rg"],
    "registry/acr": ["resource_group/rg"],
    "image_version/ubuntu": ["registry/acr"],
    "pool/prod": ["image_version/ubuntu", "registry/acr", "identity/id"],
    "pool/booting": ["identity/id"],
    "identity/id": ["resource_group/rg"],
    GRANTED: ["identity/id", "storage_account/sa"],
    "job/again": ["pool/prod"],
    "job/moved": ["pool/prod", "pool/booting"],
    "conversion/job": ["job/moved", "container/sa/old"],
}
SECONDS = {
    "storage_account/sa": 25.0,
    GRANTED: 180.0,
    "image_version/ubuntu": 1500.0,
    "pool/prod": 300.0,
    "pool/old": 90.0,
    "container/sa/old": 5.0,
    "job/again": 10.0,
    "job/moved": 10.0,
    "pool/booting": 240.0,
    "conversion/job": 600.0,
}
AFTER = {
    GRANTED: ("storage_account/sa",),
    "pool/prod": ("image_version/ubuntu",),
    "job/again": ("pool/prod",),
    "job/moved": ("pool/prod", "pool/booting"),
    "conversion/job": ("job/moved",),
    "container/sa/old": ("pool/old",),
}
VERDICTS = (
    Verdict(
        "pool/prod", "vmSizes", Level.REFUSE, "its nodes are Standard_D2s_v3; allowed are Standard_D*_v5", "org.yaml:3"
    ),
    Verdict(
        "pool/booting",
        "vmSizes",
        Level.REFUSE,
        "its nodes are Standard_D2s_v3; allowed are Standard_D*_v5",
        "org.yaml:3",
    ),
    Verdict(
        "", "budget", Level.WARN, "the plan may add $280.32/month; allowed is $50.00/month; ask for less", "org.yaml:5"
    ),
    Verdict(
        "storage_account/sa",
        "protect",
        Level.REFUSE,
        "holds data and is not protected; write protect: true",
        "org.yaml:9",
        "lab, until 2027-01-31: it is emptied each night",
    ),
)
WAY = (2410.0, ("image_version/ubuntu", "pool/prod", "job/moved", "conversion/job"))


def _plan() -> Plan:
    decisions = (*EVERYTHING.decisions, *MORE)
    actions = {str(one.address): one.action for one in decisions}
    return Plan(
        EVERYTHING.spec,
        decisions,
        tuple(Step(name, Address.parse(name), actions[name], AFTER.get(name, ())) for name in SECONDS),
        {},
        ("pool/prod: 3 of 20 cores of the quota are left", "the subscription is not registered for Microsoft.Batch"),
        SECONDS,
        {Address.parse(name): tuple(map(Address.parse, refs)) for name, refs in NEEDS.items()},
        VERDICTS,
    )


def _charge(what: str, month: str) -> Charge:
    hour = Decimal(month) / 730
    return Charge(Range(hour, hour, hour), what)


COST = Cost(
    "USD",
    (
        Line(
            Address("pool", "prod"), _charge("1 x Standard_D2s_v3", "70.08"), _charge("5 x Standard_D2s_v3", "350.40")
        ),
        Line(Address("pool", "old"), _charge("2 x Standard_D2s_v3", "140.16"), None),
        Line(
            Address("pool", "big"), _charge("3 x Standard_D2s_v3", "210.24"), _charge("3 x Standard_D2s_v3", "210.24")
        ),
    ),
    (Once(Address("image_version", "ubuntu"), "Standard_D2s_v3", Decimal("0.04"), "build"),),
)
HEAD = (
    "Plan of specs/demo.yaml for rg-demo of subscription 00000000-0000-0000-0000-000000000000 (public)",
    "made 2026-11-27T20:00:00+00:00 by reconcile 1.0.0, sha256:0123",
)
RICH = Review(_plan(), WAY, COST, head=HEAD, digest="0123")


def hostile(text: str) -> Review:
    """A review in which every text that others may have written is `text`."""
    text = text if text.strip() else "x"
    address = Address("pool", text)
    other = Address("job", f"{text}2")
    change = Change(f"tags.{text}", text, f"{text}!", Rule.LIVE, f"tags.{text}")
    decisions = (
        Decision(address, Action.DELETE, Why.LEFT_SPEC, text, Diff((change,)), goes=text, disturbs=text),
        Decision(other, Action.CREATE, Why.ABSENT, f"because {text}", Diff((change,)), grants=True),
        Decision(Address("tasks", f"{text}3"), Action.UPDATE, Why.DIFFERS, text, Diff((change,)), True, parts=(text,)),
    )
    steps = tuple(Step(str(one.address), one.address, one.action) for one in decisions)
    plan = Plan(text, decisions, steps, {}, (text,), {step.id: 100.0 for step in steps}, {other: (address,)})
    cost = Cost("USD", (Line(address, _charge(text, "1"), None),), (), (text,))
    verdicts = tuple(
        Verdict(str(address), text, level, text, text, exception)
        for level, exception in ((Level.REFUSE, ""), (Level.WARN, ""), (Level.REFUSE, text))
    )
    plan = replace(plan, verdicts=verdicts)
    return Review(plan, (200.0, (steps[0].id, steps[1].id)), cost, head=(text,), digest="0123")
