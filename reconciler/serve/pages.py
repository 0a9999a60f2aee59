"""What is answered for a path, whichever server asks: a page, a document, or that there is nothing.

The server sends HEADERS along with it, and answers only GET and HEAD, under names that are its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from reconciler.render import plain, status_document, status_page
from reconciler.serve.board import Board

HEADERS = {
    "Content-Security-Policy": status_page.POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
HTML, JSON, TEXT = "text/html; charset=utf-8", "application/json", "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    body: str
    type: str = HTML
    status: int = 200


def answer(board: Board, path: str) -> Answer:
    """For the decoded path below where the pages are: empty the spec, or all of several; `specs/NAME` one of them;
    `status.json` all for programs. Links are relative."""
    shown, now = board.shown(), datetime.now(UTC)
    if path == "status.json":
        return Answer(f"{plain.document(status_document.document(shown, now, board.every), indent=2)}\n", JSON)
    if not path and len(shown) != 1:
        return Answer(status_page.overview(shown, now, board.every))
    chosen = [one for one in shown if path in ("", f"specs/{one.name}")]
    if not chosen:
        return Answer("There is no such page here.\n", TEXT, 404)
    return Answer(status_page.page(chosen[0], now, board.every, back=len(shown) > 1))
