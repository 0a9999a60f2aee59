"""A spec file, with what it extends, becomes a checked Spec.

Reads files and the given environment and nothing else: no network, no SDK.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from reconciler.errors import SpecError
from reconciler.spec.check import checked
from reconciler.spec.document import Document, read
from reconciler.spec.family import Sections
from reconciler.spec.schema import Path_
from reconciler.spec.spec import Spec

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
    document = _extended(path, environ, ())
    _set_cloud(document, environ, cloud)
    return checked(document, sections, today, trying=trying)


def _extended(path: Path, environ: Mapping[str, str], chain: tuple[Path, ...]) -> Document:
    """The document in `path` merged over those that it extends."""
    document = read(path, environ)
    if not isinstance(document.value, dict):
        raise SpecError([document.problem((), "must be a mapping that starts with apiVersion: reconciler/v1")])
    here = (*chain, path.resolve())
    result = Document(str(path), {})
    for where, base in _bases(document):
        base_path = path.parent / base
        if base_path.resolve() in here:
            raise SpecError([document.problem(where, f"extends itself through {base}")])
        if not base_path.is_file():
            raise SpecError([document.problem(where, f"there is no file {base_path}")])
        _merge(result, _extended(base_path, environ, here))
    document.value.pop("extends", None)
    _merge(result, document)
    return result


def _bases(document: Document) -> list[tuple[Path_, str]]:
    extends = document.value.get("extends")
    if extends is None:
        return []
    bases = extends if isinstance(extends, list) else [extends]
    if not all(isinstance(base, str) and base for base in bases):
        raise SpecError([document.problem(("extends",), "must be a file name or a list of file names")])
    several = isinstance(extends, list)
    return [(("extends", index) if several else ("extends",), base) for index, base in enumerate(bases)]


def _merge(under: Document, over: Document) -> None:
    """Lay `over` on `under`: maps are merged, everything else is replaced, places go along."""
    replaced = _lay(under.value, over.value, ())
    for places, new in ((under.values, over.values), (under.keys, over.keys)):
        for path in [p for p in places if any(p[: len(r)] == r for r in replaced)]:
            del places[path]
        places.update(new)


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


def _set_cloud(document: Document, environ: Mapping[str, str], cloud: str | None) -> None:
    """Apply the override, and give the local cloud the subscription that it serves."""
    azure = document.value.get("azure")
    if not isinstance(azure, dict):
        return
    if cloud is not None:
        azure["cloud"] = cloud
    if azure.get("cloud") == "local":
        azure["subscription"] = environ.get("AZURE_SUBSCRIPTION_ID") or LOCAL_SUBSCRIPTION
