"""The way in of a runner from outside: its address, what lets it in before anything is read, and what is left over."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import click

from reconciler.cli import codes, common
from reconciler.errors import WrongUsage

if TYPE_CHECKING:
    from reconciler.cloud.cloud import Cloud
    from reconciler.engine.ways import Entry
    from reconciler.events import Listener
    from reconciler.spec import Spec

VARIABLE = "RECONCILE_RUNNER_ADDRESS"
NEEDLESS = "none"
"""In place of an address: this machine comes in anyway."""
OPTION = "--runner-address"
UNREACHED = tuple(
    ipaddress.IPv4Network(text)
    for text in ("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16")
)
"""Addresses that no machine has on the internet, beside loopback, link-local, multicast and reserved ones: RFC 6890."""

_option = partial(click.option, OPTION, "runner", metavar="IP", callback=lambda context, option, value: Runner(value))
address_option = _option(
    envvar=VARIABLE,
    help="With runner: {temporaryRule: true}: the public address of this machine, or none if it comes in anyway.",
)
unasked_option = _option(
    default=NEEDLESS,
    help="Let this public address in to closed storage for so long; changes its network rules.",
)


class Runner:
    """This machine, by its public address, None where nobody says it. WrongUsage if it is no such address."""

    def __init__(self, address: str | None) -> None:
        self.address = address and checked(address)
        self.entry: Entry | None = None

    def first(self, then: Callable[[Spec, Cloud], str]) -> Callable[[Spec, Cloud], str]:
        """What lets it in for the rest of this command, where the spec asks for that, and then does something else."""

        def before(spec: Spec, cloud: Cloud) -> str:
            if spec.temporary_rule and self.address != NEEDLESS:
                self._enter(spec, cloud)
            return then(spec, cloud)

        return before

    def listening(self, listen: Listener) -> Listener:
        return self.entry.listening(listen) if self.entry else listen

    def _enter(self, spec: Spec, cloud: Cloud) -> None:
        from reconciler.engine import ways
        from reconciler.kinds import KINDS

        closed = ways.shut(spec, KINDS, self.address or "")
        if not closed:
            return
        if not self.address:
            why = (
                f"{spec.file} lets runs in to {closed[0].address} by their public address, and nobody says that of this"
            )
            remedy = f"give it by {OPTION} or {VARIABLE} (no machine knows its own: a service outside must tell it)"
            raise WrongUsage(f"{why} machine; {remedy}, or {OPTION} {NEEDLESS} if it comes in anyway")
        self.entry = entry = ways.Entry(cloud, KINDS, closed, self.address)
        click.get_current_context().call_on_close(lambda: _leave(entry))
        entry.open()


def _leave(entry: Entry) -> None:
    from reconciler.render import plain

    for reason in entry.close():
        click.echo(f"warning: {plain.lines(reason, 2)}", err=True)


def checked(text: str) -> str:
    """A public IPv4 address, as it is written, or `none`. WrongUsage for anything else."""
    if text == NEEDLESS:
        return text
    try:
        given = ipaddress.ip_address(text)
    except ValueError:
        raise WrongUsage(f"{OPTION}: {text!r} is no address; write one such as 203.0.113.7") from None
    if given.version == 6:
        raise WrongUsage(f"{OPTION}: {text} is IPv6, which rules of storage do not take; write an IPv4 address")
    odd = given.is_loopback or given.is_link_local or given.is_multicast or given.is_reserved
    if odd or any(given in network for network in UNREACHED):
        raise WrongUsage(f"{OPTION}: {text} is not public: nobody comes from there; write the one that others see")
    return str(given)


def clean(spec: Spec, *, yes: bool) -> int:
    """Take back the ways in that runs of a spec have left over; returns the exit code."""
    from reconciler.cloud.errors import reading
    from reconciler.engine import ways
    from reconciler.kinds import KINDS
    from reconciler.render import plain

    cloud = common.reach(spec)
    asked = [want for kind in KINDS.values() if kind.ways for want in kind.expand(spec)]
    with reading("the ways in to closed storage"):
        over = ways.left(cloud, KINDS, asked)
    if not over:
        click.echo("No way in is left over.")
        return codes.FINE
    click.echo(plain.table(("TO", "OF", "UNTIL"), [(str(want.address), way.address, way.until) for want, way in over]))
    if not yes:
        common.ask(f"take these {len(over)} back")
    ways.take_back(cloud, KINDS, over)
    click.echo("Cleaned up.")
    return codes.FINE
