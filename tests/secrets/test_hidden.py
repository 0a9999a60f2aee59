"""What is shown or written holds no secret and nothing that a terminal obeys, whoever put it there."""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.cli import door, journal
from reconciler.events import Event, StepFinished, StepLogged, StepWaiting
from reconciler.model import Action, Address, Outcome, Status, Step
from reconciler.render import plain
from reconciler.secret import MARK, hidden, hidden_in
from tests.secrets.kinds import made
from tests.secrets.shown import shown

KINDS = made()
BEFORE = st.sampled_from([" ", "\n", '"', "'", "(", ";", ", ", "\t", " = ", "<", "."])
AFTER = st.sampled_from([" ", "\n", '"', "'", ")", ";", ", ", "\t"])
ANY_KIND = st.sampled_from(sorted(KINDS))
CUT = {f"{place}: {shape}" for place in ("before", "after", "inside") for shape in ("text", "markdown")}
CUT |= {f"name{wire}: {shape}" for wire in ("", " (wire)") for shape in ("mermaid", "dot", "svg")}
"""Where a long value or name is cut before it comes to the secret."""


@given(ANY_KIND, st.text(), BEFORE, AFTER, st.text(), st.integers(0, 10**6))
def test_a_secret_goes_and_the_text_around_it_stays(
    kind: str, before: str, left: str, right: str, after: str, seed: int
) -> None:
    planted = made(seed)[kind]
    around = f"{before}{left}", f"{right}{after}"
    text = hidden(f"{around[0]}{planted.text}{around[1]}")
    assert planted.secret not in text
    assert MARK in text
    assert text.startswith(hidden(before))
    assert text.endswith(hidden(after))
    assert hidden(text) == text


@given(st.text())
def test_a_text_without_a_secret_is_shown_as_it_is(text: str) -> None:
    assert hidden(text) == text


@given(ANY_KIND, st.text(), st.text(), st.sampled_from([None, 2]))
def test_json_stays_json(kind: str, before: str, after: str, indent: int | None) -> None:
    text = plain.document({"a": [f"{before} {KINDS[kind].text} {after}", after], KINDS[kind].text: before}, indent)
    assert KINDS[kind].secret not in text
    assert json.dumps(KINDS[kind].secret)[1:-1] not in text
    assert len(json.loads(text)) == 2
    assert all(char.isprintable() or char == "\n" for char in text.replace("\\", ""))


def test_what_only_a_name_tells_is_hidden_by_its_name() -> None:
    settings = [{"name": "DB_PASSWORD", "value": "hunter2"}, {"name": "DB_HOST", "value": "db"}]
    value = {"environmentSettings": settings, "apiKey": "hunter2", "tokens": 5, "PASSWORD": "$OTHER"}
    assert hidden_in(value) == {
        "environmentSettings": [{"name": "DB_PASSWORD", "value": MARK}, {"name": "DB_HOST", "value": "db"}],
        "apiKey": MARK,
        "tokens": 5,
        "PASSWORD": "$OTHER",
    }


class Sink(io.BytesIO):
    """What went out, to a terminal or not."""

    def __init__(self, *, terminal: bool = False) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


@contextmanager
def passing(*, terminal: bool = False) -> Iterator[Sink]:
    """A command's time, in which all that it writes passes through the door into the sink."""
    sink = Sink(terminal=terminal)
    out = io.TextIOWrapper(sink, "utf-8")
    with redirect_stdout(out), door.hiding():
        yield sink
    out.detach()


@given(ANY_KIND, st.lists(st.integers(0, 400), max_size=6))
def test_a_secret_written_in_pieces_goes_too(kind: str, cuts: list[int]) -> None:
    data = f"first line\nsecond {KINDS[kind].text}\nlast ä\n".encode()
    with passing() as sink:
        for start, end in pairwise([0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]):
            sys.stdout.buffer.write(data[start:end])
        sys.stdout.flush()
    out = sink.getvalue()
    assert KINDS[kind].secret.encode() not in out
    assert out == hidden(data.decode()).encode()


def test_nothing_of_a_private_key_passes_before_its_end() -> None:
    body = [f"{number:02}" + "A" * 60 for number in range(8)]
    lines = ["before", "-----BEGIN RSA PRIVATE KEY-----", *body, "-----END RSA PRIVATE KEY-----", "after"]
    with passing() as sink:
        for line in lines:
            sys.stdout.buffer.write(f"{line}\n".encode())
            assert sink.getvalue() == b"before\n" or line in lines[-2:], line
    assert sink.getvalue() == f"before\n{MARK}\nafter\n".encode()


def test_a_line_that_never_ends_does_not_wait_for_ever() -> None:
    with passing() as sink:
        sys.stdout.buffer.write(b"x" * door.LONGEST)
        assert sink.getvalue() == b""
        sys.stdout.buffer.write(b"x")
        assert sink.getvalue() == b"x" * (door.LONGEST + 1)


