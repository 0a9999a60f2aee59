"""What `status` says of a pool beyond its health: its nodes by state, its image, and nodes that lack a change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from reconciler import marks
from reconciler.cloud.cloud import Cloud
from reconciler.kinds.pool import nodes, reading, rollout
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
    raws = nodes_of(cloud, pool)
    states = Counter(nodes.words(raw["state"]) for raw in raws)
    told = ", ".join(f"{number} {state}" for state, number in sorted(states.items()))
    moment = changed(pool)
    late = behind(raws, moment) if moment else 0
    return (told, image, *([_late(late)] if late else ()))


def nodes_of(cloud: Cloud, pool: Observed) -> list[dict[str, Any]]:
    """The nodes of a live pool, each with its state and when it booted."""
    return [node.as_dict() for node in cloud.batch().list_nodes(live_id(pool), select=NODE)]


def changed(pool: Observed) -> datetime | None:
    """When what nodes run at their start was last changed; None if no mark says so, or one that is no time."""
    try:
        moment = datetime.fromisoformat(state_of(pool).marks.get(marks.STARTED, ""))
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def behind(raws: Iterable[Mapping[str, Any]], moment: datetime) -> int:
    """How many of these nodes booted before a moment."""
    return sum(rollout.booted_before(raw, moment) for raw in raws)


def _late(number: int) -> str:
    verb = "has" if number == 1 else "have"
    return f"{count(number, 'node')} {verb} yet to boot with what changed (rollout.newNodes: rolling reboots them)"


def _short(image: str) -> str:
    """`22_04-lts` of a marketplace image, `image 1.0.3` of one in a gallery."""
    definition, _, version = image.rpartition("/versions/")
    return f"{definition.rsplit('/', 1)[-1]} {version}" if definition else image.rsplit(":", 1)[-1]
