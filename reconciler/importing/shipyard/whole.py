"""A configuration of Batch Shipyard as a spec: composed, checked as `validate` does, and cut down to what passes.

What no check lets pass is left out with the reason that the check gives: a variable that holds a secret, a task, a job.
What is wrong with the pool itself stays, and is for a person to fill in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import PurePath
from typing import Any

from reconciler.errors import Problem, SpecError
from reconciler.importing.shipyard import jobs, names, pools, volumes
from reconciler.importing.shipyard.around import Around, Numbering
from reconciler.importing.shipyard.containers import docker
from reconciler.importing.shipyard.finding import GLOBAL, JOBS, OTHERS, POOL, Configuration
from reconciler.importing.shipyard.jobs import Places
from reconciler.importing.shipyard.part import Note, Part, Told
from reconciler.importing.shipyard.storage import ACR, Storage
from reconciler.kind.words import ordered
from reconciler.kinds import SECTIONS
from reconciler.spec.check import checked
from reconciler.spec.document import Document
from reconciler.spec.schema import Path_

REMOVABLE = (
    r"(jobs\.[^.]+\.tasks\.[^.]+\.environmentSettings\.[^.]+)\b.*",
    r"(jobs\.[^.]+\.commonEnvironmentSettings\.[^.]+)\b.*",
    r"(pools\.[^.]+\.startTask\.environmentSettings\.[^.]+)\b.*",
    r"(jobs\.[^.]+\.tasks\.[^.]+)\b.*",
    r"(pools\.[^.]+\.(?:startTask|mountConfiguration|networkConfiguration|taskSchedulingPolicy|licenseType))\b.*",
    r"(jobs\.[^.]+)\b.*",
)
"""Paths of problems → what is left out because of them: the first that matches."""


@dataclass(frozen=True, slots=True)
class Made:
    """A spec as a YAML document, what is told of it, and what is still wrong with it."""

    value: dict[str, Any]
    told: Told
    wrong: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Where:
    """What Shipyard kept in credentials.yaml: where all of it is. `guessed`: keys that a person did not name."""

    name: str
    azure: dict[str, Any]
    account: str
    guessed: dict[str, str]


def made(configuration: Configuration, where: Where, today: date) -> Made:
    """The spec of a configuration."""
    told, places = Told(dict(where.guessed)), Places()
    parts = [Part(document, told, (), document.value) for document in _documents(configuration)]
    value = _composed(parts, where, places)
    for part in parts:
        part.rest()
    value, wrong = _passing(value, places, told, today)
    told.open |= {problem.path: problem.message for problem in wrong}
    return Made(ordered(value, names=list), _sorted(told), wrong)


def _documents(configuration: Configuration) -> Iterator[Document]:
    """Each document once."""
    all_ = (*configuration.pools, *configuration.jobs, *configuration.settings, *configuration.others)
    yield from {document.file: document for document in all_}.values()


def _composed(parts: Sequence[Part], where: Where, places: Places) -> dict[str, Any]:
    for part in parts:
        part.taken |= {key for key in part.value if key not in (*GLOBAL, *OTHERS, JOBS, POOL)}  # of other programs
    storage = Storage(f"id-{where.name}")
    settings = [part for part in parts if any(part.has(key) for key in GLOBAL)]
    resources = [part.part("global_resources") for part in settings]
    mounted = volumes.read(_first(resources, "volumes"), storage)
    entries = [job for part in parts for job in part.parts(JOBS)]
    images = _images(resources, entries)
    apptainer = not images and any(task.has("singularity_image") for task in _tasks(entries))
    servers = _registries(resources, images, storage)
    made: dict[str, Any] = {}
    for part in (part.part(POOL) for part in parts if part.has(POOL)):
        name = _pool_name(part, made)
        places["pools", name] = part.at()
        made[name] = pools.section(part, images, mounted, where.azure, apptainer=apptainer)
    numbering = _numbering(settings)
    arounds = {pool: Around(pool, pools.nodes(made[pool]), mounted, storage, numbering) for pool in made}
    homes = {note.file: path[1] for path, note in places.items()}
    work = jobs.sections([(job, arounds[_home(job, homes)]) for job in entries], places)
    for pool in made.values():
        pool |= {"identity": f"identities/{storage.identity}"} if storage.used else {}
        if servers and "containers" in pool:
            pool["containers"] = {**pool["containers"], "registries": servers}
    return {
        "apiVersion": "reconciler/v1",
        "name": where.name,
        "azure": where.azure,
        **storage.sections(),
        "batchAccount": {"name": where.account},
        "pools": made,
        **({"jobs": work} if work else {}),
    }


def _home(job: Part, homes: Mapping[str, str]) -> str:
    """The pool of a job, by the files of pools: no job of Shipyard names one, and files are named alike."""
    file, all_ = job.document.file, list(homes.values())
    alike = [pool for home, pool in homes.items() if _rest(home) == _rest(file)]
    found = homes.get(file) or (alike[0] if len(alike) == 1 else all_[0])
    if len(all_) > 1:
        job.change(words=f"runs on {found} here, of the pools {', '.join(all_)}: Shipyard was told on which; see to it")
    return found


def _rest(file: str) -> str:
    """`gpu` for pool-gpu.yaml and jobs_gpu.yaml."""
    return re.sub(r"^(pools?|jobs?)[-_. ]*|[-_. ]*(pools?|jobs?)$", "", PurePath(file).stem.lower())


def _first(parts: Sequence[Part], key: str) -> Part:
    """The first that has a key, or the first."""
    empty = Part(Document(""), Told())
    return next((part for part in parts if part.has(key)), parts[0] if parts else empty)


def _pool_name(part: Part, made: Iterable[str]) -> str:
    text = part.text("id")
    name = names.unique(names.resource(text, "pool"), {other.lower() for other in made}, 64)
    if name != text:
        part.change("id", words=f"written {name}" + ("" if text else ", as it has none"))
    return name


def _images(resources: Sequence[Part], entries: Sequence[Part]) -> list[str]:
    """The container images that nodes have before they take tasks: those of the global settings, or of the tasks."""
    found = [image for part in resources for image in part.texts("docker_images")]
    found += [image for part in resources for image in _singularity(part)]
    for task in _tasks(entries) if not found else ():
        found += [image for key in ("docker_image", "image") if isinstance(image := task.value.get(key), str)]
        found += [docker(image)] if isinstance(image := task.value.get("singularity_image"), str) else []
    return list(dict.fromkeys(image.strip() for image in found if image.strip()))


def _singularity(resources: Part) -> Iterator[str]:
    """Docker images among the Singularity images; the others are told."""
    part = resources.part("singularity_images") if isinstance(resources.value.get("singularity_images"), dict) else None
    for kind in ("unsigned", "signed") if part else ():
        for image in part.parts(kind) if part else ():
            if name := docker(image.text("image")):
                yield name
            else:
                image.ignore()
                image.leave(why="nodes pull Docker images beforehand, and no others; a task pulls it when it begins")


def _tasks(entries: Sequence[Part]) -> Iterator[Part]:
    """The tasks of jobs, to be looked at only."""
    for job in entries:
        tasks = job.value.get("tasks")
        for task in tasks if isinstance(tasks, list) else ():
            yield Part(job.document, Told(), (), task)


def _registries(resources: Sequence[Part], images: Sequence[str], storage: Storage) -> list[str]:
    """The login servers of registries that the pool's identity pulls from."""
    servers = [image.partition("/")[0].lower() for image in images if image.partition("/")[0].lower().endswith(ACR)]
    for part in resources:
        more = part.part("additional_registries")
        for index, server in enumerate(more.texts("docker")):
            if server.lower().endswith(ACR):
                servers.append(server.lower())
            else:
                more.leave(
                    "docker", index, why="a pool pulls as an identity, from registries of Azure, or from public ones"
                )
    known = [server for server in dict.fromkeys(servers) if storage.registry(server)]
    for server in known:
        told = (resources[0] if resources else Part(Document(""), Told())).told
        told.open[f"registries.{server.removesuffix(ACR)}"] = "its resourceGroup, if that is not the spec's"
    return known


