"""Whether a pool's VM size is offered, and can do what the pool's properties ask. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from reconciler.azure import retired
from reconciler.cloud.capacity import SHOWN, Size, nearest
from reconciler.kind.needs import Nodes
from reconciler.kind.sizes import lacks, named
from reconciler.preflight.facts import Change, Facts, Finding, Severity


def check(facts: Facts, change: Change) -> Iterator[Finding]:
    if facts.sizes is None:
        return
    size = named(facts.sizes, change.after.size)
    if size is None or not size.offered:
        yield from _missing(facts, change, size)
    else:
        yield from _unable(facts.sizes, change, size)


def _missing(facts: Facts, change: Change, size: Size | None) -> Iterator[Finding]:
    """A pool that gets nodes of another size, or more of them, needs a size that is offered."""
    before, wanted = change.before, change.after.size
    grown = before is None or (change.after.dedicated, change.after.spot) > (before.dedicated, before.spot)
    if before is not None and before.size.lower() == wanted.lower() and not grown:
        return
    near = _near(wanted, size, facts.sizes or (), change.after)
    why = "is sold out or closed to this subscription" if size else "does not exist"
    words, names = f"the size {wanted} {why} in {facts.location}", tuple(size.name for size in near)
    notice = retired.size(wanted)
    if notice and notice.past(facts.now.date()):
        words = f"{words}: {notice.sentence(facts.now.date())}"
    remedy = f"nearest are {_listed(near)}" if near else "use another region"
    yield Finding(Severity.REFUSE, "size", change.address, words, remedy, sizes=names)


def _near(wanted: str, size: Size | None, sizes: tuple[Size, ...], pool: Nodes) -> list[Size]:
    """Sizes for the same work; for a size that is unknown, those with the most similar names."""
    fit = [size for size in sizes if size.offered and not lacks(size, pool)]
    if size:
        return nearest(size, fit)
    by_name = {size.name.lower(): size for size in fit}
    return [by_name[match] for match in difflib.get_close_matches(wanted.lower(), by_name, n=SHOWN, cutoff=0.3)]


def _listed(sizes: list[Size]) -> str:
    return ", ".join(f"{size.name} ({size.cores} cores)" for size in sizes)


def _unable(sizes: tuple[Size, ...], change: Change, size: Size) -> Iterator[Finding]:
    """What the size cannot do; a fault that the live pool has already is not reported."""
    pool, before = change.after, change.before
    known = lacks(size, before) if before and before.size.lower() == pool.size.lower() else []
    near = nearest(size, [other for other in sizes if other.offered and not lacks(other, pool)])
    for field, why in lacks(size, pool):
        if (field, why) not in known:
            words = f"{field}: the size {size.name} {why}"
            remedy = f"nearest that would do are {_listed(near)}" if near else f"take {field} out, or use another size"
            names = tuple(size.name for size in near)
            yield Finding(Severity.REFUSE, "size", change.address, words, remedy, sizes=names)
