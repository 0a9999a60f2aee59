"""Parts of pages: texts that others wrote, tables, and the policy of a page that takes nothing from anywhere. Pure."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from html import escape

from reconciler.render import review
from reconciler.render.plain import clean


def text(written: str) -> str:
    """A text in one line."""
    return escape(clean(written))


def message(written: str) -> str:
    """A text with as many lines as it has."""
    return "<br>".join(map(escape, review.told(written)))


def table(head: Sequence[str], rows: Sequence[Sequence[str]], name: str = "", caption: str = "") -> str:
    """A table of cells that are HTML already; `name` is its class."""
    cells = "".join(f'<th scope="col">{cell}</th>' for cell in head)
    lines = "\n".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    titled = f"<caption>{caption}</caption>" if caption else ""
    told = f'<table class="{name}">{titled}<thead><tr>{cells}</tr></thead><tbody>\n{lines}\n</tbody></table>'
    return f'<div class="scroll">{told}</div>'


def folded(key: str, title: str, inside: str, *, opened: bool = False) -> str:
    """Something behind a line that opens it; `key` tells it from all others of the page. All are HTML already."""
    mark = " open" if opened else ""
    return f'<details data-key="{key}"{mark}><summary>{title}</summary><div class="inside">{inside}</div></details>'


def digest(content: str) -> str:
    """How a policy names a style sheet or a script that stands in the page."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"


def policy(style: str) -> str:
    """The policy of a page with this style sheet and nothing else."""
    return f"default-src 'none'; style-src {digest(style)}; base-uri 'none'; form-action 'none'"
