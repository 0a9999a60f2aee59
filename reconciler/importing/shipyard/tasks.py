"""A task of Batch Shipyard as an entry of `tasks` in a spec."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.importing.shipyard import commands, containers, data, factories, names
from reconciler.importing.shipyard.around import Around
from reconciler.importing.shipyard.commands import Command, Unsayable
from reconciler.importing.shipyard.factories import Factory
from reconciler.importing.shipyard.part import Part

COUNTS = {
    "pool_current_dedicated": "dedicated",
    "pool_specification_vm_count_dedicated": "dedicated",
    "pool_current": "dedicated",  # these two as it was before version 3
    "pool_specification_vm_count": "dedicated",
    "pool_current_low_priority": "spot",
    "pool_specification_vm_count_low_priority": "spot",
}
"""num_instances in words → which of the pool's nodes are counted."""


@dataclass(frozen=True, slots=True)
class Entry:
    value: dict[str, Any]
    count: int
    """How many tasks it makes, as far as is known."""


def entry(task: Part, job: Part, around: Around) -> Entry:
    """The entry but for what it depends on. Raises Unsayable."""
    if around.nodes.windows:
        raise Unsayable("its pool is of Windows, and a spec's commands are read by /bin/sh")
    factory = _factory(task, around)
    begin = containers.apptainer(task, around)
    settings = {} if begin else {"containerSettings": containers.settings(task, job, around)}
    value: dict[str, Any] = {**_run(task, job, factory, around, begin), **settings, **factory.entry}
    taken, moves = _inputs(task, job, around)
    value["command"] = _moved(value["command"], moves)
    environment = {name: around.volumes.path(text) for name, text in task.pairs("environment_variables").items()}
    if begin and task.has("multi_instance"):
        environment[commands.SINGULARITY] = begin
    lists = {
        "environmentSettings": environment,
        "inputs": taken,
        "resourceFiles": data.resource_files(task),
        "outputs": data.outputs(task, around.storage, several=bool(factory.entry)),
    }
    return Entry(value | {key: part for key, part in lists.items() if part} | _limits(task, job), factory.count)


def _factory(task: Part, around: Around) -> Factory:
    if not task.has("task_factory"):
        return Factory()
    factory = task.part("task_factory")
    if not factory.has("file"):
        return factories.read(factory)
    return data.blobs(factory.part("file"), around.storage)


def _run(task: Part, job: Part, factory: Factory, around: Around, begin: str) -> dict[str, Any]:
    """The command, and on how many nodes it runs; `begin` is what runs it in its image, if Batch does not."""
    several = task.part("multi_instance")
    text = _text(task, job, around)
    alone = not several.has("mpi")
    if begin and not (alone and task.has("multi_instance")):
        text = f"{begin} {text}"
    if factory.values or factory.entry:
        text = commands.formatted(text, factory.values, quoted=not alone or commands.needs_bash(text))
    before = several.text("pre_execution_command")
    if not task.has("multi_instance"):
        return {"command": commands.shell(text)}
    many = _instances(several, around)
    if alone:
        command: Command = commands.shell("; ".join(filter(None, (before.rstrip("; "), text))))
    else:
        command = commands.parallel(several.part("mpi"), before, text, max(1, many))
    return {"command": command, **_several(several, many, around.nodes.containers)}


def _text(task: Part, job: Part, around: Around) -> str:
    """The command as a text, in which paths and variables are those of the spec. Raises Unsayable."""
    text = task.text("command")
    if begin := task.text("entrypoint"):
        text = f"{begin} {text}".strip()
        task.change("entrypoint", words="written as the beginning of the command")
    if not text:
        task.leave("command", why="it is empty: Shipyard ran what the image itself runs")
        raise Unsayable("it has no command, which a spec needs; write what the image runs by itself")
    variables = {**job.pairs("environment_variables"), **task.pairs("environment_variables")}
    return around.volumes.path(commands.expanded(text, variables))


def _instances(several: Part, around: Around) -> int:
    text = several.text("num_instances")
    if text.isdecimal() and len(text) < 7:
        return int(text)
    kind = COUNTS.get(text, "")
    many = {"dedicated": around.nodes.dedicated, "spot": around.nodes.spot}.get(kind, 0)
    if kind:
        several.change("num_instances", words=f"{text} is written as a number: {many}")
        return many
    several.leave("num_instances", why=f"it is neither a number nor one of {', '.join(COUNTS)}")
    return 0


def _several(several: Part, many: int, in_containers: bool) -> dict[str, Any]:  # noqa: FBT001 what the nodes are
    start = several.text("coordination_command")
    for file in several.parts("resource_files"):
        file.ignore()
        file.leave(why="commonFiles are local files; put it beside the spec, and name it there")
    if many < 2:
        several.change("num_instances", words=f"it runs on one node, as the pool has {many} of that kind")
        return {}
    usual = commands.SSHD if in_containers else "/bin/true"
    if not start and in_containers:
        several.change(words=f"written {usual}, which its image started by itself; see that it is there")
    return {"multiInstanceSettings": {"numberOfInstances": many, "coordinationCommandLine": start or usual}}


def _inputs(task: Part, job: Part, around: Around) -> tuple[list[dict[str, str]], list[str]]:
    """Inputs of the task, and of its job, which Shipyard brought to the node once."""
    made, moves = data.inputs(task, around.storage)
    more, first = data.inputs(job, around.storage)
    return [*(one for one in more if one not in made), *made], [*first, *moves]


def _moved(command: Command, moves: list[str]) -> Command:
    if not moves:
        return command
    if isinstance(command, str):
        return " && ".join([*moves, command])
    return [*command[:-1], " && ".join([*moves, command[-1]])]


def _limits(task: Part, job: Part) -> dict[str, Any]:
    """How often and how long it runs, how long its files stay, and what follows from its end."""
    made: dict[str, Any] = {}
    if (often := task.number("max_task_retries")) is not None:
        made["maxTaskRetryCount"] = often
    if wall := span(task, "max_wall_time"):
        made["maxWallClockTime"] = wall
    if kept := span(containers.either(task, job, "retention_time"), "retention_time"):
        made["retentionTime"] = kept
    if ends := _ends(containers.either(task, job, "exit_conditions")):
        made["exitConditions"] = {"default": ends}
    if job.part("user_identity").flag("default_pool_admin"):
        made["elevationLevel"] = "Admin"
    return made


def span(part: Part, key: str) -> str:
    """A length of time in ISO 8601; empty if there is none."""
    text = part.text(key)
    made = names.duration(text)
    if text and not made:
        part.leave(key, why="it is no length of time such as 1.12:00:00 (d.HH:mm:ss)")
    return made


def _ends(part: Part) -> Mapping[str, str]:
    options = part.part("exit_conditions").part("default").part("exit_options")
    made = {}
    for key, name, known in (
        ("job_action", "jobAction", ("none", "disable", "terminate")),
        ("dependency_action", "dependencyAction", ("block", "satisfy")),
    ):
        text = options.text(key).lower()
        if text in known:
            made[name] = text.capitalize()
        elif text:
            options.leave(key, why=f"it is none of {', '.join(known)}")
    return {} if made in ({"jobAction": "None"}, {"jobAction": "None", "dependencyAction": "Block"}) else made
