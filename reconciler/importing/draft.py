"""A spec of what is live: composed, expanded again, and freed of what it would change, until it would change nothing.

So the reason why something is left out is either that a section has no words for it, or a field that the spec would
make another.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from reconciler.azure import roles
from reconciler.diff import diff
from reconciler.errors import Problem, ReconcileError, SpecError
from reconciler.importing import resources
from reconciler.importing.composing import ROLE, Composing, Draft, others
from reconciler.importing.live import Live
from reconciler.importing.words import ordered, shown
from reconciler.kinds import KINDS, SECTIONS
from reconciler.model import Address, Change, Observed
from reconciler.spec.build import built
from reconciler.spec.check import checked
from reconciler.spec.document import Document
from reconciler.spec.load import LOCAL_SUBSCRIPTION
from reconciler.spec.spec import Target

PLACES = {
    "storage": "storage_account",
    "identities": "identity",
    "registries": "registry",
    "pools": "pool",
    "jobs": "job",
}
"""Section of a spec → the kind of what it names."""
UNSEEN = "Azure does not show builds of registries, rollout and verify of pools, convert of jobs: write them in again"


def draft(live: Live, target: Target, name: str, only: Collection[str] = ()) -> Draft:
    """The spec `name` of all that is live; of pools, and jobs on them, `only` those of these ids if any are given.

    ReconcileError if the resource group itself cannot be in it.
    """
    left = dict(others(live, name, only))
    if live.group.address in left:
        owner = live.group.mark.owner if live.group.mark else name
        why = f"it {left[live.group.address]}; use --name {owner}"
        raise ReconcileError(f"cannot import {live.group.address} as {name}: {why}")
    while True:
        made = Composing(live, target, name, dict(left)).made()
        faults = _problems(made.value) or _differences(live, made.value)
        if not faults:
            return _finished(live, made, name)
        if faults.keys() <= left.keys():
            raise ReconcileError(f"cannot write a spec of this: {'; '.join(map(str, faults.items()))}")
        left |= faults


def _problems(value: dict[str, Any]) -> dict[Address, str]:
    """What the checks of a spec say, by the resource that they say it of. ReconcileError for what is of none."""
    found: dict[Address, str] = {}
    for problem in _faults(Document("the imported spec", value)):
        address, place = _address(value, problem)
        found.setdefault(address, f"{place.lstrip('.')} {problem.message}".strip())
    return found


def _faults(document: Document) -> Iterable[Problem]:
    try:
        checked(document, SECTIONS)
    except SpecError as error:
        return error.problems
    return ()


def _address(value: dict[str, Any], problem: Problem) -> tuple[Address, str]:
    """The resource at a path such as `pools.prod.nodes`, and the rest of the path."""
    section, _, rest = problem.path.partition(".")
    if section == "batchAccount":
        return Address("batch_account", value["batchAccount"]["name"]), rest
    if section not in PLACES:
        raise ReconcileError(f"cannot write a spec of this: {problem.path} {problem.message}")
    name, _, place = rest.partition(".")
    if place.startswith("containers."):
        container, _, place = place.removeprefix("containers.").partition(".")
        return Address("container", f"{name}/{container}"), place
    return Address(PLACES[section], name), place


def _differences(live: Live, value: dict[str, Any]) -> dict[Address, str]:
    """What the spec would change although it was made from what is live."""
    by_key = _by_key(live)
    found: dict[Address, str] = {}
    for kind, desired in _expanded(value):
        seen = by_key[_key(kind, desired)]
        changes = diff(KINDS[kind].rule, desired.body, seen.body).changes
        if changes:
            found[seen.address] = "; ".join(map(_told_change, changes[:3]))
    return found


def _told_change(change: Change) -> str:
    path = change.path.removeprefix("properties.")
    return f"{path} is {shown(change.before)}; a spec would make it {shown(change.after)}"


def _expanded(value: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    spec = built(Document("the imported spec", value), SECTIONS)
    for kind in KINDS.values():
        for desired in kind.expand(spec):
            yield kind.name, desired


def _by_key(live: Live) -> dict[Any, Observed]:
    """Each resource by its address; a role assignment by what it says, as its address is its id."""
    return {_meaning(one) if one.address.kind == ROLE else one.address: one for one in live.found}


def _meaning(found: Observed) -> tuple[str, str, str]:
    body = found.body
    return body["scope"].lower(), body["identity"], body["properties"]["roleDefinitionId"]


def _key(kind: str, desired: Any) -> Any:
    if kind != ROLE:
        return desired.address
    body = desired.body
    return desired.data["scope"].lower(), body["identity"], body["properties"]["roleDefinitionId"]


def _finished(live: Live, made: Draft, name: str) -> Draft:
    """With what is to be adopted, and what of ours is not in it; keys in the order of the reference."""
    by_key = _by_key(live)
    adopted, inside = [], set()
    for kind, desired in _expanded(made.value):
        seen = by_key[_key(kind, desired)]
        inside.add(seen.address)
        if seen.mark is None:
            adopted.append(str(desired.address))
    if adopted:
        made.value["adopt"] = adopted
    ours = {one.address for one in live.found if one.mark and one.mark.owner == name and not one.kept}
    if any(address.kind in ("registry", "pool", "job") for address in ours & inside):
        made.notes.append((live.group.address, UNSEEN))
    left, lost = _told(live, made, ours), ours - inside
    plain = {one.address: _plain(one) for one in live.of(ROLE)}
    return Draft(
        _spelled(made.value),
        {plain.get(address, address): why for address, why in left.items()},
        made.notes,
        frozenset(plain.get(address, address) for address in lost),
    )


def _plain(role: Observed) -> Address:
    """A role assignment without its id: whose, which, where."""
    identity, scope = (role.body[key].rsplit("/", 1)[-1] for key in ("identity", "scope"))
    return Address(ROLE, f"{identity}/{roles.slug(resources.role_name(role))}/{scope}")


def _told(live: Live, made: Draft, ours: Collection[Address]) -> dict[Address, str]:
    """Containers of an account that is left out are not told one by one, unless they are ours."""
    accounts = {one.name for one in made.left if one.kind == "storage_account"}
    return {
        address: why
        for address, why in sorted(made.left.items())
        if address in ours or address.kind != "container" or address.name.split("/")[0] not in accounts
    }


def _spelled(value: Mapping[str, Any]) -> dict[str, Any]:
    """Containers without settings as a list, what is empty as nothing."""
    for account in value.get("storage", {}).values():
        containers = account.get("containers", {})
        if containers and not any(containers.values()):
            account["containers"] = sorted(containers)
    if value["azure"]["cloud"] == "public":
        del value["azure"]["cloud"]
    elif value["azure"]["subscription"] == LOCAL_SUBSCRIPTION:
        del value["azure"]["subscription"]
    made: dict[str, Any] = ordered(value)
    return made
