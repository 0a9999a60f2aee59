"""A way in: what lets one run, by its public address, reach the data of what a spec closes, for as long as it lasts.

It carries its own end. A run that lives puts that off; that of one that was killed is left over then, a difference like
any other, and the next run takes it back. None of these verbs waits or tries again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

from reconciler.cloud.cloud import Cloud
from reconciler.model import Desired

LASTS = timedelta(hours=1)
"""How long a way in stands from when it was opened or its end was put off last."""


@dataclass(frozen=True, slots=True)
class Way:
    """The way in of one `run`, whose name no other has, for one public IPv4 `address`. `until` is as marks have it."""

    run: str
    address: str
    until: str = ""


@dataclass(frozen=True, slots=True)
class Ways:
    """How a kind lets runs in to what a spec asks for.

    shuts  whether it keeps an address out, by the spec alone; pure
    open   does a step of letting one in, or of putting its end off once half of the time is over; True when nothing is
           left to do, also where there is nothing of ours to open. Refused where it must not be opened
    works  whether whoever asks comes in
    close  does a step of taking a way in back; True once nothing of it is left
    left   those that are left over
    """

    shuts: Callable[[Desired, str], bool]
    open: Callable[[Cloud, Desired, Way], bool]
    works: Callable[[Cloud, Desired], bool]
    close: Callable[[Cloud, Desired, Way], bool]
    left: Callable[[Cloud, Desired], Iterable[Way]]
