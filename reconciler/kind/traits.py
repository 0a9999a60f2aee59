"""What policies ask about a resource: how it can be reached, where it is, and whether data is in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from reconciler.model import Desired


def located(desired: Desired) -> Iterable[str]:
    """The region in its body, if there is one."""
    location = desired.body.get("location")
    return (str(location),) if location else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """How a kind answers for a resource that a spec asks for.

    public   how it can be reached from the internet, and what to write against that; empty: it cannot
    keys     how a shared key lets somebody in, and what to write against that; empty: none does
    regions  where it is, as Azure spells regions; nothing for what is where something else is
    data     whether deleting one deletes data that no apply brings back
    idle     how it costs while nothing is to be done, and what to write against that; empty: it does not
    endless  how it may go on forever, and what to write against that; empty: it may not
    alarm    whether it tells somebody what was spent
    """

    public: Callable[[Desired], str] = lambda desired: ""
    keys: Callable[[Desired], str] = lambda desired: ""
    regions: Callable[[Desired], Iterable[str]] = located
    data: bool = False
    idle: Callable[[Desired], str] = lambda desired: ""
    endless: Callable[[Desired], str] = lambda desired: ""
    alarm: bool = False


PLAIN = Traits()
