"""Which files of a folder are configurations of Batch Shipyard, and which of them belong together.

A file is known by its first keys, not by its name. Jobs and global settings go with the pool in their own folder, or in
the nearest one above; the only pool there is has all. credentials.yaml is not opened.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from reconciler.errors import Problem, ReconcileError, SpecError
from reconciler.importing.shipyard import names
from reconciler.spec import reading
from reconciler.spec.document import Document

SUFFIXES = (".yaml", ".yml", ".json")
POOL, JOBS = "pool_specification", "job_specifications"
GLOBAL = ("batch_shipyard", "global_resources", "data_replication")
OTHERS = ("remote_fs", "monitoring", "federation", "slurm")
USUAL = ("pool", "jobs", "config", "fs")
"""How the names of its files begin."""
CONFIG = ("config", "configs", "configuration")
"""Names of folders that tell nothing."""
STARTS = "a file of Batch Shipyard is a map that starts with pool_specification, job_specifications or batch_shipyard"
MOST = 1_000
"""Files beyond which a folder is not read: it cannot be meant."""


@dataclass(slots=True)
class Configuration:
    """What makes one spec: the files of one folder, `where` seen from the folder that was asked for.

    The names in its documents are seen from there, too. `others` are files of Batch Shipyard that make no pool or job.
    """

    where: Path
    pools: list[Document] = field(default_factory=list)
    jobs: list[Document] = field(default_factory=list)
    settings: list[Document] = field(default_factory=list)
    others: list[Document] = field(default_factory=list)


def configurations(folder: Path) -> list[Configuration]:
    """All that are below a folder. SpecError for files that cannot be read; ReconcileError if there is no pool."""
    if not folder.is_dir():
        raise ReconcileError(f"{folder} is no folder; name the one that holds pool.yaml and jobs.yaml")
    documents = _read(folder)
    made: dict[Path, Configuration] = {}
    for path, document in documents.items():
        if POOL in document.value:
            made.setdefault(path.parent, Configuration(path.parent)).pools.append(document)
    if not made:
        raise ReconcileError(_nothing(folder, documents))
    strays = []
    for path, document in documents.items():
        home = _home(path.parent, made)
        if home is None and JOBS in document.value and POOL not in document.value:
            words = f"no folder above {path} has a pool; put a file with {POOL} beside it"
            strays.append(document.problem((JOBS,), words, at_key=True))
        _sort(document, home, made)
    if strays:
        raise SpecError(strays)
    return list(made.values())


def _sort(document: Document, home: Configuration | None, made: dict[Path, Configuration]) -> None:
    """Put a document where it belongs; global settings above several pools belong to all of these."""
    if JOBS in document.value and home:
        home.jobs.append(document)
    folder = Path(document.file).parent
    below = [one for where, one in made.items() if where == folder or folder in where.parents or one is home]
    for one in below:
        if any(key in document.value for key in GLOBAL):
            one.settings.append(document)
    if home and any(key in document.value for key in OTHERS):
        home.others.append(document)


def _home(folder: Path, made: dict[Path, Configuration]) -> Configuration | None:
    """The configuration that a file in a folder belongs to."""
    near = next((made[place] for place in (folder, *folder.parents) if place in made), None)
    return near or (next(iter(made.values())) if len(made) == 1 else None)


def _read(folder: Path) -> dict[Path, Document]:
    """The files of Batch Shipyard below a folder, by their path from there. SpecError for all that cannot be read."""
    documents, problems = {}, list[Problem]()
    for path in _files(folder):
        seen = path.relative_to(folder)
        try:
            document = reading.read(path, None, STARTS, merges=True)
        except SpecError as error:
            if path.stem.lower().startswith(USUAL):  # others may be of any program
                problems += [replace(problem, file=str(seen)) for problem in error.problems]
            continue
        if any(key in document.value for key in (POOL, JOBS, *GLOBAL, *OTHERS)):
            documents[seen] = _seen(document, str(seen))
            problems += documents[seen].problems
    if problems:
        raise SpecError(problems)
    return documents


def _files(folder: Path) -> Iterator[Path]:
    """Files that may be of Batch Shipyard: pool.yaml before pool-gpu.yaml. Links to folders are not followed."""
    paths: list[Path] = []
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        paths += [Path(here) / name for name in files if _possible(name)]
        if len(paths) > MOST:
            raise ReconcileError(f"{folder} has more than {MOST:,} YAML files; name the folder of one configuration")
    yield from sorted((path for path in paths if path.is_file()), key=lambda path: (path.parent, path.stem, path.name))


def _possible(name: str) -> bool:
    return name.lower().endswith(SUFFIXES) and "cred" not in name.lower() and not name.startswith(".")


def _seen(document: Document, name: str) -> Document:
    """The document with places that name it so."""
    keys = {path: place._replace(file=name) for path, place in document.keys.items()}
    values = {path: place._replace(file=name) for path, place in document.values.items()}
    problems = [replace(problem, file=name) for problem in document.problems]
    return replace(document, file=name, keys=keys, values=values, problems=problems)


def _nothing(folder: Path, documents: Iterable[Path]) -> str:
    there = ", ".join(map(str, documents))
    found = f"there is only {there}, and reconcile makes neither jobs without a pool nor file servers" if there else ""
    return f"{folder} has no {POOL}: {found or 'name the folder that holds pool.yaml and jobs.yaml'}"


def name(folder: Path, where: Path) -> str:
    """The name of the spec of a configuration: that of its folders, from the one that holds a folder called config."""
    whole = folder.resolve()
    above = [whole.parent.parent.name] if whole.parent.name.lower() in CONFIG else []
    parts = [*above, whole.name] if whole.name.lower() not in CONFIG else [whole.parent.name]
    return names.spec("-".join([*parts, *(part for part in where.parts if part.lower() not in CONFIG)]))
