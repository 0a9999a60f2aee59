"""How long a log or a blob of telemetry is kept, as the pools of a spec say that write to its container. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

Days = float | None
"""None: for good."""


class Keep(NamedTuple):
    """How long a pool keeps what goes into a container; what it writes to another one counts as for good here."""

    logs: Days
    telemetry: Days


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds in one container for one Batch account: of pools of the spec, and of jobs their pools by name.

    named: the name in a spec that a live job or pool has, by its id.
    """

    account: str
    pools: Mapping[str, Keep]
    jobs: Mapping[str, str]
    named: Callable[[str], str]

    def days(self, blob: str) -> Days:
        """How many days a blob is kept; what is none of ours, for good.

        Tasks of jobs that are in the spec no more are kept as long as any pool keeps some.
        """
        account, room, name, *rest = [*blob.split("/"), "", ""][:5]
        if account != self.account or not rest[0]:
            return None
        if room in ("tasks", "jobs"):
            pool = self.jobs.get(name) or self.jobs.get(self.named(name), "")
            return self.pools[pool].logs if pool in self.pools else self._longest()
        keep = (self.pools.get(name) or self.pools.get(self.named(name))) if room == "pools" else None
        return getattr(keep, {"start": "logs", "telemetry": "telemetry"}.get(rest[0], ""), None) if keep else None

    def _longest(self) -> Days:
        every = [keep.logs for keep in self.pools.values()]
        known = [days for days in every if days is not None]
        return max(known) if known and len(known) == len(every) else None
