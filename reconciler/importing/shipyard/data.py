"""Files that come to a task of Batch Shipyard, and those that it leaves, as a spec says them.

Source: Batch Shipyard, jobs configuration. In a spec blobs come to the working directory under their own names, with
the folders in them; the command moves them to where Shipyard had put them.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any

from reconciler.importing.shipyard import commands, reasons
from reconciler.importing.shipyard.commands import Unsayable
from reconciler.importing.shipyard.factories import Factory
from reconciler.importing.shipyard.part import Part
from reconciler.importing.shipyard.storage import Storage

WORKING, TASK = "$AZ_BATCH_TASK_WORKING_DIR", "$AZ_BATCH_TASK_DIR"
FILE_NAMES = {
    "file_path": "${RECONCILE_ITEM}",
    "file_name": "${RECONCILE_ITEM##*/}",
    "file_name_no_extension": '$(basename "${RECONCILE_ITEM%.*}")',
}


def resource_files(part: Part) -> list[dict[str, str]]:
    """Files from URLs. What follows the ? of a URL may be a signature, so it is left out."""
    made = []
    for file in part.parts("resource_files"):
        url, path, mode = (file.text(key) for key in ("blob_source", "file_path", "file_mode"))
        bare, _, query = url.partition("?")
        if not bare or not path:
            file.leave(why="it has no blob_source or no file_path")
            continue
        if query:
            file.change("blob_source", words="written without what follows the ?, which may let somebody in")
        made.append({"httpUrl": bare, "filePath": path, **({"fileMode": mode} if mode else {})})
    return made


def _sources(part: Part, key: str) -> Iterator[tuple[Part, str, str]]:
    """Each place in storage that a part names: container and the rest of its path."""
    data = part.part(key)
    for source in data.parts("azure_storage"):
        path = source.text("remote_path") or source.text("container")
        container, _, rest = path.strip("/").partition("/")
        if source.flag("is_file_share") or source.has("file_share"):
            source.ignore()
            source.leave(why="it is a file share, which needs a key; put the files into a container")
        elif not container:
            source.leave(why="it has no remote_path")
        else:
            yield source, container, rest


def inputs(part: Part, storage: Storage) -> tuple[list[dict[str, str]], list[str]]:
    """`inputs`, and what the command does first, so that the files are where Shipyard had put them."""
    made, moves = [], []
    for source, container, rest in _sources(part, "input_data"):
        place = storage.place(source, container)
        made.append({"from": place, **({"prefix": f"{rest}/"} if rest else {})})
        if source.texts("include"):
            source.leave("include", why="inputs has no patterns; all blobs below the prefix come")
        moves += _moved(source, rest)
    return made, moves


def _moved(source: Part, rest: str) -> list[str]:
    """A command that brings the blobs below `rest` to where Shipyard had put them."""
    to, given = source.text("local_path") or WORKING, source.text("blobxfer_extra_options")
    options = re.fullmatch(r"--strip-components[ =](\d+)", given)
    if given and not options:
        source.leave("blobxfer_extra_options", why=reasons.KEYS["blobxfer_extra_options"])
    flat = bool(options and int(options[1]) >= len(rest.split("/")) > 0 and rest)
    inside = to == WORKING or to.startswith(f"{WORKING}/")
    target = to.removeprefix(WORKING).strip("/") or "."
    if not inside:
        words = f"its blobs come to the working directory, below {rest or 'it'}, and not to {to}"
        source.change("local_path", words=words)
    elif flat or target != ".":
        come = shlex.quote(f"./{rest}/.") if flat else "."
        if come == ".":
            source.change("local_path", words=f"its blobs come to the working directory, and not to {target} below it")
            return []
        make = f"mkdir -p {shlex.quote(target)} && " if target != "." else ""
        return [f"{make}cp -R {come} {shlex.quote(target)}"]
    return []


def outputs(part: Part, storage: Storage, *, several: bool) -> list[dict[str, Any]]:
    """`outputs` of a task, or of one of `several`."""
    made = []
    for source, container, rest in _sources(part, "output_data"):
        place = storage.place(source, container)
        folder = _folder(source)
        if several:
            words = "the files of each task go to a folder of its own below it, so that none overwrites another"
            source.change("remote_path", words=words)
        for pattern in source.texts("include") or ["**/*"]:
            whole = f"{folder}/{pattern}" if folder else pattern
            one = not re.search(r"[*?\[]", whole)
            path = "/".join(filter(None, (rest, "{{task}}" * several, whole.rpartition("/")[2] if one else "")))
            made.append({"pattern": whole, "to": place, **({"path": path} if path else {})})
    return made


def _folder(source: Part) -> str:
    """The folder below the working directory that files are taken from."""
    text = source.text("local_path")
    if text == WORKING or text.startswith(f"{WORKING}/"):
        return text.removeprefix(WORKING).strip("/")
    if text and text != TASK:
        source.change("local_path", words=f"files are taken from the working directory, and not from {text}")
    return ""


def blobs(part: Part, storage: Storage) -> Factory:
    """A task for each blob of a container. Raises Unsayable."""
    source = part.part("azure_storage")
    container, _, rest = (source.text("remote_path") or source.text("container")).strip("/").partition("/")
    if source.flag("is_file_share") or not container:
        source.ignore()
        raise Unsayable("its files are on a file share, or nowhere; put them into a container")
    entry: dict[str, Any] = {"forEach": storage.place(source, container)}
    entry |= {"prefix": f"{rest}/"} if rest else {}
    entry |= {"patterns": include} if (include := source.texts("include")) else {}
    values = {name: commands.expression(text) for name, text in FILE_NAMES.items()}
    values["file_path_with_container"] = commands.expression(f"{container}/${{RECONCILE_ITEM}}")
    values |= {"url": commands.value("url"), "file_path": commands.value("item")}
    placed = part.text("task_filepath") or source.text("task_filepath") or "file_path"
    if placed not in values:
        part.leave("task_filepath", why="Shipyard knows no such name of a file")
    elif placed != "file_path":
        values[placed] = commands.value("item")
        part.change("task_filepath", words="the blob comes under its own name, and the command is given that")
    return Factory(entry, values, 1)
