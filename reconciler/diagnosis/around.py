"""What Azure says of itself about what a spec uses: who did what, which resources and services are not well.

Three questions, of one request each as a rule, side by side. That one cannot be asked ends nothing: it is told.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from typing import Any

from reconciler import marks
from reconciler.azure import activity, advisories
from reconciler.azure.activity import Deed
from reconciler.azure.advisories import Advisory, Used
from reconciler.cloud import health
from reconciler.cloud.arm import region
from reconciler.cloud.cloud import Cloud
from reconciler.diagnosis.asking import Asking
from reconciler.diagnosis.facts import Facts
from reconciler.kind import Kinds
from reconciler.model import Address, Body, Desired
from reconciler.spec import Sections, Spec

_POOLS = "pools"
LOG, RESOURCES, SERVICES = "the activity log", "the health of resources", "the health of services"
WELL = (RESOURCES, SERVICES)


@dataclass(frozen=True, slots=True)
class Answers:
    """What was asked → the items that Azure gave, as it writes them; `unread` has what it did not give, with why."""

    read: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Around:
    """`deeds` begin with the newest. unread: what could not be asked → why."""

    advisories: tuple[Advisory, ...] = ()
    deeds: tuple[Deed, ...] = ()
    unread: Mapping[str, str] = field(default_factory=dict)


def used(cloud: Cloud, kinds: Kinds, desired: Iterable[Desired]) -> list[Used]:
    """What a spec uses of Azure, by resource provider and region. What is in another resource has no id here: health is
    told of the resources that a group lists."""
    found = []
    for want in desired:
        kind = kinds[want.address.kind]
        if kind.arm:
            listed = kind.arm.name == kind.arm.top
            own = cloud.id_of(kind.arm.name, want.address.name) if listed else ""
            id_ = kind.place(cloud, want) if kind.place and listed else own
            place = region(str(want.body.get("location") or cloud.target.location))
            found.append(Used(str(want.address), id_, kind.arm.provider, place))
    return found


def all_of(
    spec: Spec,
    cloud: Cloud,
    kinds: Kinds,
    sections: Sections,
    desired: Iterable[Desired],
    answers: Answers | None = None,
) -> Around:
    """What Azure says of all that a spec uses, what does not work first, and what of it is retired or will be; it is
    asked now where there are no answers."""
    told = _told(answers or ask(cloud), used(cloud, kinds, desired))
    return replace(told, advisories=(*told.advisories, *_retiring(spec, kinds, sections, cloud.time.date())))


def _retiring(spec: Spec, kinds: Kinds, sections: Sections, today: date) -> Iterator[Advisory]:
    for section in sections:
        for path, notice in section.retiring(spec):
            key = ".".join(map(str, path))
            about = [str(Address(kind.name, str(path[1]))) for kind in kinds.values() if kind.section == path[0]]
            yield advisories.of_retired(tuple(about[:1]), key, notice, today)


def explained(facts: Facts, cloud: Cloud, using: Collection[Used], name: str = "") -> Facts:
    """The facts with what Azure says of itself; `name` is that of the pool in the spec, if a pool is asked about."""
    pool = name or facts.poolless
    asked = look(cloud, using, (LOG, *WELL) if pool and cloud.account_id else WELL)
    return replace(
        facts,
        deed=activity.last(asked.deeds, partial(_of_pool, f"{cloud.account_id}/{_POOLS}/", facts.pool, pool)),
        logged=bool(pool and cloud.account_id) and LOG not in asked.unread,
        advisories=asked.advisories,
        unasked=asked.unread,
    )


def _of_pool(place: str, live: Body | None, name: str, resource_id: str) -> bool:
    """Whether an id in lower case is that of the live pool; where none is, of any generation of it."""
    if not resource_id.startswith(place.lower()):
        return False
    own = resource_id.removeprefix(place.lower())
    return own == str(live["id"]).lower() if live else marks.is_generation(own, name)


def look(cloud: Cloud, using: Collection[Used], what: Iterable[str] = WELL) -> Around:
    """Ask what is wanted, and what the answers say of what is in use."""
    return _told(ask(cloud, what), using)


def ask(cloud: Cloud, what: Iterable[str] = WELL) -> Answers:
    """Ask what is wanted. Nothing that Azure refuses is raised; that nobody is signed in is."""
    now = cloud.time
    asks: Mapping[str, Callable[[], list[dict[str, Any]]]] = {
        LOG: partial(health.activity, cloud, now),
        RESOURCES: partial(health.statuses, cloud),
        SERVICES: partial(health.events, cloud, now),
    }
    asking = Asking(cloud)
    told = asking.all({name: (1, asks[name]) for name in what})
    read = {name: answer or [] for name, answer in told.items() if name not in asking.unread}
    return Answers(read, {**asking.unread})


def _told(answers: Answers, using: Collection[Used]) -> Around:
    read, used_ = answers.read, list(using)
    said = (
        *advisories.of_health(read.get(RESOURCES, ()), used_),
        *advisories.of_events(read.get(SERVICES, ()), used_),
    )
    return Around(said, activity.deeds(read.get(LOG, ())), answers.unread)
