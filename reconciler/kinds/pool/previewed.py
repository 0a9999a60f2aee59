"""A pool in a preview: as many nodes as a few tasks need, and none once there is nothing to do. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import Any

from reconciler.azure import images
from reconciler.spec import auto_pools
from reconciler.spec.previews import Preview

MOST = 10
"""The most nodes of a pool, whatever its tasks could use, unless one task alone needs more."""
GALLERIES = "Microsoft.Compute/galleries"
TOGETHER = """\
last = max(0, $PendingTasks.GetSample(1));
window = 300 * TimeInterval_Second;
tasks = $PendingTasks.GetSamplePercent(window) < 70 ? last : max(last, avg($PendingTasks.GetSample(window)));
$TargetDedicatedNodes = tasks > 0 ? {nodes} : 0;
$NodeDeallocationOption = taskcompletion;
"""
"""All nodes at once, for tasks that run on several, or none."""


def preview(name: str, pool: dict[str, Any], preview: Preview) -> dict[str, Any]:
    away = {"protect", "verify", "rollout", "idle", "onExisting", *([] if pool["identity"] else ["identity"])}
    kept = {key: value for key, value in pool.items() if key not in away}
    sizes = pool["vmSize"]
    size = sizes if len(sizes) > 1 else sizes[0]
    return {**kept, **_image(pool["image"], preview), "vmSize": size, "nodes": _nodes(name, pool, preview)}


def _nodes(name: str, pool: Any, preview: Preview) -> dict[str, Any]:
    nodes: dict[str, Any] = pool["nodes"]
    together = max(_together(name, preview), default=0)
    fixed = nodes.get("dedicated", 0) + nodes.get("spot", 0)
    most = nodes["autoscale"].get("max", MOST) if "autoscale" in nodes else fixed
    asked = max(1, min(most, ceil(preview.sample / pool["taskSlotsPerNode"]), MOST))
    spot = bool(nodes.get("spot")) and not nodes.get("dedicated")
    spot = nodes["autoscale"].get("spot", False) if "autoscale" in nodes else spot
    if auto_pools.marked(pool):
        return {"spot" if spot else "dedicated": max(asked, together)}
    if together:
        return {"autoscale": {"formula": TOGETHER.format(nodes=together)}}
    return {"autoscale": {"scenario": "pending-tasks", "max": asked, "spot": spot}}


def _together(name: str, preview: Preview) -> Iterator[int]:
    """On how many nodes tasks of the pool run, those that run on several."""
    for job in preview.spec.jobs.values():
        if job["pool"] == f"pools/{name}":
            for entry in job.get("tasks", {}).values():
                if "multiInstanceSettings" in entry:
                    yield entry["multiInstanceSettings"]["numberOfInstances"]


def _image(image: images.Image, preview: Preview) -> dict[str, Any]:
    """An image that the spec builds is taken as it is live: its newest version, with what it holds."""
    built = images.built(image)
    if not built:
        return {}
    made = preview.spec.images[built]
    live = {"id": f"{preview.spec.id_of(GALLERIES, made['gallery'])}/images/{built}"}
    return {"image": live, **({"containers": {"preloaded": True}} if made["preload"] else {})}
