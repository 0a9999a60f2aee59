"""What a pipeline is told when a plan has been carried out."""

from __future__ import annotations

import pytest

from reconciler.cli import run
from reconciler.model import Action, Address, Decision, Outcome, Plan, Status, Step, Why

POOL = Address("pool", "a")


def plan(*decisions: tuple[Action, Why]) -> Plan:
    return Plan("me", tuple(Decision(POOL, action, why, "") for action, why in decisions), (), {})


def ended(*statuses: Status) -> list[Outcome]:
    return [Outcome(Step("pool/a", POOL, Action.UPDATE), status, 0.0) for status in statuses]


@pytest.mark.parametrize(
    ("statuses", "code"),
    [
        ((Status.DONE,), 0),
        ((Status.DONE, Status.DEFERRED), 2),
        ((Status.STOPPED, Status.SKIPPED), 3),
        ((Status.STOPPED, Status.SKIPPED, Status.FAILED), 1),
        ((Status.FAILED, Status.SKIPPED), 1),
    ],
)
def test_a_failure_outweighs_a_changed_world_and_what_was_skipped_counts_as_its_cause(
    statuses: tuple[Status, ...], code: int
) -> None:
    assert run.exit_code(plan(), ended(*statuses)) == code


@pytest.mark.parametrize(
    ("action", "why", "code"),
    [
        (Action.DELETE, Why.DESTROYED, 0),
        (Action.KEEP, Why.PROTECTED, 0),
        (Action.KEEP, Why.NEEDED, 0),
        (Action.KEEP, Why.IN_USE, 2),
        (Action.KEEP, Why.UNREADABLE, 2),
        (Action.DEFER, Why.OCCUPIED, 2),
    ],
)
def test_what_stays_is_pending_unless_the_spec_asked_for_it(action: Action, why: Why, code: int) -> None:
    assert run.exit_code(plan((action, why)), ended(Status.DONE)) == code
