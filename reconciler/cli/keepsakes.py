"""What is left of a task whose node, and all that it wrote there, is gone: how it ended, and where its outputs are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from reconciler.azure import ends
from reconciler.cloud.cloud import Cloud
from reconciler.render.plain import clean
from reconciler.words import some


def told(cloud: Cloud, job: str, task: str, *, node_gone: bool) -> str:
    """Why a task of a job has nothing to show, and what there is of it all the same."""
    raw = cloud.batch().get_task(job, task).as_dict()
    info, node = raw.get("executionInfo") or {}, (raw.get("nodeInfo") or {}).get("nodeId", "")
    if "startTime" not in info or not node:
        return f"it has not run yet; reconcile why {job}/{clean(task)} says what it waits for"
    if raw["state"] != "completed":
        return "it has begun to run, and has written nothing yet; look again"
    how = ends.reason(info) or f"exit code {info.get('exitCode', 0)}"
    ended = f"it ended at {info.get('endTime', '')} with {clean(how)}"
    outputs = list(dict.fromkeys(_outputs(raw)))
    kept = f"its outputs went to {some(outputs)}" if outputs else "outputs: in the spec keeps files of a task"
    gone = "which is gone with all that it wrote there" if node_gone else "where its files are kept no longer"
    return f"{ended} on the node {clean(node)}, {gone}; {kept}"


def _outputs(raw: Mapping[str, Any]) -> Iterator[str]:
    """Where the outputs of a task go, without the signatures of their URLs."""
    for output in raw.get("outputFiles") or ():
        place = (output.get("destination") or {}).get("container") or {}
        url = urlsplit(str(place.get("containerUrl", "")))
        yield clean("/".join(part for part in (url.netloc + url.path.rstrip("/"), place.get("path", "")) if part))
