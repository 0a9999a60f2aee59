"""The tasks of a job in a preview: a few of each entry, under the names that their outputs have elsewhere. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.spec.previews import Preview
from reconciler.spec.tasks import Output, Task, path, places_filled


def fills(job: Mapping[str, Any]) -> dict[str, bool]:
    """The containers of outputs, and the one that files and lists of items go through."""
    results = dict.fromkeys(sorted(places_filled(job.get("tasks", {}))), True)
    return {**({job["staging"]: False} if "staging" in job else {}), **results}


def preview(name: str, job: dict[str, Any], preview: Preview) -> dict[str, Any]:
    staging = {"staging": preview.place(job["staging"])} if "staging" in job else {}
    tasks = {task: _few(name, entry, preview) for task, entry in job.get("tasks", {}).items()}
    return {**job, **staging, **({"tasks": tasks} if tasks else {})}


def _few(name: str, entry: Task, preview: Preview) -> dict[str, Any]:
    """An entry with a few of its tasks. Those that depend on others by values, or are for blobs that the preview makes,
    are few by themselves."""
    few: dict[str, Any] = {**entry, "outputs": [_output(name, output, preview) for output in entry["outputs"]]}
    few["inputs"] = [{**taken, "from": preview.place(taken["from"])} for taken in entry["inputs"]]
    if "forEach" in entry:
        few["forEach"] = preview.place(entry["forEach"])
    chosen = any(not isinstance(need, str) for need in entry["dependsOn"])
    made = "forEach" in entry and few["forEach"] != entry["forEach"]
    if ("sweep" in entry or "forEach" in entry) and not chosen and not made:
        few["sample"] = min(preview.sample, entry.get("sample", preview.sample))
    return few


def _output(name: str, output: Output, preview: Preview) -> dict[str, Any]:
    """An output under the name that it has outside of the preview, as far as that does not depend on its content."""
    return {**output, "to": preview.place(output["to"]), "path": path(output).replace("{{job}}", name)}
