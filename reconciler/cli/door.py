"""The door through which all leaves that a command says: in what passes, secrets are hidden, whoever wrote them.

Standard output and error are wrapped while a command runs, so that no print, log, bar or traceback goes another way.
What is written to files goes through `hidden` where it is written.
"""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, TextIO

from reconciler.secret import hidden

LONGEST = 64 * 1024
"""How many bytes wait at most for the end of their line, or of the private key that they begin."""
_KEY = re.compile(rb"-----BEGIN [A-Z0-9 ]{0,60}PRIVATE KEY")
_KEY_ENDS = re.compile(rb"-----END [A-Z0-9 ]{0,60}-----[^\n]*\n")


@contextmanager
def hiding() -> Iterator[None]:
    """For its time, secrets are hidden in what goes to standard output and error."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = map(_wrapped, before)
    try:
        yield
    finally:
        inside, (sys.stdout, sys.stderr) = (sys.stdout, sys.stderr), before
        for stream in inside:
            _close(stream)


def pour(chunks: Iterable[bytes], *, raw: bool) -> None:
    """Write what a program wrote to standard output; in a terminal without control characters, unless `raw`."""
    if raw or not sys.stdout.isatty():
        for chunk in chunks:
            sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()
        return
    from codecs import getincrementaldecoder

    from reconciler.render import plain

    decoder = io.IncrementalNewlineDecoder(getincrementaldecoder("utf-8")("backslashreplace"), translate=True)
    for chunk in chunks:
        sys.stdout.write(plain.written(decoder.decode(chunk)))
    sys.stdout.write(plain.written(decoder.decode(b"", final=True)))
    sys.stdout.flush()


class _Hiding(io.BufferedIOBase):
    """Passes bytes on, line by line, because a secret may be written in pieces; `flush` passes on what waits."""

    def __init__(self, sink: BinaryIO) -> None:
        self.sink, self.waiting = sink, b""

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self.sink.isatty()

    def fileno(self) -> int:
        return self.sink.fileno()

    def write(self, data: object) -> int:
        piece = bytes(data)  # type: ignore[call-overload]
        self.waiting += piece
        ended = max((match.end() for match in _KEY_ENDS.finditer(self.waiting)), default=0)
        key = _KEY.search(self.waiting, ended)
        end = self.waiting.rfind(b"\n", 0, key.start() if key else None) + 1
        self._pass(len(self.waiting) if len(self.waiting) - end > LONGEST else end)
        return len(piece)

    def flush(self) -> None:
        self._pass(len(self.waiting))
        self.sink.flush()

    def _pass(self, end: int) -> None:
        ready, self.waiting = self.waiting[:end], self.waiting[end:]
        if ready:
            self.sink.write(hidden(ready.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape"))


def _wrapped(stream: TextIO) -> TextIO:
    """The stream with the door before its bytes; itself where it has none, as some that replace it.

    What its encoding lacks is escaped: a name that is no UTF-8, an arrow in a plain terminal.
    """
    sink = getattr(stream, "buffer", None)
    if sink is None:
        return stream
    stream.flush()
    return io.TextIOWrapper(_Hiding(sink), stream.encoding, "backslashreplace", write_through=True)  # type: ignore[type-var]


def _close(stream: TextIO) -> None:
    """Flush what waits; a reader that has gone is no matter any more."""
    try:
        stream.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    if isinstance(stream, io.TextIOWrapper) and isinstance(stream.buffer, _Hiding):
        stream.detach()
