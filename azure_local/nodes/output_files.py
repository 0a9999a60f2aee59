"""Output files: files of a task that are uploaded to blob containers when it has ended."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from azure_local.nodes.exit_conditions import UPLOAD_FAILED
from azure_local.nodes.failures import Refused
from azure_local.nodes.resource_files import ResourceFiles
from azure_local.reach.places import Place

WANTED = {"tasksuccess": (True,), "taskfailure": (False,), "taskcompletion": (True, False)}
"""Upload condition → the outcomes (success or not) for which it uploads."""


async def upload(
    files: ResourceFiles, place: Place, outputs: list[dict[str, Any]], folder: Path, work: Path, *, success: bool
) -> None:
    """Upload the matching files from a node at a place. Refused if one cannot be written."""
    for output in outputs:
        if success not in WANTED[output["uploadOptions"]["uploadCondition"]]:
            continue
        container = output["destination"].get("container") or {}
        paths = matching(output["filePattern"], folder, work)
        async with files.client(container, place) as client:
            for path, name in paths:
                headers = {"x-ms-blob-type": "BlockBlob"}
                headers |= {item["name"]: item.get("value", "") for item in container.get("uploadHeaders") or ()}
                url = _target(container, name, whole=not _wild(output["filePattern"]))
                try:
                    answer = await client.put(url, content=path.read_bytes(), headers=headers)
                except httpx.HTTPError as error:
                    raise _failed(str(error), path) from error
                if answer.status_code != 201:
                    raise _failed(f"HTTP status {answer.status_code}", path)


def _failed(reason: str, path: Path) -> Refused:
    text = "An error occurred while uploading the files of the task"
    return Refused(UPLOAD_FAILED, text, Message=reason, FilePath=str(path))


def matching(pattern: str, folder: Path, work: Path) -> list[tuple[Path, str]]:
    """The files in the task's directory that match a pattern, each with its path below the pattern's fixed part."""
    absolute = (work / pattern).parts
    fixed = next((index for index, part in enumerate(absolute) if _wild(part)), len(absolute) - 1)
    base = Path(*absolute[:fixed]).resolve()
    if not base.is_relative_to(folder.resolve()) or not base.is_dir():
        return []
    rest = "/".join(absolute[fixed:])
    paths = [path for path in sorted(base.glob(rest)) if path.is_file()]
    return [(path, str(path.relative_to(base))) for path in paths]


def _wild(text: str) -> bool:
    return any(mark in text for mark in "*?[")


def _target(container: dict[str, Any], name: str, *, whole: bool) -> str:
    """The blob's URL: `path` is its whole name if the pattern names one file, and otherwise a prefix of it."""
    base, _, query = str(container["containerUrl"]).partition("?")
    path = str(container.get("path", "")).strip("/")
    blob = (path or name) if whole else f"{path}/{name}" if path else name
    return f"{base.rstrip('/')}/{quote(blob)}{'?' + query if query else ''}"
