"""The built-in rules: what each finds in a plan. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from reconciler.cost import Use
from reconciler.cost.money import money
from reconciler.kind.traits import PLAIN, Traits
from reconciler.model import Action, Address, Desired
from reconciler.policy.matching import matches
from reconciler.policy.subject import Subject
from reconciler.spec.document import dotted
from reconciler.words import count

Options = Mapping[str, Any]


class Finding(NamedTuple):
    """Where a rule is broken and how; no address: by the plan as a whole."""

    address: Address | None
    text: str


Rule = Callable[[Subject, Options], Iterator[Finding]]


def public_network(subject: Subject, options: Options) -> Iterator[Finding]:
    return _told(subject, lambda traits, want: traits.public(want))


def shared_keys(subject: Subject, options: Options) -> Iterator[Finding]:
    return _told(subject, lambda traits, want: traits.keys(want))


def idle(subject: Subject, options: Options) -> Iterator[Finding]:
    return _told(subject, lambda traits, want: traits.idle(want))


def wall_clock(subject: Subject, options: Options) -> Iterator[Finding]:
    return _told(subject, lambda traits, want: traits.endless(want))


def spending_alarm(subject: Subject, options: Options) -> Iterator[Finding]:
    alarms = [address for address in subject.desired if _traits(subject, address).alarm]
    if subject.desired and not alarms:
        yield Finding(None, "nobody is told when too much is spent; write budgets")


def _told(subject: Subject, ask: Callable[[Traits, Desired], str]) -> Iterator[Finding]:
    for decision, want in subject.asked:
        if text := ask(_traits(subject, decision.address), want):
            yield Finding(decision.address, text)


def _traits(subject: Subject, address: Address) -> Traits:
    kind = subject.kind(address)
    return kind.traits if kind else PLAIN


def tags(subject: Subject, options: Options) -> Iterator[Finding]:
    for decision, want in subject.asked:
        there = want.body.get("tags")
        missing = [name for name in options["names"] if not there.get(name)] if there is not None else []
        if missing:
            what = f"{'has no tag' if len(missing) == 1 else 'lacks the tags'} {', '.join(missing)}"
            yield Finding(decision.address, f"{what}; write it under its own tags or azure.tags")


def regions(subject: Subject, options: Options) -> Iterator[Finding]:
    allowed = {_region(name) for name in options["allowed"]}
    for decision, want in subject.asked:
        places = [str(place) for place in _traits(subject, decision.address).regions(want)]
        if outside := [place for place in places if _region(place) not in allowed]:
            text = f"is in {', '.join(outside)}; allowed are {', '.join(options['allowed'])}"
            yield Finding(decision.address, text)


def _region(name: str) -> str:
    return name.replace(" ", "").lower()


def vm_sizes(subject: Subject, options: Options) -> Iterator[Finding]:
    named = [(address, use.size, "its nodes are") for address, use in _pools(subject)]
    named += [(build.address, build.size, f"its {build.what} is") for build in subject.uses.builds]
    for address, size, what in named:
        if not any(matches(size.lower(), pattern.lower()) for pattern in options["allowed"]):
            yield Finding(address, f"{what} {size}; allowed are {', '.join(options['allowed'])}")


def spot_only(subject: Subject, options: Options) -> Iterator[Finding]:
    for address, use in _pools(subject):
        if use.dedicated.high:
            text = (
                f"may have {count(int(use.dedicated.high), 'dedicated node')}; write nodes: {{dedicated: 0, spot: N}}"
            )
            yield Finding(address, text)
        elif use.endless:
            yield Finding(address, "has a formula without an upper bound, so that it may ask for dedicated nodes")


def nodes(subject: Subject, options: Options) -> Iterator[Finding]:
    most = options.get("maxPerPool")
    for address, use in _pools(subject):
        asked = _most(use)
        if use.endless:
            text = "has a formula without an upper bound; limit its targets with min()"
            yield Finding(address, text)
        elif most is not None and asked > most:
            yield Finding(address, f"may have {count(asked, 'node', ',')}; allowed are {most:,} for a pool")
    whole, total = options.get("maxTotal"), sum(_most(use) for _, use in _every_pool(subject))
    if whole is not None and subject.unread:
        yield Finding(None, f"how many nodes its pools may have in all is not known: {subject.unread[0]}")
    elif whole is not None and total > whole:
        yield Finding(None, f"its pools may have {count(total, 'node', ',')} in all; allowed are {whole:,}")


def _pools(subject: Subject) -> Iterator[tuple[Address, Use]]:
    """The nodes that there are after the plan of what it is about."""
    about = {decision.address for decision in subject.plan.decisions}
    return ((address, use) for address, use in _every_pool(subject) if address in about)


def _every_pool(subject: Subject) -> Iterator[tuple[Address, Use]]:
    """Also those that the plan leaves alone."""
    for change in subject.uses.changes:
        if isinstance(change.after, Use):
            yield change.address, change.after


def _most(use: Use) -> int:
    return int(use.dedicated.high + use.spot.high)


def budget(subject: Subject, options: Options) -> Iterator[Finding]:
    cost = subject.cost
    if cost is None:
        if subject.unpriced:
            yield Finding(None, f"what it costs is not known: {subject.unpriced}")
        return
    limits = (
        ("maxMonthly", cost.after.month.high, "the spec may cost"),
        ("maxChange", cost.after.month.high - cost.now.month.high, "the plan may add"),
    )
    for key, amount, what in limits:
        if key in options and amount > (limit := Decimal(str(options[key]))):
            told = f"{money(amount, cost.currency)}/month"
            yield Finding(None, f"{what} {told}; allowed is {money(limit, cost.currency)}/month; ask for less")


def retired(subject: Subject, options: Options) -> Iterator[Finding]:
    about = {decision.address for decision in subject.plan.decisions}
    by = subject.today + timedelta(days=options["withinDays"])
    for path, notice in subject.retiring:
        named = [a for a in subject.desired if len(path) > 1 and a.name == path[1] and _section(subject, a) == path[0]]
        if notice.by(by) and (not named or about.intersection(named)):
            text = f"{dotted(path)}: {notice.sentence(subject.today)}; {notice.remedy}"
            yield Finding(named[0] if named else None, text)


def _section(subject: Subject, address: Address) -> str:
    kind = subject.kind(address)
    return kind.section if kind else ""


def protect(subject: Subject, options: Options) -> Iterator[Finding]:
    for decision, want in subject.asked:
        if _traits(subject, decision.address).data and not want.protect:
            yield Finding(decision.address, "holds data and is not protected; write protect: true")


def deletion(subject: Subject, options: Options) -> Iterator[Finding]:
    label = options["label"]
    for decision in subject.plan.decisions:
        if decision.action in (Action.DELETE, Action.REPLACE) and label not in subject.labels:
            what = "would be deleted" if decision.action is Action.DELETE else "would be deleted and made anew"
            yield Finding(decision.address, f"{what}; give the pull request the label {label} if that is right")


RULES: Mapping[str, Rule] = {
    "publicNetwork": public_network,
    "sharedKeys": shared_keys,
    "tags": tags,
    "regions": regions,
    "vmSizes": vm_sizes,
    "spotOnly": spot_only,
    "nodes": nodes,
    "budget": budget,
    "retired": retired,
    "protect": protect,
    "deletion": deletion,
    "idle": idle,
    "wallClock": wall_clock,
    "spendingAlarm": spending_alarm,
}
"""Name in a policy → what it finds. `names` is not among them: expressions of others are judged apart, see `asking`."""