def test_an_output_without_bytes_stays_as_it_is() -> None:
    out = io.StringIO()
    with redirect_stdout(out), door.hiding():
        assert sys.stdout is out
        print("text")
    assert out.getvalue() == "text\n"


def test_bytes_that_are_no_text_pass_unchanged() -> None:
    data = bytes(range(256)) * 400
    with passing() as sink:
        door.pour([data[:1000], data[1000:]], raw=False)
    assert sink.getvalue() == data


def test_both_outputs_are_restored_and_a_reader_that_left_is_no_error() -> None:
    sinks = io.BytesIO(), io.BytesIO()
    out, err = map(io.TextIOWrapper, sinks)
    with redirect_stdout(out), redirect_stderr(err):
        with door.hiding():
            print("a", KINDS["GitHub token"].text)
            print("b", KINDS["GitHub token"].text, file=sys.stderr)
        assert (sys.stdout, sys.stderr) == (out, err)
        print("after")
    out.flush()
    assert sinks[0].getvalue() == f"a {MARK}\nafter\n".encode()
    assert sinks[1].getvalue() == f"b {MARK}\n".encode()


@pytest.mark.parametrize(
    ("raw", "says"), [(False, "a\\x1b[2Jb\n\tä\\x9b \\xff\n"), (True, "a\x1b[2Jb\r\n\tä\x9b \udcff\n")]
)
def test_a_terminal_gets_no_control_characters_unless_they_are_asked_for(raw: bool, says: str) -> None:
    data = "a\x1b[2Jb\r\n\tä\x9b ".encode() + b"\xff\n"
    with passing(terminal=True) as sink:
        door.pour([data[i : i + 1] for i in range(len(data))], raw=raw)
    assert sink.getvalue().decode("utf-8", "surrogateescape") == says


@pytest.mark.parametrize("kind", KINDS)
def test_no_view_of_any_command_shows_a_secret(kind: str) -> None:
    secret = KINDS[kind].secret
    for name, text in shown(KINDS[kind].text).items():
        assert MARK in text or name in CUT, name
        assert secret not in text, name
        assert json.dumps(secret)[1:-1] not in text, name
        assert secret.splitlines()[min(1, secret.count("\n"))][:24] not in text, name


HOSTILE = "a\x1b[2J\x1b]0;title\x07b\x9b31m\u202ec\rd"


def test_no_view_of_any_command_obeys_what_others_wrote() -> None:
    for name, text in shown(HOSTILE).items():
        assert all(char.isprintable() or char == "\n" for char in text), name


def test_a_message_of_several_lines_has_several_lines() -> None:
    for name, text in shown("one thing\nanother thing").items():
        if name.split(":")[0] in ("reason", "note", "error", "detail", "fact") and name.endswith("text"):
            assert "\\x0a" not in text, name
            assert "one thing\n  " in text, name
            assert text.split("one thing\n")[1].lstrip(" ").startswith("another thing"), name


@pytest.mark.parametrize("kind", KINDS)
def test_no_file_of_a_run_holds_a_secret(kind: str, tmp_path: Path) -> None:
    text = f"before {KINDS[kind].text} after"
    step = Step("image_version/i", Address("image_version", "i"), Action.CREATE)
    events: list[Event] = [
        StepWaiting(step, text),
        StepLogged(step, "01-build", text),
        StepWaiting(step, f"more {text}"),
        StepLogged(step, "01-build", f"{text}\n{text}"),
        StepFinished(Outcome(step, Status.FAILED, 1.0, text)),
    ]
    heard: list[Any] = []
    write = journal.Journal("demo", heard.append, {}, tmp_path)
    for event in events:
        write(event)
    files = {path.name: path.read_text() for path in tmp_path.rglob("*") if path.is_file()}
    assert files.keys() == {"progress.log", "01-build.log"}
    for name, content in files.items():
        assert KINDS[kind].secret not in content, name
        assert MARK in content, name


@pytest.mark.parametrize(
    "text",
    [
        *("eyJ", "-----BEGIN ", "-----BEGIN PRIVATE KEY-----", "http://", "a.b+c-", "://:", "curl ", "docker login "),
        *("AAAA==", "--token ", "token=", "x~8Q~", "authorization: ", "sg.", "hf_", "eyJaaaaa.", "\"' :="),
        *("https://a-.webhook.office.com", "a" * 99, "password"),
    ],
)
def test_no_text_can_hold_a_command_up(text: str) -> None:
    """Whoever wrote it: the time must not grow with the square of its length, which here would be minutes."""
    whole = (text * 60_000)[:60_000] + "://"
    begun = time.process_time()
    hidden(whole)
    assert time.process_time() - begun < 5
