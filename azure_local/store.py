"""The state of the local Azure, in one SQLite file so that it survives a restart, a kill or a full disk.

Documents are JSON under (kind, key); keys are compared without case, as Azure compares names. What is changed between
two awaits is one transaction. If the disk does not take it, all documents are again what the disk has, as after a
restart, and whoever changed something hears of it: a request by `written`, the background by `lost`.
"""

from __future__ import annotations

import asyncio
import errno
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

Document = dict[str, Any]
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}
"""What the system says of a disk that takes no more."""


class Unwritten(Exception):
    """The disk did not take a change, so nothing has changed; the message is the disk's."""


class Watcher(Protocol):
    """Keeps something of the documents of one kind: it hears of all of them first, and then of every change."""

    def begin(self, documents: Iterator[tuple[str, Document]], /) -> None: ...
    def note(self, key: str, document: Document | None, /) -> None: ...


class Store:
    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS documents (kind TEXT, key TEXT, body TEXT, PRIMARY KEY (kind, key))"
        )
        self._kinds: dict[str, dict[str, Document]] = {}
        self._watchers: dict[str, Watcher] = {}
        self.changed: Callable[[], None] = lambda: None
        """Called at every change."""
        self.lost = 0
        """How often changes have been taken back."""
        self._read()

    def watch(self, kind: str, watcher: Watcher) -> None:
        self._watchers[kind] = watcher
        watcher.begin(self.items(kind))

    def get(self, kind: str, key: str) -> Document | None:
        return self._kinds.get(kind, {}).get(key.lower())

    def put(self, kind: str, key: str, document: Document) -> Document:
        """Keep `document`; the caller keeps the same object, and puts it again after a change. Unwritten."""
        key = key.lower()
        self._write(
            "INSERT INTO documents VALUES (?, ?, ?) ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body",
            (kind, key, json.dumps(document)),
        )
        self._kinds.setdefault(kind, {})[key] = document
        if kind in self._watchers:
            self._watchers[kind].note(key, document)
        self.changed()
        return document

    def delete(self, kind: str, key: str) -> None:
        if self.get(kind, key) is not None:
            self._write("DELETE FROM documents WHERE kind = ? AND key = ?", (kind, key.lower()))
            del self._kinds[kind][key.lower()]
            if kind in self._watchers:
                self._watchers[kind].note(key.lower(), None)
            self.changed()

    def items(self, kind: str, prefix: str = "") -> Iterator[tuple[str, Document]]:
        """Documents whose key starts with `prefix`, in the order in which they were made."""
        start = prefix.lower()
        return iter([(key, body) for key, body in self._kinds.get(kind, {}).items() if key.startswith(start)])

    def list(self, kind: str, prefix: str = "") -> list[Document]:
        return [body for _, body in self.items(kind, prefix)]

    @contextmanager
    def written(self) -> Iterator[None]:
        """What is done in this context is on the disk at its end. Unwritten if it is not, or if other files are not."""
        lost = self.lost
        try:
            yield
        except OSError as error:
            if error.errno not in FULL:
                raise
            self._take_back()
            raise Unwritten(str(error)) from error
        self.commit()
        if self.lost != lost:
            raise Unwritten("what had been changed was taken back")

    def commit(self) -> None:
        """Bring to the disk what was changed since the last await. Unwritten if it does not take it."""
        if self._db.in_transaction:
            try:
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                self._take_back()
                raise Unwritten(str(error)) from error

    def close(self) -> None:
        with suppress(Unwritten):
            self.commit()
        self._db.close()

    def _write(self, statement: str, values: tuple[str, ...]) -> None:
        try:
            if not self._db.in_transaction:
                self._db.execute("BEGIN")
                asyncio.get_running_loop().call_soon(self._commit_later)
            self._db.execute(statement, values)
        except sqlite3.Error as error:
            self._take_back()
            raise Unwritten(str(error)) from error

    def _commit_later(self) -> None:
        with suppress(Unwritten):  # whoever changed something sees `lost`
            self.commit()

    def _take_back(self) -> None:
        self.lost += 1
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")
        self._read()

    def _read(self) -> None:
        """Make all documents what the disk has; those that are known stay the same objects."""
        known, self._kinds = self._kinds, {}
        for kind, key, body in self._db.execute("SELECT kind, key, body FROM documents ORDER BY rowid"):
            document = known.get(kind, {}).get(key, {})
            document.clear()
            document.update(json.loads(body))
            self._kinds.setdefault(kind, {})[key] = document
        for kind, watcher in self._watchers.items():
            watcher.begin(self.items(kind))