def _numbering(settings: Sequence[Part]) -> Numbering:
    made = Numbering()
    for part in settings:
        generated = part.part("batch_shipyard").part("autogenerated_task_id")
        prefix, width = generated.value.get("prefix"), generated.number("zfill_width")
        generated.text("prefix")
        if isinstance(prefix, str) or width:
            made = Numbering(prefix if isinstance(prefix, str) else made.prefix, min(max(width or 0, 0), 20))
    return made


def _passing(
    value: dict[str, Any], places: Places, told: Told, today: date
) -> tuple[dict[str, Any], tuple[Problem, ...]]:
    """What passes the checks of `value`, and the problems that nothing can be left out for."""
    while True:
        problems = _problems(value, today)
        found = next(((problem, cut) for problem in problems if (cut := _removable(problem.path, value))), None)
        if found is None:
            return value, tuple(problems)
        problem, path = found
        value = _without(value, path)
        place = _place(places, path)
        rest = problem.path.removeprefix(".".join(path)).lstrip(".")
        why = f"{rest}: {problem.message}" if rest else problem.message
        told.left.append(place._replace(words=f"left out, as validate would say {why}"))
        value = _with_work(value, places, told)


def _with_work(value: dict[str, Any], places: Places, told: Told) -> dict[str, Any]:
    """The document without jobs that have no task any more."""
    for name, job in value.get("jobs", {}).items():
        if not {"tasks", "jobManagerTask"} & job.keys():
            why = "left out, because none of its tasks is in the spec"
            told.left.append(_place(places, ("jobs", name))._replace(words=why))
            return _with_work(_without(value, ("jobs", name)), places, told)
    return value


