"""A spec file, with what it extends, becomes a checked Spec.

Reads files and the given environment and nothing else: no network, no SDK.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from reconciler.errors import SpecError
from reconciler.model import Address
from reconciler.spec.check import check
from reconciler.spec.document import Document, Path_, read
from reconciler.spec.spec import Spec, Target

LOCAL_SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
SUFFIXES = [".jpg", ".jpeg", ".jpe"]


def load(
    path: Path,
    environ: Mapping[str, str],
    cloud: str | None = None,
    today: date | None = None,
    *,
    trying: bool = True,
) -> Spec:
    """The spec in `path`; `cloud` overrides its azure.cloud. SpecError carries every problem at once.

    With `today`, what Azure has retired by then is a problem. Without, a spec that was good stays good: what is live
    must be seen and deleted whatever the date, and the plan judges what is new. Without `trying`, a pool may miss what
    is expected of it.
    """
    document = _extended(path, environ, ())
    _set_cloud(document, environ, cloud)
    problems = check(document, today, trying=trying)
    if problems:
        raise SpecError(problems)
    return built(document)


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


def built(document: Document) -> Spec:
    """The spec of a document that has been checked, defaults filled in."""
    value, file = document.value, document.file
    azure = value["azure"]
    return Spec(
        name=value["name"],
        file=file,
        azure=Target(
            cloud=azure.get("cloud", "public"),
            subscription=azure["subscription"],
            location=azure["location"].replace(" ", "").lower(),
            resource_group=azure["resourceGroup"],
            tags=azure.get("tags", {}),
            protect=azure.get("protect", False),
        ),
        storage={name: _storage(body or {}) for name, body in value.get("storage", {}).items()},
        identities={name: {"roles": [], **(body or {})} for name, body in value.get("identities", {}).items()},
        registries={name: _registry(body or {}) for name, body in value.get("registries", {}).items()},
        images={name: _image(body, Path(file).parent) for name, body in value.get("images", {}).items()},
        batch_account=value.get("batchAccount"),
        applications={name: {"allowUpdates": False, **body} for name, body in value.get("applications", {}).items()},
        pools={name: _pool(body) for name, body in value.get("pools", {}).items()},
        jobs={name: _job(body) for name, body in value.get("jobs", {}).items()},
        adopt=frozenset(map(Address.parse, value.get("adopt", []))) | _adopted(value.get("pools", {})),
        outputs=value.get("outputs", {}),
        budget=value.get("budget", {}),
    )


def _storage(body: Mapping[str, Any]) -> dict[str, Any]:
    containers = body.get("containers", {})
    if isinstance(containers, list):
        containers = {name: {} for name in containers}
    return {**body, "containers": {name: options or {} for name, options in containers.items()}}


def _adopted(pools: Mapping[str, Any]) -> frozenset[Address]:
    return frozenset(Address("pool", name) for name, body in pools.items() if body.get("onExisting") == "adopt")


def _registry(body: Mapping[str, Any]) -> dict[str, Any]:
    builds = body.get("builds", {})
    default = {"dockerfile": "Dockerfile", "tag": "latest", "arguments": {}, "timeoutMinutes": 60}
    return {**body, "builds": {name: {**default, **build} for name, build in builds.items()}}


def _image(body: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    size = "Standard_NC4as_T4_v3" if body.get("gpu") else "Standard_D2s_v3"
    machine = {"size": size, "keepOnFailure": False, "expiresAfterHours": 8, **body.get("buildVm", {})}
    empty: dict[str, Any] = {"gpu": False, "version": "auto", "keep": 3, "excludeFromLatest": False, "definition": {}}
    steps = {key: [_step(step, folder) for step in body.get(key, [])] for key in ("scripts", "verify")}
    return {**empty, "preload": [], "packages": [], **body, **steps, "buildVm": machine}


def _step(step: Mapping[str, str], folder: Path) -> dict[str, str]:
    """A build step with its script as text."""
    text = step["run"] if "run" in step else (folder / step["file"]).read_text()
    return {"name": step["name"], "script": text}


def _pool(body: Mapping[str, Any]) -> dict[str, Any]:
    nodes = body["nodes"] if isinstance(body["nodes"], dict) else {"dedicated": body["nodes"]}
    identity = body.get("identity", [])
    return {
        "taskSlotsPerNode": 1,
        **body,
        "nodes": {"dedicated": 0, "spot": 0, **nodes},
        "identity": [identity] if isinstance(identity, str) else identity,
    }


def _job(body: Mapping[str, Any]) -> dict[str, Any]:
    if "convert" not in body:
        return dict(body)
    convert = body["convert"]
    account = convert["to"].split("/")[1]
    return {
        **body,
        "convert": {
            "scripts": f"storage/{account}/scripts",
            "suffixes": SUFFIXES,
            "prefix": "",
            "deleteOrphans": False,
            **convert,
        },
    }
