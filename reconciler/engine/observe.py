"""What is live: every kind's list, read side by side."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter

from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import reading
from reconciler.kind import Kinds
from reconciler.kind.places import place
from reconciler.model import Address, Desired, Observed


def observe(cloud: Cloud, kinds: Kinds, desired: Mapping[Address, Desired]) -> tuple[Observed, ...]:
    """All resources of the spec's scope, ours and others', by address.

    Raises the first AzureError or Unreachable of a list, with what was listed: a plan on half a picture would be wrong.
    """
    order = TopologicalSorter({name: kind.reads for name, kind in kinds.items()})
    order.prepare()
    resources: list[Observed] = []
    running: dict[Future[list[Observed]], str] = {}
    with ThreadPoolExecutor(max_workers=8, thread_name_prefix="observe") as pool:
        try:
            while order.is_active():
                for name in order.get_ready():
                    running[pool.submit(_list, cloud, kinds, name, desired)] = name
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    order.done(running.pop(future))
                    resources.extend(future.result())
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
    return tuple(sorted(resources, key=lambda o: o.address))


def _list(cloud: Cloud, kinds: Kinds, name: str, desired: Mapping[Address, Desired]) -> list[Observed]:
    """What the kind lists. It is told the desired resources of its kind, without those that are pending."""
    wanted = [want for want in desired.values() if want.address.kind == name and not want.pending]
    with reading(place(kinds[name], kinds, cloud)):
        return list(kinds[name].list(cloud, wanted))
