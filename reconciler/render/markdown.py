"""Texts of others in markdown, as GitHub, GitLab and Azure DevOps read it: shown as they are, and inert.

Plain words stand as text. Everything else (names, paths, values, what looks like a link, a tag, a mention, a reference
to an issue or a commit, a formula, an emoji) is a code span, in which these readers look for none of it. Entities and
backslashes would not do: mentions, references and links are looked for after those are resolved. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from reconciler.render.plain import clean, lines

LIMIT = 65_536
"""What a comment on GitHub may have, in characters. The other forges take more."""
_TOKEN = re.compile(r"([(\"']*)(.*?)([)\"'.,:;?]*)")
_WORD = re.compile(r"(?![0-9a-f]{7,40}$)[^\W\d_]+(?:['-][^\W\d_]+)*|\d{1,6}(?:[.,]\d{1,6})*|[→%…±]|")
"""What stands as text: words, small numbers; no run of hex digits that may be a commit."""
_LONGEST_RUN = 10
"""Of backticks in a code span: readers stop counting somewhere (cmark at 80)."""


def code(text: str) -> str:
    """A text in one line as a code span; empty if it is."""
    text = clean(text)
    run = _longest_run(text)
    if run > _LONGEST_RUN:
        text, run = text.replace("`", "\\x60"), 0
    pad = " " if text.startswith(("`", " ")) or text.endswith(("`", " ")) else ""
    mark = "`" * (run + 1)
    return f"{mark}{pad}{text}{pad}{mark}" if text.strip() else ""


def cell(text: str) -> str:
    """The same for a cell of a table, which a bar would end."""
    return code(clean(text).replace("|", "\\x7c"))


def prose(text: str) -> str:
    """A message: its plain words as text, all else as code; lines stay lines."""
    return "<br>".join(map(_quoted, lines(text).split("\n")))


def fence(rows: Iterable[str], language: str) -> str:
    """Rows of clean text as a block of code."""
    text = "\n".join(rows)
    mark = "`" * max(3, _longest_run(text) + 1)
    return f"{mark}{language}\n{text}\n{mark}"


def folded(summary: str, content: str) -> str:
    """Something that opens on a click; the summary is ours."""
    return f"<details><summary>{summary}</summary>\n\n{content}\n\n</details>"


def size(text: str) -> int:
    """The length of a text, in bytes of UTF-8.

    GitHub takes 65,536 "characters" and has counted them as code points and as four bytes each; bytes are never fewer
    than any of these.
    """
    return len(text.encode())


def _quoted(line: str) -> str:
    """One line: runs of words that are no plain ones are one code span each, up to a comma or the like."""
    shown: list[str] = []
    run: list[str] = []
    for token in line.split():
        if _plain(token):
            shown += [*_coded(run), token]
            run = []
            continue
        run.append(token)
        if token.endswith((",", ";", ".")):
            shown += _coded(run)
            run = []
    return " ".join([*shown, *_coded(run)])


def _plain(token: str) -> bool:
    """Whether a word stands as text; `1.` and `1)` would be items of a list at the beginning of a line."""
    _, core, trail = _parts(token)
    return bool(_WORD.fullmatch(core)) and not (core.isdigit() and trail[:1] in (".", ")"))


def _coded(run: Sequence[str]) -> list[str]:
    """Words as a code span, with the signs around them left outside; nothing for no words."""
    if not run:
        return []
    lead, core, trail = _parts(" ".join(run))
    return [f"{lead}{code(core)}{trail}"]


def _parts(text: str) -> tuple[str, str, str]:
    """A text without the brackets, quotes and stops around it, and these."""
    match = _TOKEN.fullmatch(text)
    lead, core, trail = match.groups() if match else ("", text, "")
    return (lead, core + trail, "") if "(" in core else (lead, core, trail)


def _longest_run(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)
