"""Core, pool and job quotas of a Batch account against what a plan changes. Pure.

Batch tells limits but not use: use is counted from the live pools of the account. A pool that only shrinks always may.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from reconciler.cloud.capacity import Size, nearest
from reconciler.kind.quotas import Quota, held, quotas
from reconciler.model import Address
from reconciler.preflight.facts import Change, Facts, Finding, Severity
from reconciler.words import some


@dataclass(frozen=True, slots=True)
class Tally:
    """One quota as the plan would leave it: cores held now, added and given back."""

    quota: Quota
    use: int
    more: int
    back: int

    @property
    def left(self) -> int:
        return self.quota.limit - self.use - self.more + self.back


def check(facts: Facts, changes: Iterable[Change]) -> Iterator[Finding]:
    changes = tuple(change for change in changes if not change.later)
    yield from _rooms(facts)
    if facts.account is None:
        yield from _untold(facts, changes)
        return
    yield from _pools(facts, changes)
    yield from _jobs(facts)
    if facts.sizes is None:
        return
    sizes = {size.name.lower(): size for size in facts.sizes}
    tallies = [_tally(quota, facts, changes, sizes) for quota in quotas(facts.account or {})]
    for tally in tallies:
        yield from _cores(tally, tallies, changes, sizes)


def _rooms(facts: Facts) -> Iterator[Finding]:
    """Resources of which a subscription may have only so many in a region."""
    for kind, room in facts.rooms.items():
        made = facts.making.get(kind, ())
        if room.use + len(made) <= room.limit:
            continue
        words = f"the subscription has {room.use} of {room.limit} {kind} in {facts.location}, and {len(made)} more"
        words += " are needed" if len(made) > 1 else " is needed"
        remedy = "use another region, one that is there, or another subscription, or ask for more quota"
        for address in made:
            yield Finding(Severity.REFUSE, "quota", address, words, remedy, room.limit, room.use, len(made))


def _untold(facts: Facts, changes: tuple[Change, ...]) -> Iterator[Finding]:
    """The quotas of an account are known once it is there, and may be 0 for a new one."""
    new = [change for change in changes if change.after.nodes]
    if new and facts.fresh:
        size = f"{len(new)} pools with {sum(change.after.nodes for change in new)} nodes" if len(new) > 1 else "a pool"
        words = f"the quotas of {facts.fresh} are known once it is there, and may be 0: {size} cannot be judged yet"
        nobody: Address | None = None
        yield Finding(Severity.WARN, "quota", nobody, words, f"to know them first: --target {facts.fresh}")


def _gain(quota: Quota, change: Change, sizes: dict[str, Size]) -> int:
    """How many more cores the change needs at its peak, with the pool that exists besides it for a while."""
    height = held(quota, change.after, sizes) + held(quota, change.surge, sizes)
    return height - held(quota, change.before, sizes)


def _tally(quota: Quota, facts: Facts, changes: Iterable[Change], sizes: dict[str, Size]) -> Tally:
    use = sum(held(quota, nodes, sizes) for nodes in facts.live.values())
    gains = [_gain(quota, change, sizes) for change in changes]
    gone = sum(held(quota, facts.live.get(address), sizes) for address in facts.leaving)
    return Tally(quota, use, sum(gain for gain in gains if gain > 0), gone - sum(gain for gain in gains if gain < 0))


def _cores(
    tally: Tally, tallies: list[Tally], changes: tuple[Change, ...], sizes: dict[str, Size]
) -> Iterator[Finding]:
    quota = tally.quota
    gaining = [change for change in changes if _gain(quota, change, sizes) > 0]
    if not gaining or tally.use + tally.more <= quota.limit:
        return
    words = f"{quota.name} has {tally.use} of {quota.limit} cores in use and {tally.more} more are needed"
    if surge := sum(held(quota, change.surge, sizes) for change in gaining):
        words += f", {surge} of them only while blue/green has two pools"
    together = f", by {', '.join(str(change.address) for change in gaining)} together" if len(gaining) > 1 else ""
    numbers = (quota.limit, tally.use, tally.more)
    for change in gaining:
        if tally.left >= 0:
            remedy = "the rest comes when other pools of this plan have shrunk or gone; until then it waits for nodes"
            yield Finding(Severity.WARN, "quota", change.address, words + together, remedy, *numbers)
            continue
        fitting = nearest(sizes[change.after.size.lower()], _fitting(quota, change, tallies, sizes))
        remedy = _remedy(quota, change, tally, fitting, sizes)
        names = tuple(size.name for size in fitting)
        yield Finding(Severity.REFUSE, "quota", change.address, words + together, remedy, *numbers, names)


def _fitting(quota: Quota, change: Change, tallies: list[Tally], sizes: dict[str, Size]) -> list[Size]:
    """Sizes with which the pool would fit at its full number of nodes, all other changes made."""

    def fits(size: Size) -> bool:
        other = replace(change, after=replace(change.after, size=size.name))
        rest = ((tally, tally.left + _gain(tally.quota, change, sizes)) for tally in tallies)
        return all(_gain(tally.quota, other, sizes) <= room for tally, room in rest)

    return [size for size in sizes.values() if size.offered and fits(size)]


def _remedy(quota: Quota, change: Change, tally: Tally, fitting: list[Size], sizes: dict[str, Size]) -> str:
    cores = sizes[change.after.size.lower()].cores
    room = held(quota, change.after, sizes) + tally.left
    few = f"{max(0, room // cores)} nodes of {change.after.size} fit"
    names = ", ".join(f"{size.name} ({size.cores} cores)" for size in fitting)
    return f"{few}{f', or as many of {names}' if names else ''}, or ask for more quota"


def _pools(facts: Facts, changes: Iterable[Change]) -> Iterator[Finding]:
    limit = (facts.account or {}).get("poolQuota")
    new = [change.address for change in changes if change.before is None or change.surge]
    surges = sum(change.surge is not None for change in changes)
    use = len(facts.live)
    if limit is None or not new or use - len(facts.leaving) + len(new) <= limit:
        return
    words = f"poolQuota has {use} of {limit} pools in use and {len(new)} more are needed"
    words += f", {surges} of them only while blue/green has two pools" if surges else ""
    for address in new:
        remedy = "delete pools that nobody needs, or ask for more quota"
        yield Finding(Severity.REFUSE, "quota", address, words, remedy, limit, use, len(new))


def _jobs(facts: Facts) -> Iterator[Finding]:
    limit, (use, need) = (facts.account or {}).get("activeJobAndJobScheduleQuota"), facts.jobs
    if facts.crowded:
        are = "is" if need == 1 else "are"
        words = f"activeJobAndJobScheduleQuota has {use} of {limit} jobs active and {need} more {are} needed"
        nowhere: Address | None = None
        which = f", such as {some(facts.spent)}" if facts.spent else ""
        remedy = f"end jobs that are done{which} (onAllTasksComplete: TerminateJob does it), or ask for more quota"
        yield Finding(Severity.WARN, "quota", nowhere, words, remedy, limit, use, need)
