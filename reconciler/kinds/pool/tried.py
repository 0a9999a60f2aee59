"""What was tried to mend broken nodes: which of them were rebooted, and when, as a mark tells it. Pure.

The mark is JSON: the time of the last attempt, and time of a reboot → short digests of the ids of the nodes. It forgets
what is older than an hour, and holds so many nodes at most. Others can write metadata too: what cannot be read was not
tried.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from reconciler.digest import digest

AGAIN = timedelta(hours=1)
"""A node that breaks later than this after a reboot was mended by it, so that another reboot may help again."""
SETTLES = timedelta(minutes=10)
"""How long a node may still show the state from before its reboot."""
BLUR = timedelta(seconds=2)
"""Times of a mark are whole seconds, and clocks differ a little."""
MOST = 200
"""The most nodes that are remembered."""


@dataclass(frozen=True, slots=True)
class Tried:
    """`rebooted` is a node's id, shortened → when it was asked to reboot; `last` is when anything was tried last."""

    rebooted: Mapping[str, datetime]
    last: datetime | None

    def failed(self, raw: Mapping[str, Any], now: datetime) -> bool:
        """Whether a broken node was rebooted without being mended; `raw` is the node as Batch shows it."""
        asked = self.rebooted.get(_short(raw["id"]))
        if asked is None:
            return False
        broke = datetime.fromisoformat(raw["stateTransitionTime"])
        if broke < asked - BLUR:  # it shows its state from before the reboot, which may not have begun
            return now - asked > SETTLES
        return broke - asked <= AGAIN

    def then(self, nodes: Iterable[str], now: datetime) -> Tried:
        """With these nodes rebooted now; those that are waiting for the end of their reboot keep its time."""
        kept = {short: when for short, when in self.rebooted.items() if now - when <= AGAIN}
        fresh = {_short(node): now for node in nodes if _short(node) not in kept}
        newest = sorted({**kept, **fresh}.items(), key=lambda item: item[1], reverse=True)
        return Tried(dict(islice(newest, MOST)), now)

    @property
    def text(self) -> str:
        """The value of the mark."""
        times: dict[str, list[str]] = {}
        for short, when in sorted(self.rebooted.items()):
            times.setdefault(_spelled(when), []).append(short)
        last = _spelled(self.last) if self.last else None
        return json.dumps({"last": last, "rebooted": times}, separators=(",", ":"))


def read(text: str | None) -> Tried:
    """What a mark says; nothing if there is none, or it cannot be read."""
    try:
        value = json.loads(text or "{}")
        times = value.get("rebooted", {})
        rebooted = {str(short): _time(when) for when, shorts in times.items() for short in shorts}
        return Tried(rebooted, _time(value["last"]) if value.get("last") else None)
    except (ValueError, TypeError, AttributeError, RecursionError):
        return Tried({}, None)


def _time(text: str) -> datetime:
    when = datetime.fromisoformat(text)
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def _spelled(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _short(node: str) -> str:
    return digest(node)[:8]
