"""A conversion in a preview: of a few inputs, into containers of the preview. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.spec.previews import Preview


def fills(job: Mapping[str, Any]) -> dict[str, bool]:
    """The container of its results, and that of its scripts and records."""
    convert = job.get("convert")
    return {convert["scripts"]: False, convert["to"]: True} if convert else {}


def preview(name: str, job: dict[str, Any], preview: Preview) -> dict[str, Any]:
    convert = job.get("convert")
    if not convert:
        return job
    places = {key: preview.place(convert[key]) for key in ("from", "to", "scripts")}
    made = places["from"] != convert["from"]
    few = {} if made else {"sample": min(preview.sample, convert.get("sample", preview.sample))}
    tasks = {"tasks": min(preview.sample, convert.get("tasks", preview.sample))}
    return {**job, "convert": {**convert, **places, **few, **tasks, "deleteOrphans": False}}
