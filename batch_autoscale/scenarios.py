"""Formulas for the usual cases, made from a few parameters; each passes the linter."""

from __future__ import annotations

from typing import NotRequired, Required, TypedDict, Unpack

from batch_autoscale import names, times


class Parameters(TypedDict):
    max: Required[int]
    min: NotRequired[int]
    perNode: NotRequired[int]
    spot: NotRequired[bool]
    window: NotRequired[str]
    option: NotRequired[str]
    utcOffset: NotRequired[float]
    fromHour: NotRequired[int]
    untilHour: NotRequired[int]


"""The parameters of scenarios, with their defaults.

`max`, `min` (0): nodes. `perNode` (1): task slots of a node. `spot` (false): Spot nodes instead of dedicated ones.
`window` (PT5M): how far to look back. `option` (taskcompletion): what becomes of tasks on nodes that leave.
`utcOffset` (0): hours to add to UTC. `fromHour` (8), `untilHour` (18): the working hours.
"""
NAMES = {
    "pending-tasks": "a node for every `perNode` tasks that wait or run",
    "active-tasks": "a node for every `perNode` tasks that wait; nodes leave as the queue empties",
    "working-hours": "`max` nodes on Monday to Friday between two hours, `min` otherwise",
    "weekend": "`max` nodes on Saturday and Sunday, `min` otherwise",
}
"""Every scenario and what it does."""


def formula(name: str, **parameters: Unpack[Parameters]) -> str:
    """The formula of a scenario. ValueError names a scenario or a parameter that does not fit."""
    if name not in NAMES:
        raise ValueError(f"there is no scenario {name!r}; there are {', '.join(NAMES)}")
    _check(parameters)
    most, least = parameters["max"], parameters.get("min", 0)
    target, other = (names.SPOT, names.DEDICATED) if parameters.get("spot") else names.TARGETS
    body = _tasks(name, parameters) if name.endswith("-tasks") else _calendar(name, parameters)
    lines = [
        f"// {name}: from {least} to {most} nodes",
        f"maxNodes = {most}",
        f"minNodes = {least}",
        *body,
        f"{target} = max(minNodes, min(maxNodes, nodes))",
        f"{other} = 0",
        f"{names.OPTION} = {parameters.get('option', 'taskcompletion')}",
    ]
    return lines[0] + "\n" + "".join(f"{line};\n" for line in lines[1:])


def _check(parameters: Parameters) -> None:
    unknown = set(parameters) - set(Parameters.__annotations__)
    if unknown:
        raise ValueError(f"scenarios have no {sorted(unknown)[0]!r}; they have {', '.join(Parameters.__annotations__)}")
    if "max" not in parameters:
        raise ValueError("a scenario needs max, the most nodes it may ask for")
    most, least = parameters["max"], parameters.get("min", 0)
    if not 0 <= least <= most:
        raise ValueError(f"a pool cannot have from {least} to {most} nodes")
    if not 1 <= parameters.get("perNode", 1) <= 256:
        raise ValueError("perNode is the pool's task slots per node, from 1 to 256")
    if parameters.get("option", "requeue") not in names.OPTIONS:
        raise ValueError(f"option is one of {', '.join(names.OPTIONS)}")
    if not 0 <= parameters.get("fromHour", 8) < parameters.get("untilHour", 18) <= 24:
        raise ValueError("working hours go from fromHour to untilHour, both from 0 to 24")
    if not -14 <= parameters.get("utcOffset", 0) <= 14:
        raise ValueError("utcOffset is from -14 to 14 hours")
    if times.duration(parameters.get("window", "PT5M")) < 120:
        raise ValueError("window is at least PT2M: samples take a minute to arrive")


def _tasks(name: str, parameters: Parameters) -> list[str]:
    """Rises with the last sample, falls with the average; with few samples the last one decides (page, example 2)."""
    metric = "$PendingTasks" if name == "pending-tasks" else "$ActiveTasks"
    seconds = times.duration(parameters.get("window", "PT5M"))
    return [
        f"window = {seconds:g} * TimeInterval_Second",
        f"last = max(0, {metric}.GetSample(1))",
        f"tasks = {metric}.GetSamplePercent(window) < 70 ? last : max(last, avg({metric}.GetSample(window)))",
        f"nodes = ceil(tasks / {parameters.get('perNode', 1)})",
    ]


def _calendar(name: str, parameters: Parameters) -> list[str]:
    """Right whether Sunday counts as weekday 0 or as 7."""
    offset = parameters.get("utcOffset", 0)
    start, end = parameters.get("fromHour", 8), parameters.get("untilHour", 18)
    days = "now.weekday >= 1 && now.weekday <= 5"
    working = f"{days} && now.hour >= {start} && now.hour < {end}"
    return [
        f"now = time() + ({offset:g} * TimeInterval_Hour)",
        f"busy = {working}" if name == "working-hours" else f"busy = !({days})",
        "nodes = busy ? maxNodes : minNodes",
    ]
