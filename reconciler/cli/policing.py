"""What policies say of a plan: --policy and --label, and what RECONCILE_POLICY and RECONCILE_LABELS add to these."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli import common, extras, pricing
from reconciler.errors import ReconcileError, Refused, WrongUsage
from reconciler.model import Action

if TYPE_CHECKING:
    from reconciler.cost import Cost
    from reconciler.engine.loop import Reading
    from reconciler.model import Plan
    from reconciler.policy.policy import Policy

VARIABLE = "RECONCILE_POLICY"
"""Files that hold whatever the command line says, separated as in PATH."""
LABELS = "RECONCILE_LABELS"
"""Labels beside those of the command line: a JSON list, as `ci labels` prints it, as they may hold any character."""


@dataclass(frozen=True, slots=True)
class Policing:
    """The policies of an organisation, and the labels that the pull request has."""

    policies: tuple[Policy, ...] = ()
    labels: frozenset[str] = frozenset()


def policy_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--policy` and `--label`, as one Policing: policies are read, and faults of them told, before anything else."""

    @functools.wraps(function)
    def policed(*given: Any, policy: tuple[Path, ...], label: tuple[str, ...], **rest: Any) -> Any:
        return function(*given, policing=Policing(read(policy), _labels(label)), **rest)

    text = f"A label that the pull request has, for policies that ask for one; also those in {LABELS}, a JSON list."
    policed = click.option("--label", metavar="NAME", multiple=True, help=text)(policed)
    return policy_option(policed)


def policy_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--policy`."""
    text = f"A file with rules that plans must keep to, beside those that {VARIABLE} names."
    return click.option("--policy", metavar="FILE", type=common.SPEC, multiple=True, help=text)(function)


def read(given: tuple[Path, ...] = ()) -> tuple[Policy, ...]:
    """The policies in the files that the environment and the command line name, each once."""
    named = [Path(name) for name in os.environ.get(VARIABLE, "").split(os.pathsep) if name]
    files = list(dict.fromkeys((*named, *given)))
    if not files:
        return ()
    from reconciler.kinds import NAMES
    from reconciler.policy import reading

    policies = tuple(reading.read(file, NAMES) for file in files)
    _need_cel(policies)
    return policies


def _labels(given: tuple[str, ...]) -> frozenset[str]:
    """Those of the command line and of the environment. WrongUsage if that has something else."""
    told = os.environ.get(LABELS, "").strip()
    try:
        named = json.loads(told or "[]")
    except (ValueError, RecursionError):
        named = None
    if not (isinstance(named, list) and all(isinstance(name, str) for name in named)):
        raise WrongUsage(
            f'{LABELS} is no JSON list of strings, such as ["allow-deletion"]; '
            "set it to what `reconcile ci labels --format json` prints"
        )
    return frozenset((*given, *named))


def _need_cel(policies: Iterable[Policy]) -> None:
    """Raise MissingPackages if a rule is in CEL and nothing here can read that."""
    if any("cel" in rule for policy in policies for rule in policy.written.values()):
        extras.need("policy")


def judged(
    reading: Reading, policing: Policing, prices: Path | None, cost: Cost | None, *, destroying: bool = False
) -> Reading:
    """The same with what policies say of its plan, those of the organisation and that of the spec."""
    from reconciler.policy.reading import of_spec

    policies = (*policing.policies, *of_spec(reading.spec))
    if not policies:
        return reading
    _need_cel(policies)
    from reconciler.kinds import KINDS, SECTIONS
    from reconciler.policy import judging, running
    from reconciler.policy.subject import Subject
    from reconciler.render import as_json

    plan, today = reading.plan, datetime.now(UTC).date()
    subject = Subject(plan, KINDS, today, labels=policing.labels)
    if not destroying:
        priced, unpriced = _priced(reading, policies, prices, cost)
        subject = replace(
            subject,
            desired=reading.desired,
            uses=pricing.uses(reading),
            unread=tuple(pricing.unread(reading)),
            cost=priced,
            unpriced=unpriced,
            retiring=tuple(told for section in SECTIONS for told in section.retiring(reading.spec)),
        )
    verdicts, notes = judging.judge(subject, policies, as_json.document(plan), running.ask)
    return replace(reading, plan=replace(plan, verdicts=verdicts, notes=(*plan.notes, *notes)))


def _priced(
    reading: Reading, policies: tuple[Policy, ...], prices: Path | None, cost: Cost | None
) -> tuple[Cost | None, str]:
    """What the plan costs if a policy asks for that, or why that is not known."""
    if cost or not any("budget" in policy.rules for policy in policies):
        return cost, ""
    try:
        return pricing.priced(reading, prices), ""
    except ReconcileError as error:
        return None, str(error)


def refuses(plan: Plan) -> bool:
    """Whether a plan must not be carried out: for what Azure or a mark forbids, or for a policy."""
    return bool(plan.of(Action.REFUSE)) or any(verdict.refuses for verdict in plan.verdicts)


def check_allowed(plan: Plan) -> None:
    """Refused if a plan must not be carried out."""
    if plan.of(Action.REFUSE):
        raise Refused("the plan has refused resources; nothing was changed")
    if refuses(plan):
        raise Refused("a policy refuses the plan; nothing was changed")


def check_kept(reading: Reading, prices: Path | None) -> None:
    """Refused, with what it breaks, if a plan that nobody looks at breaks a rule that must be kept."""
    verdicts = judged(reading, Policing(read()), prices, None).plan.verdicts
    if broken := [verdict for verdict in verdicts if verdict.refuses]:
        raise Refused(
            f"a policy refuses the plan; nothing was changed: {'; '.join(verdict.text for verdict in broken)}"
        )
