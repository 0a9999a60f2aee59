"""What `status` says of a pool beyond its health: its nodes by state, its image, and nodes that lack a change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from reconciler import marks
from reconciler.cloud.cloud import Cloud
from reconciler.kinds.pool import nodes, reading
from reconciler.kinds.pool.nodes import live_id
from reconciler.kinds.pool.state import state_of
from reconciler.model import Observed
from reconciler.words import count

NODE = ["id", "state", "lastBootTime"]


def tell(cloud: Cloud, pool: Observed) -> tuple[str, ...]:
    properties = pool.body["properties"]
    image = f"boots {_short(reading.image(properties))}"
    if not nodes.present(properties):
        return ("no nodes", image)
    raws = [node.as_dict() for node in cloud.batch().list_nodes(live_id(pool), select=NODE)]
    states = Counter(nodes.words(raw["state"]) for raw in raws)
    told = ", ".join(f"{number} {state}" for state, number in sorted(states.items()))
    since = state_of(pool).marks.get(marks.STARTED)
    late = behind(raws, since) if since else 0
    return (told, image, *([_late(late)] if late else ()))


def behind(raws: Iterable[Mapping[str, Any]], since: str) -> int:
    """How many of these nodes booted before the time at which what nodes run at their start was changed."""
    moment = datetime.fromisoformat(since)
    return sum(datetime.fromisoformat(raw.get("lastBootTime") or since) < moment for raw in raws)


def _late(number: int) -> str:
    verb = "has" if number == 1 else "have"
    return f"{count(number, 'node')} {verb} yet to boot with what changed (rollout.newNodes: rolling reboots them)"


def _short(image: str) -> str:
    """`22_04-lts` of a marketplace image, `image 1.0.3` of one in a gallery."""
    definition, _, version = image.rpartition("/versions/")
    return f"{definition.rsplit('/', 1)[-1]} {version}" if definition else image.rsplit(":", 1)[-1]
