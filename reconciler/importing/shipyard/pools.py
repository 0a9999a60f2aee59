"""The pool of Batch Shipyard as one of a spec."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

from reconciler.importing.shipyard import containers, data, machines, tasks
from reconciler.importing.shipyard.around import Nodes
from reconciler.importing.shipyard.part import Part
from reconciler.importing.shipyard.volumes import Volumes
from reconciler.render.as_yaml import Variable

SCENARIOS = {
    "active_tasks": "active-tasks",
    "pending_tasks": "pending-tasks",
    "workday": "working-hours",
    "workday_with_offpeak_max_low_priority": "working-hours",
    "weekday": "working-hours",
    "weekend": "weekend",
}
"""Scenario of Shipyard → ours."""
DEALLOCATION = {"requeue": "Requeue", "terminate": "Terminate", "taskcompletion": "TaskCompletion"}


def section(
    pool: Part, images: list[str], volumes: Volumes, azure: dict[str, Any], *, apptainer: bool
) -> dict[str, Any]:
    """What a spec says of the pool; `images` are the container images of its tasks, `azure` is where it is.

    `apptainer`: its tasks run in images of Singularity.
    """
    made: dict[str, Any] = {}
    if size := machines.size(pool):
        made["vmSize"] = size
    else:
        pool.told.open["pools.vmSize"] = "the pool has no vm_size"
    made |= machines.image(pool, containers=bool(images) or apptainer)
    made["nodes"] = _nodes(pool)
    if images:
        made["containers"] = {"images": images}
    if (slots := pool.number("max_tasks_per_node") or pool.number("task_slots_per_node") or 1) != 1:
        made["taskSlotsPerNode"] = slots
    if pool.flag("inter_node_communication_enabled"):
        made["interNodeCommunication"] = "Enabled"
    if (fill := pool.text("node_fill_type").capitalize()) in ("Pack", "Spread"):
        made["taskSchedulingPolicy"] = {"nodeFillType": fill}
    elif fill:
        pool.leave("node_fill_type", why="it is neither pack nor spread")
    if subnet := _subnet(pool.part("virtual_network"), azure):
        made["networkConfiguration"] = {"subnetId": subnet}
    if start := _start(pool, made, containers.INSTALL if apptainer else ()):
        made["startTask"] = start
    made |= {"mountConfiguration": volumes.mounts} if volumes.mounts else {}
    _inputs(pool)
    _runtimes(pool.part("container_runtimes"), apptainer=apptainer)
    return made


def nodes(pool: dict[str, Any]) -> Nodes:
    """What tasks need to know of a pool's section."""
    size, image, many = pool.get("vmSize", ""), pool["image"], pool["nodes"]
    scale = many.get("autoscale", {})
    counted = {_kind(scale): scale.get("max", 0)} if scale else {key: many.get(key, 0) for key in ("dedicated", "spot")}
    return Nodes(
        **counted,
        gpu=bool(machines.GPU.match(size)),
        infiniband=bool(machines.INFINIBAND.match(size)),
        containers="containers" in pool,
        windows="windows" in (str(image) + pool.get("nodeAgentSkuId", "")).lower(),
    )


def _kind(scale: dict[str, Any]) -> str:
    """Which nodes it scales."""
    return "spot" if scale.get("spot") else "dedicated"


def _nodes(pool: Part) -> dict[str, Any]:
    """`nodes`: a number of each kind, or what scales them."""
    if isinstance(pool.value.get("vm_count"), int):  # as it was before version 3
        count = {"dedicated": pool.number("vm_count") or 0, "spot": 0}
    else:
        part = pool.part("vm_count")
        count = {"dedicated": part.number("dedicated") or 0, "spot": part.number("low_priority") or 0}
    for kind in [kind for kind, many in count.items() if many < 0]:
        count[kind] = 0
    timeout = tasks.span(pool, "resize_timeout")
    if pool.has("autoscale") and (scale := _autoscale(pool.part("autoscale"), count)):
        if timeout:
            pool.leave("resize_timeout", why="a pool that scales by itself has none")
        for kind, key in (("dedicated", "dedicated"), ("spot", "low_priority")):
            if count[kind] and (kind != _kind(scale) or count[kind] != scale.get("min")):
                pool.leave("vm_count", key, why="the pool scales by itself")
        return {"autoscale": scale}
    kept = {kind: many for kind, many in count.items() if many} or {"dedicated": 0}
    return {**kept, **({"resizeTimeout": timeout} if timeout else {})}


