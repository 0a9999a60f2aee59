"""What is live: every kind's list, read side by side."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from graphlib import TopologicalSorter

from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import reading
from reconciler.errors import ReconcileError
from reconciler.kind import Kinds, unread
from reconciler.kind.places import place
from reconciler.model import Address, Desired, Health, Observed


@dataclass(frozen=True, slots=True)
class Sight:
    """All resources of the spec's scope, ours and others', by address.

    `unknown` are those that the spec asks for and that could not be read. `unread` are the kinds whose list could not
    be read, with the reason: what left the spec is not seen among them.
    """

    resources: tuple[Observed, ...]
    unknown: tuple[Observed, ...] = ()
    unread: Mapping[str, ReconcileError] = field(default_factory=dict)

    def marked(self, desired: Mapping[Address, Desired]) -> dict[Address, Desired]:
        """`desired`, with the reason at each resource that could not be read."""
        why = {resource.address: resource.detail for resource in self.unknown}
        return {
            address: replace(want, unreadable=why[address]) if address in why else want
            for address, want in desired.items()
        }

    def notes(self, cloud: Cloud, kinds: Kinds) -> tuple[str, ...]:
        """What a plan says of the lists that could not be read: the reason, unless a resource of the kind tells it.

        Of kinds that have nothing to delete there is nothing to say.
        """
        told = {unread.cause(self.unread[resource.address.kind]) for resource in self.unknown if self._closed(resource)}
        among: dict[str, list[str]] = {}
        first: dict[str, ReconcileError] = {}
        for name in (name for name in kinds if name in self.unread and kinds[name].deletable):
            why = unread.cause(self.unread[name])
            first.setdefault(why, self.unread[name])
            among.setdefault(why, []).append(place(kinds[name], kinds, cloud))
        return tuple(
            f"what else is among {' and '.join(places)} is not known, and nothing of it is deleted"
            + ("" if why in told else f": {first[why]}")
            for why, places in among.items()
        )

    def reasons(self) -> list[str]:
        """Why something could not be read, each cause once."""
        causes = {unread.cause(error): str(error) for error in reversed(list(self.unread.values()))}
        single = [resource.detail for resource in self.unknown if not self._closed(resource)]
        return [*causes.values(), *dict.fromkeys(single)]

    def _closed(self, resource: Observed) -> bool:
        """Whether the list of a resource's kind could not be read."""
        return resource.address.kind in self.unread


def observe(cloud: Cloud, kinds: Kinds, desired: Mapping[Address, Desired]) -> Sight:
    """What can be seen. Raises the first AzureError or Unreachable if no list of Azure Resource Manager can be read."""
    order = TopologicalSorter({name: kind.reads for name, kind in kinds.items()})
    order.prepare()
    resources: list[Observed] = []
    unread_kinds: dict[str, ReconcileError] = {}
    running: dict[Future[list[Observed]], str] = {}
    with cloud.shared.lasting(), ThreadPoolExecutor(max_workers=8, thread_name_prefix="observe") as pool:
        try:
            while order.is_active():
                for name in order.get_ready():
                    missing = next((unread_kinds[read] for read in kinds[name].reads if read in unread_kinds), None)
                    running[pool.submit(_list, cloud, kinds, name, desired, missing)] = name
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    name = running.pop(future)
                    order.done(name)
                    try:
                        resources += future.result()
                    except unread.UNREADABLE as error:
                        unread_kinds[name] = error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
    of_arm = {name for name, kind in kinds.items() if kind.arm}
    if of_arm and of_arm <= unread_kinds.keys():
        raise next(iter(unread_kinds.values()))
    resources += _unknown(desired, {resource.address for resource in resources}, unread_kinds)
    resources.sort(key=lambda resource: resource.address)
    known = tuple(resource for resource in resources if resource.health is not Health.UNKNOWN)
    unknown = tuple(resource for resource in resources if resource.health is Health.UNKNOWN)
    return Sight(known, unknown, unread_kinds)


def _unknown(
    desired: Mapping[Address, Desired], seen: Container[Address], unread_kinds: Mapping[str, ReconcileError]
) -> Iterator[Observed]:
    """What is asked for and could not be read, nor what it stands for."""
    for address, want in desired.items():
        why = str(unread_kinds.get(address.kind, "")) or want.unreadable
        if why and address not in seen:
            yield unread.unknown(address, why)


def _list(
    cloud: Cloud, kinds: Kinds, name: str, desired: Mapping[Address, Desired], missing: ReconcileError | None
) -> list[Observed]:
    """What the kind lists. It is told the desired resources of its kind, without those whose body is open.

    `missing` is why a list that it needs the answers of could not be read. While the body of one is open, none is taken
    to have left the spec: what that one may still need (versions of an image, an older pool) is among the rest.
    """
    if missing is not None:
        raise missing
    wanted = [want for want in desired.values() if want.address.kind == name and not want.open]
    with reading(place(kinds[name], kinds, cloud)):
        live = list(kinds[name].list(cloud, wanted))
    if not any(want.address.kind == name and want.open for want in desired.values()):
        return live
    return [resource if resource.address in desired else replace(resource, kept=True) for resource in live]
