"""What is written is read back as the same values, whatever they are, and looks as a person would have written it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.render import as_yaml
from reconciler.spec import reading

HOSTILE = (
    "no", "on", "1e5", "010", "0x1f", "1_000", "12:30", "~", "null", "true", "", " ", "- x", "# x", "a: b", "a #b",
    "${HOME}", "$${X}", "$$$${", "x\ny\n", "x\n\n", "\n", " lead\nx", "trail \nx", "a\r\nb", "a\tb", "a\x00b",
    "a\x1b[2J", "\u2028", "\x85", "\ufeff", "\xa0", "😀", "ü", "'", '"', "%TAG", "@x", "`x`", "|", ">", "&a", "*a",
    "!tag", "? x", "=", "<<", "---", "...", "2026-01-01", "x" * 500, "{a: b}", "[1]", ".5", "5.", "+1", "-", "?", ":",
    ",", "Null", "TRUE", "#",
)  # fmt: skip
texts = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(HOSTILE)
keys = texts.filter(lambda key: key != "<<")
scalars = texts | st.integers(-(10**15), 10**15) | st.booleans()
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3), max_leaves=8
)


def again(value: Any, comments: tuple[str, ...] = ()) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "spec.yaml"
        path.write_bytes(as_yaml.spec(value, comments).encode())
        return reading.read(path, {"HOME": "/wrong", "X": "wrong"}).value


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_read_back(text: str) -> None:
    value = {"name": text, "list": [text], "map": {"key": {"deep": text}}}
    assert again(value) == value
    if text != "<<":
        assert again({text: text}) == {text: text}


@given(st.dictionaries(keys, values, min_size=1, max_size=4))
def test_any_value_is_read_back(value: dict[str, Any]) -> None:
    assert again(value) == value


@given(st.lists(texts, max_size=3).map(tuple))
def test_a_comment_stays_a_comment(comments: tuple[str, ...]) -> None:
    assert again({"a": 1}, comments) == {"a": 1}


def test_texts_of_several_lines_are_blocks_and_plain_ones_plain() -> None:
    value = {
        "formula": "a = 1;\n$b = ${c};\n",
        "roles": [{"role": "Reader", "scope": "sa"}],
        "word": "on",
        "n": 5,
    }
    text = "# made\nformula: |\n  a = 1;\n  $b = $${c};\nroles:\n  - role: Reader\n    scope: sa\nword: 'on'\nn: 5\n"
    assert as_yaml.spec(value, ["made"]) == text