def _autoscale(part: Part, count: dict[str, int]) -> dict[str, Any]:
    every = tasks.span(part, "evaluation_interval")
    when = {"every": every} if every and every != "PT5M" else {}
    if formula := part.text("formula"):
        part.taken.add("scenario")
        return {"formula": formula, **when}
    scenario = part.part("scenario")
    name = SCENARIOS.get(scenario.text("name"))
    most = scenario.part("maximum_vm_count")
    dedicated, spot = most.number("dedicated") or 0, most.number("low_priority") or 0
    if name is None or max(dedicated, spot) < 1:
        scenario.ignore()
        part.leave("scenario", why=f"its name is none of {', '.join(SCENARIOS)}, or it has no maximum_vm_count")
        return {}
    if dedicated > 0 and spot > 0:
        words = "a scenario of a spec has nodes of one kind: written for the dedicated ones; a formula can have both"
        most.change("low_priority", words=words)
    kind = "dedicated" if dedicated > 0 else "spot"
    limit = dedicated if dedicated > 0 else spot
    least = min(count[kind], limit)
    scenario.change(words=f"written as the scenario {name} of reconcile, whose formula is another")
    spots = {"spot": True} if kind == "spot" else {}
    return {"scenario": name, "max": limit, **({"min": least} if least else {}), **spots, **when}


def _subnet(network: Part, azure: dict[str, Any]) -> str:
    if whole := network.text("arm_subnet_id"):
        return whole
    name, subnet = network.text("name"), network.part("subnet").text("name")
    if not name or not subnet:
        return ""
    group = network.text("resource_group") or azure["resourceGroup"]
    rest = f"/resourceGroups/{group}/providers/Microsoft.Network/virtualNetworks/{name}/subnets/{subnet}"
    where = azure["subscription"]
    written = where.text if isinstance(where, Variable) else where
    network.change(words="its subnet must be there, in the subscription of the spec")
    return Variable(f"/subscriptions/{where}{rest}", f"/subscriptions/{written}{rest.replace('${', '$${')}")


def _start(pool: Part, made: dict[str, Any], first: Sequence[str]) -> dict[str, Any]:
    """The start task: the commands that Shipyard ran on each node as root, and the files that came to it."""
    prepare = pool.part("additional_node_prep")
    if isinstance(pool.value.get("additional_node_prep_commands"), list):  # as it was before version 3
        where, commands = pool, pool.texts("additional_node_prep_commands")
    else:
        where = prepare.part("commands") if prepare.has("commands") else pool.part("additional_node_prep_commands")
        commands = [*where.texts("pre"), *where.texts("post")]
    wrong = machines.misplaced(commands, made["image"])
    commands = [*first, *commands]
    files, variables = data.resource_files(pool), prepare.pairs("environment_variables")
    if not commands and not files:
        return {}
    if wrong:
        where.change(
            words=f"the image is {made['image']} now, and may have no such command as {wrong[:40]!r}; see to it"
        )
    windows = nodes(made).windows
    line = f'cmd /c "{" && ".join(commands)}"' if windows else _bash(commands)
    start: dict[str, Any] = {"commandLine": line if commands else "cmd /c exit 0" if windows else "/bin/true"}
    start |= {"elevationLevel": "Admin"} if commands else {}
    start |= {"environmentSettings": variables} if variables else {}
    return start | ({"resourceFiles": files} if files else {})


def _bash(commands: list[str]) -> str:
    return f"/bin/bash -c {shlex.quote('; '.join(['set -e', *commands]))}"


def _runtimes(runtimes: Part, *, apptainer: bool) -> None:
    """What runs containers: Docker's own runtime, or Apptainer in place of Singularity."""
    for index, name in enumerate(runtimes.texts("install")):
        if not (apptainer and name == "singularity"):
            runtimes.leave(
                "install", index, why=f"{name} is not on the nodes: Batch runs containers by Docker's runtime"
            )


def _inputs(pool: Part) -> None:
    """Blobs that came to each node, which a spec brings to tasks only."""
    if pool.has("input_data"):
        pool.part("input_data").ignore()
        pool.leave("input_data", why="blobs come to tasks, by inputs, or to nodes, by mountConfiguration")
