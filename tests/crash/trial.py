"""One trial: a workload is applied under bad luck, then once more without; how that ends."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud
from reconciler.engine import loop
from reconciler.errors import ReconcileError
from reconciler.model import Action, Outcome, Status
from tests.bodies import CHECKED
from tests.conftest import World
from tests.crash.luck import Died, Luck
from tests.crash.workloads import Workload, world

POLL = 0.005
LONGEST = 90.0
"""Real seconds of one apply, after which it counts as hung."""
TOLD = re.compile(
    r"cannot \w+ .*((GET|HEAD|PUT|POST|PATCH|DELETE) https://|[A-Z][a-z]+[A-Z]\w+: |HTTP \d{3})", re.DOTALL
)
"""An error that names what was being done, and the request or Azure's code."""
NEVER = ("this is a bug", "sign in", "signed in")


@dataclass(frozen=True, slots=True)
class Verdict:
    """`trouble` is empty if the trial was survived. `struck`: whether the bad luck came to pass at all."""

    trouble: str
    struck: bool = True
    converged: bool = True
    """Whether the disturbed apply itself did all, and did not only say why it could not."""


def run(azure: Any, folder: Path, workload: Workload, luck: Luck, expected: list[str]) -> Verdict:
    """Disturb an apply of `workload`. The next one must end in what an undisturbed run makes: `expected`."""
    made = world(azure, folder)
    azure.jump()
    try:
        if workload.begin:
            workload.begin(made)
            fine(applied(made))
        workload.change(made)
        trouble = _disturbed(made, luck)
        struck = luck.lift(made)
        if trouble and trouble[0] != "told":
            return Verdict(": ".join(trouble), struck)
        again = _recovered(made)
        return Verdict(again or _difference(expected, state(made)), struck, not trouble)
    finally:
        luck.lift(made)
        azure.jump()
        made.drop()


def undisturbed(azure: Any, folder: Path, workload: Workload) -> list[str]:
    """What the workload makes when all goes well."""
    made = world(azure, folder)
    azure.jump()
    for edit in (workload.begin, workload.change):
        if edit:
            edit(made)
            fine(applied(made))
    ended = state(made)
    made.drop()
    return ended


def applied(made: World) -> tuple[Outcome, ...]:
    spec = made.spec()
    cloud = made.cloud(spec)
    reading = loop.read(spec, cloud, CHECKED)
    made.planned = reading.plan
    made.azure.jump()  # a plan after a kill is made at once, before time goes on
    stop = threading.Event()
    return loop.carry_out(reading, cloud, CHECKED, listen=lambda event: None, stop=stop, poll_seconds=POLL)


def fine(outcomes: tuple[Outcome, ...]) -> None:
    assert {outcome.status for outcome in outcomes} <= {Status.DONE}, [o.error for o in outcomes if o.error]


def _disturbed(made: World, luck: Luck) -> tuple[str, str] | None:
    """What the apply under bad luck came to, unless it did all: what kind of end, and its words."""
    begun = time.monotonic()
    try:
        luck.strike(made)
        outcomes = applied(made)
        unknown = made.planned.of(Action.UNKNOWN) if made.planned else ()
        told = [str(outcome.error) for outcome in outcomes if outcome.error and outcome.status is not Status.SKIPPED]
        told += [decision.reason for decision in unknown]
    except Died:
        return ("told", "killed")
    except ReconcileError as error:
        told = [str(error)]
    except Exception as error:
        return ("bug", f"{type(error).__name__}: {error}")
    if time.monotonic() - begun > LONGEST:
        return ("hung", f"for {time.monotonic() - begun:.0f} s; {told}")
    for text in told:
        if any(word in text for word in NEVER) or not TOLD.search(text):
            return ("untold", text)
    return ("told", told[0]) if told else None


def _recovered(made: World) -> str:
    """The trouble with the immediate next apply, which nothing disturbs."""
    try:
        outcomes = applied(made)
    except ReconcileError as error:
        return f"the next apply could not plan: {error}"
    assert made.planned is not None
    refused = [f"{decision.address}: {decision.reason}" for decision in made.planned.of(Action.REFUSE)]
    failed = [str(outcome.error) for outcome in outcomes if outcome.status is not Status.DONE]
    if refused or failed:
        return f"the next apply: {refused + failed}"
    plan = made.plan()
    left = [f"{decision.address} {decision.action}: {decision.reason}" for decision in plan.decisions]
    return f"the plan after it: {left}" if plan.steps else ""


def _difference(expected: list[str], seen: list[str]) -> str:
    missing, more = sorted(set(expected) - set(seen)), sorted(set(seen) - set(expected))
    twice = len(seen) - len(set(seen))
    return f"missing: {missing}; too many: {more}; twice: {twice}" if missing or more or twice else ""


def state(made: World) -> list[str]:
    """Everything that is there, by names without the trial's own: nothing may be missing, double or left over."""
    cloud = made.cloud()
    return sorted(line.replace(made.account, "NAME") for line in _inventory(cloud))


def _inventory(cloud: Cloud) -> Iterator[str]:
    for raw in arm.listing(cloud, f"{cloud.group_id}/resources", "2025-04-01"):
        yield f"{raw['type']} {raw['name']}".lower()
        yield from _inside(cloud, raw)
    for raw in arm.listing(cloud, f"{cloud.group_id}/providers/Microsoft.Authorization/roleAssignments", "2022-04-01"):
        properties = raw["properties"]
        if properties["scope"].lower().startswith(cloud.group_id.lower()):
            role, scope = (properties[name].rpartition("/")[2] for name in ("roleDefinitionId", "scope"))
            yield f"role {role} on {scope}"


def _inside(cloud: Cloud, raw: dict[str, Any]) -> Iterator[str]:
    kind = raw["type"].lower()
    if kind == "microsoft.storage/storageaccounts":
        for container in arm.listing(cloud, f"{raw['id']}/blobServices/default/containers", "2025-01-01"):
            blobs = list(cloud.blobs(raw["name"]).get_container_client(container["name"]).list_blob_names())
            name = re.sub(r"[0-9a-f]{32,}", "HASH", container["name"])
            yield f"container {name} with {len(blobs)}"
    if kind == "microsoft.batch/batchaccounts":
        for pool in arm.listing(cloud, f"{raw['id']}/pools", "2025-06-01"):
            machine = pool["properties"]
            yield f"pool {pool['name']} {machine['vmSize']} {machine['currentDedicatedNodes']}".lower()
        for job in cloud.batch().list_jobs():
            yield f"job {job.id} {job.state} {job.priority} on {job.pool_info.pool_id}"
        for application in arm.listing(cloud, f"{raw['id']}/applications", "2025-06-01"):
            versions = arm.listing(cloud, f"{application['id']}/versions", "2025-06-01")
            yield f"application {application['name']}: {[one['properties']['state'] for one in versions]}"
