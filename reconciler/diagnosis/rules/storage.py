"""Files that a task could not get from storage, or not bring there.

Source of the codes: TaskFailureInformationCodes of Batch's .NET client. What denied access is not told apart by Batch:
that the network did follows from the rules of the storage account.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from reconciler.diagnosis.facts import Facts, Found, failure, ids, said
from reconciler.model import Body

UPLOAD = "FileUpload"


def missing(facts: Facts) -> Found | None:
    tasks = [task for task in facts.failed if failure(task)["code"] in ("BlobNotFound", "ResourceContainerNotFound")]
    return Found(f"an input file of {ids(tasks)} is not there", _told(tasks)) if tasks else None


def closed(facts: Facts) -> Found | None:
    tasks = [task for task in facts.failed if _denied(task)]
    shut = {name: how for name, body in facts.storage.items() if (how := _shut(body))}
    names = [name for task in tasks for name in accounts(task, tuple(shut))]
    if not names:
        return None
    what = f"the storage account {names[0]} is closed to the nodes, and {ids(tasks)} could not use it"
    return Found(what, (f"{names[0]}: {shut[names[0]]}", *_told(tasks)), inferred=True)


def role(facts: Facts) -> Found | None:
    tasks = [task for task in facts.failed if _denied(task)]
    if not tasks:
        return None
    who = sorted({identity.rsplit("/", 1)[-1] for identity in _identities(tasks[0])})
    name = (
        f"the identity {', '.join(who)}"
        if who
        else "nobody that Batch could sign in as, for want of an identity or a link,"
    )
    return Found(f"{name} may not use the storage that {ids(tasks)} needs", _told(tasks))


def download(facts: Facts) -> Found | None:
    begins = ("BlobDownload", "ResourceContainerList", "ResourceFile", "ResourceDirectory")
    tasks = [task for task in facts.failed if str(failure(task)["code"]).startswith(begins)]
    return Found(f"an input file of {ids(tasks)} could not be brought to its node", _told(tasks)) if tasks else None


def output(facts: Facts) -> Found | None:
    tasks = [task for task in facts.failed if str(failure(task)["code"]).startswith(UPLOAD)]
    return Found(f"output files of {ids(tasks)} could not be uploaded", _told(tasks)) if tasks else None


def denied(facts: Facts) -> list[Body]:
    """The failed tasks that storage refused."""
    return [task for task in facts.failed if _denied(task)]


def accounts(task: Body, known: tuple[str, ...]) -> Iterator[str]:
    """Those of the `known` storage accounts that the task's files, or its failure, name: by host or path of a URL."""
    urls = [*_urls(task), *(word.strip(".,;:'\"()") for word in said(failure(task)).split() if "://" in word)]
    for url in urls:
        there = urlsplit(url)
        parts = {there.netloc.split(".")[0].lower(), *there.path.lower().split("/")[:2]}
        yield from (name for name in known if name.lower() in parts)


def _denied(task: Body) -> bool:
    error = failure(task)
    if not error:
        return False
    name = str(error["code"])
    return name.endswith("AccessDenied") or (name.startswith(UPLOAD) and "403" in said(error))


def _urls(task: Body) -> Iterator[str]:
    for file in task.get("resourceFiles") or ():
        yield str(file.get("httpUrl") or file.get("storageContainerUrl") or "")
    for file in task.get("outputFiles") or ():
        yield str(_container(file).get("containerUrl", ""))


def _identities(task: Body) -> Iterator[str]:
    outputs = [_container(file) for file in task.get("outputFiles") or ()]
    ours = outputs if str(failure(task)["code"]).startswith(UPLOAD) else task.get("resourceFiles") or ()
    for file in ours:
        if identity := (file.get("identityReference") or {}).get("resourceId"):
            yield identity


def _container(file: Mapping[str, Any]) -> Mapping[str, Any]:
    return (file.get("destination") or {}).get("container") or {}


def _shut(body: Body) -> str:
    """How the network rules of a storage account keep others out; empty if they do not."""
    if body.get("publicNetworkAccess") not in (None, "Enabled"):
        return f"publicNetworkAccess {body['publicNetworkAccess']}"
    rules = body.get("networkAcls") or {}
    return "networkAcls let in only those that they name" if rules.get("defaultAction") == "Deny" else ""


def _told(tasks: list[Body]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(said(failure(task)) for task in tasks))[:3]
