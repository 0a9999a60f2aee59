"""What speaks against the pools and accounts of a plan, judged from facts. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from datetime import timedelta

from reconciler.azure import retired
from reconciler.cloud.capacity import SHOWN
from reconciler.kind.sizes import MAX_SLOTS, most_slots, named
from reconciler.model import Address
from reconciler.preflight import access, quotas, sizes, subnets
from reconciler.preflight.facts import Change, Facts, Finding, Image, Severity

SOON = timedelta(days=90)
NOTED = timedelta(days=365)
"""How long before the end of a retired thing a plan warns of it; `validate` warns from the announcement on."""


def check(facts: Facts, changes: Iterable[Change]) -> tuple[Finding, ...]:
    """All findings; those that refuse come first."""
    changes = tuple(changes)
    findings = [*access.check(facts), *quotas.check(facts, changes), *subnets.check(facts, changes), *_names(facts)]
    unknown = [*_regions(facts)]
    for change in changes:
        if not unknown:  # no size is to be had in a region that does not exist
            findings += sizes.check(facts, change)
        findings += [*_slots(facts, change), *_image(facts, change)]
        findings += [*_gallery(facts, change), *_retired(facts, change)]
    findings += unknown
    return tuple(sorted(findings, key=lambda finding: finding.severity is not Severity.REFUSE))


def _slots(facts: Facts, change: Change) -> Iterator[Finding]:
    size = named(facts.sizes, change.after.size)
    most = most_slots(size) if size else MAX_SLOTS
    if change.after.slots > most and (change.before is None or change.before != change.after):
        words = f"taskSlotsPerNode is {change.after.slots} and {change.after.size} takes {most} at most"
        remedy = f"set {most} or fewer, or use a size with more cores"
        yield Finding(Severity.REFUSE, "slots", change.address, words, remedy, most, None, change.after.slots)


def _image(facts: Facts, change: Change) -> Iterator[Finding]:
    """The image has a node agent, and Batch goes on supporting it."""
    pool = change.after
    name = pool.base if pool.image.startswith("/") else pool.image
    if facts.images is None or not name:
        return
    image = next((image for image in facts.images if image.urn == name), None)
    severity = Severity.WARN if change.before and change.before.image == pool.image else Severity.REFUSE
    if image is None:
        if pool.agent and pool.image.startswith("/"):
            return
        near = difflib.get_close_matches(name, _lasting(facts), n=SHOWN, cutoff=0.3)
        words = f"Batch has no node agent for the image {name}"
        yield Finding(severity, "image", change.address, words, f"nearest are: {', '.join(near) or 'none'}")
        return
    kept = change.before and (change.before.image, change.before.agent) == (pool.image, pool.agent)
    if pool.agent and image.agent != pool.agent and not kept:
        words = f"the image {name} goes with the node agent {image.agent}, not with {pool.agent}"
        remedy = "leave nodeAgentSkuId out"
        yield Finding(Severity.REFUSE, "image", change.address, words, remedy)
    if pool.containers and not pool.image.startswith("/") and not image.containers:
        able = [image.urn for image in facts.images if image.containers]
        near = difflib.get_close_matches(name, able, n=SHOWN, cutoff=0.0)
        words = f"containers: Batch does not say that the image {name} runs containers (DockerCompatible)"
        remedy = f"nearest that do are: {', '.join(near) or 'none'}; or build one with images: and preload:"
        yield Finding(severity, "image", change.address, words, remedy)
    yield from _end(facts, change.address, image, severity)


def _end(facts: Facts, address: Address, image: Image, severity: Severity) -> Iterator[Finding]:
    if image.ends is None or image.ends > facts.now + SOON:
        return
    past = image.ends <= facts.now
    near = difflib.get_close_matches(image.urn, _lasting(facts), n=SHOWN, cutoff=0.3)
    words = f"Batch {'ended' if past else 'ends'} its support of {image.urn} on {image.ends.date()}"
    remedy = f"these go on: {', '.join(near) or 'none'}"
    yield Finding(severity if past else Severity.WARN, "image", address, words, remedy)


def _lasting(facts: Facts) -> list[str]:
    return [image.urn for image in facts.images or () if image.ends is None or image.ends > facts.now + SOON]


def _gallery(facts: Facts, change: Change) -> Iterator[Finding]:
    """A gallery image must be in the region of the account."""
    regions = facts.galleries.get(change.after.image)
    if regions is None or facts.location in regions:
        return
    there = ", ".join(regions) or "no region"
    words = f"the image {change.after.image} is not replicated to {facts.location} but to {there}"
    remedy = f"add {facts.location} to the regions of the image"
    yield Finding(Severity.REFUSE, "gallery", change.address, words, remedy)


def _retired(facts: Facts, change: Change) -> Iterator[Finding]:
    """Notes of retirements that Microsoft has announced, except for marketplace images, which `_image` judges."""
    pool, today = change.after, facts.now.date()
    notices = {"vmSize": retired.size(pool.size)}
    if pool.image.startswith("/"):
        notices["nodeAgentSkuId"] = retired.agent(pool.agent) or retired.image(pool.base)
    for field, notice in notices.items():
        if notice is None or not (notice.on is None or notice.by(today + NOTED)):
            continue
        same = change.before is not None and change.before.image == pool.image
        past = notice.past(today) and field == "nodeAgentSkuId" and not same
        severity = Severity.REFUSE if past else Severity.WARN
        yield Finding(severity, "retired", change.address, f"{field}: {notice.sentence(today)}", notice.remedy)


def _regions(facts: Facts) -> Iterator[Finding]:
    """What the plan makes must be offered in the region of the spec."""
    for kind, addresses in facts.typed.items():
        offered = facts.regions.get(kind)
        if not offered or facts.location in offered:
            continue
        near = difflib.get_close_matches(facts.location, offered, n=SHOWN, cutoff=0.5)
        words = f"{kind} is not offered in {facts.location or 'no region'}"
        remedy = f"nearest by name are: {', '.join(near)}" if near else f"it is offered in {', '.join(sorted(offered))}"
        for address in addresses:
            yield Finding(Severity.REFUSE, "region", address, words, f"correct azure.location; {remedy}")


def _names(facts: Facts) -> Iterator[Finding]:
    for address, problem in facts.names.items():
        if problem:
            yield Finding(Severity.REFUSE, "name", address, problem.rstrip("."), "choose another name")
