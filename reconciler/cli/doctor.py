"""doctor: whether the account, the subscription and the region can take what a spec asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli import common
from reconciler.model import Action

if TYPE_CHECKING:
    from reconciler.cloud.cloud import Cloud
    from reconciler.engine.loop import Reading
    from reconciler.kind import Kinds
    from reconciler.preflight.facts import Finding

Row = tuple[str, str, str]
"""A check, its state (ok, warn, refused, not checked) and what to do or why."""

_STATES = {"refuse": "refused", "warn": "warn"}
CHECKS = {"sizes": "size", "images": "image"}


@click.command()
@common.spec_argument
@common.format_option
def doctor(spec: Path | None, cloud: str | None, shape: str) -> int:
    """Check credential, subscription, permissions, quotas, sizes, images and names before anything is spent."""
    from reconciler.engine import loop
    from reconciler.kinds import KINDS
    from reconciler.render.views import DoctorView

    loaded = common.load_spec(spec, cloud)
    reached = common.reach(loaded)
    rows = [_row("credential", lambda: _credential(reached))]
    if rows[0][1] == "ok":
        rows.append(_row("subscription", lambda: _subscription(reached)))
    numbers: dict[Row, dict[str, Any]] = {}
    if len(rows) > 1 and all(state != "refused" for _, state, _ in rows):
        reading = loop.read(loaded, reached, KINDS)
        rows += [*_access(reading, reached, KINDS), *_preflight(reading)]
        numbers = {_finding_row(finding): _numbers(finding) for finding in reading.findings}
    common.show(DoctorView(rows, numbers), shape)
    return 3 if any(state == "refused" for _, state, _ in rows) else 0


def _row(check: str, ask: Callable[[], Row], otherwise: str = "refused") -> Row:
    """The row that `ask` returns, or one with the error that it raises."""
    try:
        return ask()
    except Exception as error:  # a failed check is a row too
        return check, otherwise, (str(error).splitlines() or [type(error).__name__])[0]


def _credential(cloud: Cloud) -> Row:
    cloud.credential.get_token("https://management.azure.com/.default")
    return "credential", "ok", ""


def _subscription(cloud: Cloud) -> Row:
    """Whether the subscription is there for whoever is signed in, and takes changes."""
    from reconciler.preflight import access, reading

    state = reading.state(cloud)
    if state not in access.STATES:
        return "subscription", "ok", ""
    severity, words, remedy = access.STATES[state]
    return "subscription", _STATES[severity], f"{words}; {remedy}"


def _access(reading: Reading, cloud: Cloud, kinds: Kinds) -> list[Row]:
    """A row for each resource provider, asked for in parallel."""
    types = [kinds[address.kind].arm for address in reading.desired]
    needed = sorted({provider for arm in types if arm for provider in arm.registrations})
    with ThreadPoolExecutor(8) as threads:
        asked = [
            threads.submit(_row, f"provider {name}", partial(_provider, cloud, name), "not checked") for name in needed
        ]
        return [row.result() for row in asked]


def _provider(cloud: Cloud, namespace: str) -> Row:
    state = str(cloud.resources.providers.get(namespace).registration_state)
    if state == "Registered":
        return f"provider {namespace}", "ok", ""
    return f"provider {namespace}", "warn", f"is {state}; apply registers it, or: az provider register -n {namespace}"


def _preflight(reading: Reading) -> Iterator[Row]:
    """A row for each finding, and one for each check that found nothing or could not be made."""
    facts = reading.facts
    if facts is None:
        return
    for decision in reading.plan.of(Action.UNKNOWN):
        yield str(decision.address), "not checked", decision.reason
    checked = {"subscription"}  # it has a row already
    for finding in reading.findings:
        if finding.check != "subscription":
            checked.add(finding.check)
            yield _finding_row(finding)
    for name, why in facts.skipped.items():
        if name == "subscription":
            continue
        checked.add(CHECKS.get(name, name.partition(" ")[0]))
        yield CHECKS.get(name, name), "not checked", why
    checks = {
        "permissions": facts.permissions is not None,
        "quota": facts.account is not None and facts.sizes is not None,
        "size": facts.sizes is not None,
        "image": facts.images is not None,
        "gallery": bool(facts.galleries),
        "region": bool(facts.regions),
        "subnet": bool(facts.subnets),
        "name": bool(facts.names),
    }
    for name, done in checks.items():
        if name not in checked:
            yield name, "ok" if done else "not checked", "" if done else _why(name, reading)


def _finding_row(finding: Finding) -> Row:
    return (
        f"{finding.check} {finding.address}" if finding.address else finding.check,
        _STATES[finding.severity],
        finding.text,
    )


def _numbers(finding: Finding) -> dict[str, Any]:
    """Limit, use and need of a finding about a quota, and the sizes that would fit, nearest first."""
    numbers = {"limit": finding.limit, "use": finding.use, "need": finding.need}
    return {key: value for key, value in numbers.items() if value is not None} | (
        {"sizes": finding.sizes} if finding.sizes else {}
    )


def _why(check: str, reading: Reading) -> str:
    assert reading.facts is not None
    if check == "permissions" and reading.facts.needed:
        return "the resource group is not there yet; run doctor again when it is"
    if check in ("quota", "image") and reading.facts.account is None:
        return "the Batch account is not there yet; run doctor again when it is"
    return "nothing that the plan changes needs it"
