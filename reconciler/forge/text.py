"""The text of a comment or an issue of ours: a marker by which it is known again, and what is said, cut to fit."""

from __future__ import annotations

import re
from collections.abc import Sequence

from reconciler.render.markdown import LIMIT, size

NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?")
"""A name that can stand in a marker, in that of an artifact, of a file and of a tag."""
_MARKER = re.compile(r"<!-- reconcile ci (\S+)(?: sha256:([0-9a-f]{64}))? -->")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})([^\n]*)")
_ROOM = 200
"""For what is said where a text was cut, in bytes."""


def made(name: str, text: str, link: str, digest: str = "") -> tuple[str, bool]:
    """The whole body, and whether the text was cut; `link` is where the whole of it is, `digest` that of a plan."""
    head = f"{marker(name, digest)}\n"
    below = f"\n\nThe saved plan has the digest `sha256:{digest}`.\n" if digest else "\n"
    kept, cut = fitted(text, link, LIMIT - size(head + below))
    return head + kept + below, cut


def fitted(text: str, link: str, room: int = LIMIT) -> tuple[str, bool]:
    """The text in at most `room` bytes of UTF-8, which are never fewer than characters, and whether that cut it.

    That it was cut stands first: what the text leaves open, such as a fold, might hide it below.
    """
    text = text.strip()
    if size(text) <= room:
        return text, False
    kept = _cut(text, room - size(link) - _ROOM)
    where = f"; [the run]({link}) has the whole" if link else ""
    return f"✂️ **Cut**: {size(kept):,} of {size(text):,} bytes stand here{where}.\n\n{kept}", True


def marker(name: str, digest: str = "") -> str:
    """The comment, which nobody sees, that a body of ours begins with."""
    return f"<!-- reconcile ci {name}{f' sha256:{digest}' if digest else ''} -->"


def named(body: str) -> tuple[str, str] | None:
    """The name and the digest (or nothing) in the marker that a body begins with; None if it begins with none."""
    match = _MARKER.match(body)
    return (match[1], match[2] or "") if match else None


def _cut(text: str, room: int) -> str:
    """The lines of a text that have room, with what they leave open closed; of a first line too long, a part."""
    kept: list[str] = []
    left = room
    for line in text.splitlines():
        left -= size(line) + 1
        if left < 0:
            break
        kept.append(line)
    while kept and size(_closed(kept)) > room:
        kept.pop()
    return _closed(kept) or text.encode()[:room].decode(errors="ignore").splitlines()[0]


def _closed(lines: Sequence[str]) -> str:
    """Lines, and what closes the block of code, the comment and the folds that are open after them."""
    fence, folds, hiding = "", 0, False
    for line in lines:
        match = _FENCE.match(line)
        if not fence and match:
            fence = match[1]
        elif fence and match and match[1].startswith(fence) and not match[2].strip():
            fence = ""
        elif not fence:
            folds += line.count("<details") - line.count("</details>")
            hiding = line.rfind("<!--") > line.rfind("-->") or (hiding and "-->" not in line)
    ends = [*([fence] if fence else []), *(["-->"] if hiding else []), *["\n</details>"] * max(folds, 0)]
    return "\n".join([*lines, *ends])
