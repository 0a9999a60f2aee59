"""The bytes of a file as YAML text, and what is wrong with text that is no YAML, in the words of those who write specs.

Each fault has the place where a person would mend it, and says how. Nothing of the parser's own wording is shown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import yaml

from reconciler.errors import Problem, SpecError

BOMS = {b"\xff\xfe\x00\x00": "UTF-32", b"\x00\x00\xfe\xff": "UTF-32", b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
FORBIDDEN = re.compile("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What YAML allows nowhere. Source: YAML 1.2.2, 5.1, c-printable."""
INDENTATION = re.compile(r"[ \t-]*")


def decoded(file: str, data: bytes) -> str:
    """The text of a file. SpecError if it is not UTF-8, or has a character that no YAML may have."""
    for mark, name in BOMS.items():
        if data.startswith(mark):
            raise SpecError([Problem(file, 1, 1, "", f"is {name}; save it as UTF-8")])
    if b"\0" in data[:4]:
        raise SpecError([Problem(file, 1, 1, "", "begins with NUL bytes: it is UTF-16, or no text; save it as UTF-8")])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        byte, place = data[error.start], _after(data[: error.start].decode("utf-8-sig"))
        message = f"is not UTF-8: here is the byte 0x{byte:02X}, as in Latin-1 or Windows-1252; save it as UTF-8"
        raise SpecError([Problem(file, *place, "", message)]) from None
    if match := FORBIDDEN.search(text):
        message = f"has the character U+{ord(match[0]):04X}, which does not show and which YAML forbids; delete it"
        raise SpecError([Problem(file, *_after(text[: match.start()]), "", message)])
    return text


def _after(text: str) -> tuple[int, int]:
    """The 1-based line and column of what follows `text`."""
    lines = text.split("\n")
    return len(lines), len(lines[-1]) + 1


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that the parser tells. `{start}` is the line of what it was reading, `{sign}` the character there.

    `at_start`: a person looks for it there, not where the parser gave up.
    """

    part: str
    words: str
    at_start: bool = False


UNCLOSED = "the text that starts with {sign} here does not end; add the closing {sign}"
FAULTS = (
    Fault("single document", "a second document starts here; a spec is one: take the line --- away, or split the file"),
    Fault(
        "mapping values are not allowed",
        "a colon is not expected here; indent this line like its neighbours, or put a value that has ': ' in quotes",
    ),
    Fault("find expected ':'", "this line is no `key: value`; add the colon and a space after its key", at_start=True),
    Fault("',' or ']'", "the list that starts with [ in line {start} does not end; add ], or a comma between entries"),
    Fault("',' or '}'", "the map that starts with {{ in line {start} does not end; add }}, or a comma between entries"),
    Fault("did not find expected key", "this does not belong to the value before it; put the whole value in quotes"),
    Fault("'-' indicator", "this is no entry of the list of line {start}; start each with - in the same column"),
    Fault("end of stream", UNCLOSED, at_start=True),
    Fault("document indicator", UNCLOSED, at_start=True),
    Fault("escape character", "\\ begins an escape in double quotes; write \\\\ for a plain \\, or use single quotes"),
    Fault("hexdecimal", "\\ begins an escape in double quotes; write \\\\ for a plain \\, or use single quotes"),
    Fault("escape code", "this escape is no character of Unicode; write the character itself"),
    Fault(
        "undefined alias",
        "a value that begins with * is an alias, and no anchor & has its name; put the value in quotes if it is text",
    ),
    Fault("duplicate anchor", "this anchor & is defined in line {start} already; give it another name"),
    Fault(
        "alphabetic or numeric",
        "a value that begins with {sign} is an alias or an anchor; put it in quotes if it is text",
        at_start=True,
    ),
    Fault("cannot start any token", "a value cannot begin with {at}; put it in quotes"),
    Fault("while scanning a directive", "a line cannot begin with %; put the text in quotes, or take the line away"),
    Fault("incompatible", "is YAML of a version that is not known; take the line with %YAML away", at_start=True),
    Fault("sequence entries", "an entry of a list cannot stand here; start it with - in a line of its own"),
    Fault("node content", "a value is missing, or a bracket or comma is too much"),
    Fault("tag", "a value that begins with ! is a tag, and tags are not supported; put it in quotes if it is text"),
    Fault("<document start>", "the document ended before this line; take the line ... away, or indent this one"),
    Fault(
        "comment or line break",
        "after {sign} nothing may stand in the line; start the text in the next line, indented",
        at_start=True,
    ),
    Fault("indentation indicator", "after {sign} the number is 1 to 9; leave it out", at_start=True),
)
INDENTED = Fault("", "this line is indented unlike its neighbours; start all keys of one map in the same column")
VARIABLE = Fault("", 'a variable inside {{...}} or [...] needs quotes; write "${{NAME}}"', at_start=True)
OPEN = Fault("", "the file ends within a list or a map; add its closing ] or }}")
GENERAL = Fault("", "look at the indentation, colons, quotes and brackets of this line and of the one before")


def fault(file: str, text: str, error: yaml.YAMLError) -> Problem:
    """What is wrong where the parser gave up."""
    mark: Any = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    start: Any = getattr(error, "context_mark", None) or mark
    told = f"{getattr(error, 'context', '')} {getattr(error, 'problem', '')}"
    lines = [*text.split("\n"), ""]
    if mark is not None and (tab := _tab(lines[min(mark.line, len(lines) - 1)], mark.column)) >= 0:
        words = "is not YAML: a tab is in the indentation, where YAML takes spaces only; replace it by spaces"
        return Problem(file, mark.line + 1, tab + 1, "", words)
    kind = next((fault for fault in FAULTS if fault.part in told), GENERAL)
    if mark is not None and start is not None:
        kind = _closer(kind, lines, mark, start)
    place = start if kind.at_start else mark
    if place is None:
        return Problem(file, 1, 1, "", f"is not YAML: {GENERAL.words}")
    words = kind.words.format(start=start.line + 1, sign=_sign(lines, start), at=_sign(lines, mark))
    return Problem(file, place.line + 1, place.column + 1, "", f"is not YAML: {words}")


def _closer(kind: Fault, lines: list[str], mark: Any, start: Any) -> Fault:
    """A closer description of a fault, from the text where it is."""
    before = lines[min(mark.line, len(lines) - 1)][: mark.column]
    if "expected key" in kind.part and not before.strip():
        return INDENTED
    if "',' or" in kind.part and "${" in lines[start.line][start.column :]:
        return VARIABLE
    ended = not "".join(lines[mark.line :])[mark.column :].strip()
    return OPEN if ended and kind.part == "node content" else kind


def _tab(line: str, column: int) -> int:
    """The index of a tab in the indentation of a line, if the parser came to it; else -1."""
    match = INDENTATION.match(line)
    tab = match[0].find("\t") if match else -1
    return tab if tab <= column else -1


def _sign(lines: list[str], mark: Any) -> str:
    """The character at a mark."""
    return lines[mark.line][mark.column : mark.column + 1] if mark.line < len(lines) else ""
