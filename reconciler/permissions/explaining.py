"""The actions that `why` needs to read of a pool, a job, a task and what they use. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.kind import Kinds
from reconciler.kind.permissions import ACCOUNT, BLOBS, JOBS, POOLS, SCHEDULES, STORAGE
from reconciler.model import Desired
from reconciler.spec.spec import Spec


def needs(spec: Spec) -> Iterator[tuple[str, str]]:
    """Each action with what it is for."""
    yield ACCOUNT, "the Batch account"
    yield f"{JOBS}/read", "jobs, tasks and what they wrote"
    yield f"{SCHEDULES}/read", "job schedules"
    yield f"{POOLS}/read", "pools, nodes and what they wrote"
    if spec.storage:
        yield STORAGE, "storage that refused a task"
    if any("telemetry" in pool for pool in spec.pools.values()):
        yield from ((action, "how busy nodes were") for action in (STORAGE, f"{BLOBS}/read"))


def resolves(kinds: Kinds, desired: Iterable[Desired]) -> bool:
    """Whether some do their work in a job that has no name before they are resolved."""
    return any(_unnamed(kinds, want) for want in desired if kinds[want.address.kind].job_of)


def _unnamed(kinds: Kinds, want: Desired) -> bool:
    named = (kinds[address.kind] for address in (want.address, *want.refs))
    return not any(kind.job_of and kind.section for kind in named)
