"""The state of the local Azure, in one SQLite file so that it survives a restart or a kill.

Documents are JSON under (kind, key); keys are compared without case, as Azure compares names.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Document = dict[str, Any]


class Store:
    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS documents (kind TEXT, key TEXT, body TEXT, PRIMARY KEY (kind, key))"
        )
        self._kinds: dict[str, dict[str, Document]] = {}
        self.changed: Callable[[], None] = lambda: None
        """Called at every change."""
        for kind, key, body in self._db.execute("SELECT kind, key, body FROM documents ORDER BY rowid"):
            self._kinds.setdefault(kind, {})[key] = json.loads(body)

    def get(self, kind: str, key: str) -> Document | None:
        return self._kinds.get(kind, {}).get(key.lower())

    def put(self, kind: str, key: str, document: Document) -> Document:
        """Keep `document`; the caller keeps the same object, and puts it again after a change."""
        self._kinds.setdefault(kind, {})[key.lower()] = document
        self._db.execute(
            "INSERT INTO documents VALUES (?, ?, ?) ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body",
            (kind, key.lower(), json.dumps(document)),
        )
        self.changed()
        return document

    def delete(self, kind: str, key: str) -> None:
        if self._kinds.get(kind, {}).pop(key.lower(), None) is not None:
            self._db.execute("DELETE FROM documents WHERE kind = ? AND key = ?", (kind, key.lower()))
            self.changed()

    def items(self, kind: str, prefix: str = "") -> Iterator[tuple[str, Document]]:
        """Documents whose key starts with `prefix`, in the order in which they were made."""
        start = prefix.lower()
        return iter([(key, body) for key, body in self._kinds.get(kind, {}).items() if key.startswith(start)])

    def list(self, kind: str, prefix: str = "") -> list[Document]:
        return [body for _, body in self.items(kind, prefix)]

    def clear(self) -> None:
        self._kinds.clear()
        self._db.execute("DELETE FROM documents")

    def close(self) -> None:
        self._db.close()
