"""Plans as the engine makes them, judged by policies as a spec or a file has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from reconciler import cost
from reconciler.engine import plan as planning
from reconciler.engine.law import Choice
from reconciler.kinds import KINDS, NAMES, SECTIONS, load
from reconciler.model import Address, Mark, Observed
from reconciler.policy import apart, judging, reading
from reconciler.policy.asking import Answer
from reconciler.policy.judging import Judgement
from reconciler.policy.policy import Policy
from reconciler.policy.subject import Subject
from reconciler.render import as_json
from tests.cost.plans import PRICES, REGION
from tests.documents import dumped

TODAY = date(2026, 11, 27)
HEAD: dict[str, Any] = {
    "apiVersion": "reconciler/v1",
    "name": "test",
    "azure": {
        "subscription": "00000000-1111-2222-3333-444444444444",
        "location": REGION,
        "resourceGroup": "rg-test",
    },
}


def here(plan: Mapping[str, Any], asked: Sequence[Mapping[str, Any]]) -> list[Answer]:
    """Answers of this process, for expressions that harm nobody."""
    said = [apart.answer(plan, one) for one in asked]
    return [one["error"] if "error" in one else one["results"] for one in said]


def subject(folder: Path, case: Mapping[str, Any]) -> Subject:
    path = folder / "spec.yaml"
    azure = {**HEAD["azure"], **case["spec"].get("azure", {})}
    path.write_text(dumped({**HEAD, **case["spec"], "azure": azure}))
    spec = load(path, {})
    desired = {want.address: want for kind in KINDS.values() for want in kind.expand(spec)}
    live = []
    for name in case.get("live", ()):
        address = Address.parse(name)
        body = desired[address].body if address in desired else {}
        live.append(Observed(address, f"/{name}", body, Mark("test", "")))
    choice = Choice(tuple(map(Address.parse, case.get("targets", ()))))
    made = planning.make("test", KINDS, desired, live, choice=choice)
    uses = cost.of(KINDS, made, desired, live, REGION)
    return Subject(
        made,
        KINDS,
        TODAY,
        desired,
        uses,
        tuple(case.get("unread", ())),
        None if "unpriced" in case else cost.price(uses, PRICES),
        case.get("unpriced", ""),
        tuple(told for section in SECTIONS for told in section.retiring(spec)),
        frozenset(case.get("labels", ())),
    )


def written(folder: Path, body: Mapping[str, Any], name: str = "org.yaml") -> Policy:
    path = folder / name
    path.write_text(dumped({"apiVersion": "reconciler-policy/v1", **body}))
    return reading.read(path, NAMES)


def judge(about: Subject, *policies: Policy) -> Judgement:
    return judging.judge(about, policies, as_json.document(about.plan), here)


def said(judgement: Judgement) -> list[str]:
    return [f"{verdict.address or 'the plan'}: {verdict.text}" for verdict in judgement.verdicts]