def _problems(value: dict[str, Any], today: date) -> tuple[Problem, ...]:
    try:
        checked(Document("spec.yaml", _plain(value)), SECTIONS, today)
    except SpecError as error:
        return error.problems
    return ()


def _plain(value: Any) -> Any:
    """A copy, in which a text with a variable is what it stands for."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, str) else value


def _removable(path: str, value: dict[str, Any]) -> tuple[str, ...]:
    """The keys of what is left out because of a problem at a path; none if nothing can be."""
    for pattern in REMOVABLE:
        if match := re.fullmatch(pattern, path):
            keys = tuple(re.split(r"[.\[]", match[1]))
            if _there(value, keys):
                return keys
    return ()


def _there(value: Any, keys: Path_) -> bool:
    for key in keys:
        if not isinstance(value, dict) or key not in value:
            return False
        value = value[key]
    return True


def _without(value: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    """The document without what is at the keys, and without a job that then has no task."""
    first, *rest = keys
    if not rest:
        return {key: item for key, item in value.items() if key != first}
    inner = _without(value[first], tuple(rest))
    empty = not inner and (first in ("tasks", "jobs") or first.endswith("nvironmentSettings"))
    return {key: inner if key == first else item for key, item in value.items() if not (empty and key == first)}


def _place(places: Places, path: tuple[str, ...]) -> Note:
    """Where something in the spec came from, or the nearest around it that is known."""
    for end in range(len(path), 0, -1):
        if path[:end] in places:
            note = places[path[:end]]
            return note._replace(path=f"{note.path} ({'.'.join(path)})" if path[end:] else note.path)
    return Note("", 0, ".".join(path), "")


def _sorted(told: Told) -> Told:
    return Told(told.open, sorted(set(told.changed)), sorted(set(told.left)))
