"""Who changed or deleted what a plan finds changed or gone, by the activity log. Pure but for one question."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from reconciler import marks
from reconciler.azure import activity
from reconciler.azure.activity import Deed
from reconciler.azure.advisories import Used
from reconciler.cloud.cloud import Cloud
from reconciler.diagnosis import around
from reconciler.kind import Kinds
from reconciler.model import Address, Decision, Desired, Observed, Why
from reconciler.words import some

NOT_THERE = "which has what went through ARM in the last 89 days, and nothing of the Batch API or of blobs"


def notes(
    cloud: Cloud,
    kinds: Kinds,
    decisions: Iterable[Decision],
    desired: Mapping[Address, Desired],
    live: Iterable[Observed],
) -> tuple[str, ...]:
    """A line for each resource that was changed or deleted outside, if the log names somebody; nothing is asked if
    there is none."""
    ids = {resource.address: resource.id for resource in live}
    meant = [one for one in decisions if one.why is Why.DRIFTED or one.address not in ids]
    if not meant:
        return ()
    using = around.used(cloud, kinds, desired.values())
    asked = around.look(cloud, using, (around.LOG,))
    if asked.unread:
        return tuple(f"who changed what is not known: {what}: {why}" for what, why in asked.unread.items())
    return tuple(told(meant, kinds, ids, using, asked.deeds))


def told(
    decisions: Iterable[Decision],
    kinds: Kinds,
    ids: Mapping[Address, str],
    using: Iterable[Used],
    deeds: tuple[Deed, ...],
) -> Iterator[str]:
    """What the log says of each; `ids` are those of live resources. Of what is not there only deletions are told."""
    tops = {one.id.lower() for one in using if one.id}
    silent = []
    for one in decisions:
        address, arm = one.address, kinds[one.address.kind].arm
        if one.why is Why.DRIFTED:
            own = ids.get(address, "").lower().rstrip("/")
            deed = activity.last(deeds, own.__eq__)
        else:
            type_ = arm.name if arm else ""
            deed = activity.last(deeds, partial(_is, type_, address.name, tops))
            deed = deed if deed and deed.gone else None
        if deed:
            yield f"{address} was {'' if deed.gone else 'last '}{deed.sentence}"
        elif one.why is Why.DRIFTED:
            silent.append(str(address))
    if silent:
        yield f"who changed {some(silent)} is not in the activity log, {NOT_THERE}"


def _is(type_: str, name: str, tops: set[str], id_: str) -> bool:
    """Whether an id in lower case is that of a resource of this type and name, or of a generation of it, in one of the
    `tops`, or one of these itself."""
    head, _, below = id_.rpartition("/providers/")
    provider, *rest = below.split("/")
    if "/".join([provider, *rest[0::2]]) != type_.lower() or not type_:
        return False
    names = rest[1::2][-len(name.split("/")) :]
    return "/".join([head, "providers", provider, *rest[:2]]) in tops and marks.is_generation("/".join(names), name)
