"""A spec file, with what it extends, becomes a checked Spec.

Reads files and the given environment and nothing else: no network, no SDK.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from reconciler.errors import Problem, SpecError
from reconciler.spec.check import checked
from reconciler.spec.document import Document
from reconciler.spec.family import Sections
from reconciler.spec.reading import read, similar
from reconciler.spec.schema import Path_
from reconciler.spec.spec import Spec

Fact = TypeVar("Fact")
LOCAL_SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"


def load(
    path: Path,
    environ: Mapping[str, str],
    sections: Sections,
    cloud: str | None = None,
    today: date | None = None,
    *,
    trying: bool = True,
) -> Spec:
    """The spec in `path`; `cloud` overrides its azure.cloud. SpecError carries every problem at once.

    `sections` are what the families of kinds add to the schema.

    With `today`, what Azure has retired by then is a problem. Without, a spec that was good stays good: what is live
    must be seen and deleted whatever the date, and the plan judges what is new. Without `trying`, a pool may miss what
    is expected of it.
    """
    document = _read(path, environ)
    if (cloud or _cloud(document)) == "local":  # its subscription is known, whatever the environment says
        document = _read(path, _local(environ))
    _set_cloud(document, environ, cloud)
    return checked(document, sections, today, trying=trying)


def layers(path: Path, environ: Mapping[str, str]) -> list[Path]:
    """The file and all that it extends, each once; what cannot be read is among them, and ends there."""
    found, left = [], [path]
    while left:
        file = left.pop()
        if file in found:
            continue
        found.append(file)
        try:
            document = read(file, environ)
        except SpecError:
            continue
        left += [file.parent / base for _, base in _bases(document, [])]
    return found


def _local(environ: Mapping[str, str]) -> Mapping[str, str]:
    """The environment with the subscription of the local Azure: that which goes with its address, or its only one."""
    own = environ.get("AZURE_SUBSCRIPTION_ID") if "RECONCILE_RESOURCE_MANAGER" in environ else ""
    return {**environ, "AZURE_SUBSCRIPTION_ID": own or LOCAL_SUBSCRIPTION}


def _read(path: Path, environ: Mapping[str, str]) -> Document:
    """The document in `path` with all that it extends. SpecError if a part of it cannot be read at all."""
    unread: list[Problem] = []
    document = _extended(path, environ, (), unread)
    if unread:
        raise SpecError([*unread, *document.problems])
    return document


def _extended(path: Path, environ: Mapping[str, str], chain: tuple[Path, ...], unread: list[Problem]) -> Document:
    """The document in `path` merged over those that it extends; what cannot be read is added to `unread`."""
    result = Document(str(path), {})
    try:
        document = read(path, environ)
    except SpecError as error:
        unread.extend(error.problems)
        return result
    here = (*chain, path.resolve())
    for where, base in _bases(document, unread):
        base_path = path.parent / base
        if base_path.resolve() in here:
            way = " → ".join(part.name for part in (*here[here.index(base_path.resolve()) :], base_path))
            unread.append(document.problem(where, f"extends itself through {base} ({way}); take one of these away"))
        elif not base_path.is_file():
            reason = "is a folder" if base_path.is_dir() else "there is no such file"
            message = f"{base} cannot be laid under this file: {reason}{similar(base_path)}; paths start at its folder"
            unread.append(document.problem(where, message))
        else:
            _merge(result, _extended(base_path, environ, here, unread))
    document.value.pop("extends", None)
    _merge(result, document)
    return result


def _bases(document: Document, unread: list[Problem]) -> list[tuple[Path_, str]]:
    """The files that a document extends, each with the path where it says so."""
    extends = document.value.get("extends")
    if extends is None:
        return []
    bases = extends if isinstance(extends, list) else [extends]
    if not all(isinstance(base, str) and base for base in bases):
        if ("extends",) not in document.unread:
            unread.append(document.problem(("extends",), "must be a file name or a list of file names"))
        return []
    several = isinstance(extends, list)
    return [(("extends", index) if several else ("extends",), base) for index, base in enumerate(bases)]


def _merge(under: Document, over: Document) -> None:
    """Lay `over` on `under`: maps are merged, everything else is replaced, places go along."""
    replaced = _lay(under.value, over.value, ())
    _update(under.values, over.values, replaced)
    _update(under.keys, over.keys, replaced)
    _update(under.texts, over.texts, replaced)
    under.problems += over.problems
    under.unread |= over.unread
    under.partial |= over.partial


def _update(under: dict[Path_, Fact], over: Mapping[Path_, Fact], replaced: list[Path_]) -> None:
    """Take over what is known of the paths of another document, which replaced some paths as a whole."""
    for path in [p for p in under if any(p[: len(r)] == r for r in replaced)]:
        del under[path]
    under.update(over)


def _lay(under: dict[str, Any], over: Mapping[str, Any], path: Path_) -> list[Path_]:
    """Merge in place; the paths below which `under` was replaced as a whole."""
    replaced: list[Path_] = []
    for key, value in over.items():
        here = (*path, key)
        if isinstance(value, dict) and isinstance(under.get(key), dict):
            replaced += _lay(under[key], value, here)
        else:
            if key in under:
                replaced.append(here)
            under[key] = value
    return replaced


def _cloud(document: Document) -> Any:
    azure = document.value.get("azure")
    return azure.get("cloud") if isinstance(azure, dict) else None


def _set_cloud(document: Document, environ: Mapping[str, str], cloud: str | None) -> None:
    """Apply the override, and give the local cloud the subscription that it serves."""
    azure = document.value.get("azure")
    if not isinstance(azure, dict):
        return
    if cloud is not None:
        azure["cloud"] = cloud
    if azure.get("cloud") == "local":
        azure["subscription"] = _local(environ)["AZURE_SUBSCRIPTION_ID"]
