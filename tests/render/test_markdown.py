"""Markdown of a plan: what must be decided comes first, what others wrote is inert, and it fits its limit."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from reconciler.model import Action, Address, Decision, Plan, Why
from reconciler.render import as_json, as_markdown, markdown, plain
from reconciler.render.review import NOTHING, Review
from tests.render.plans import RICH, hostile
from tests.render.test_as_text import golden

READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
OURS = re.compile(
    r"<details><summary>(Notes|Cost|[\d,]+ other resources?)</summary>|</details>|<br>|"
    r"<!-- reconcile plan [\w.~%-]* -->|<!-- sha256:0123 -->"
)
"""All HTML that we write."""
WORKS = re.compile(r"[@#$<>\[\]`|~_*\\]|://|www\.|(?<!\w)[0-9a-f]{7,40}(?!\w)|\w:\w+:")
"""What GitHub makes something of in a text: mentions, references, commits, links, formulas, emojis."""
NASTY = st.text(
    st.sampled_from("ab0 `|\\<>@#$*_~[]()!&;:/-+=.\n\r\t\x1b\u202e\u200b'\"") | st.characters(), max_size=40
)
PIECE = r"""</details> <!-- --> ``` ```` @team/x #12 o/r#1 GH-1 https://x.y www.x.y | \| <img> [a](b) ![a](b) deadbeef
1234567 $x$ :+1: &lt; -"""
PIECES = st.lists(st.sampled_from([*PIECE.split(), "\n\n", " ", "`" * 90]), max_size=6).map("".join)


@cache
def tokens(text: str) -> list[Token]:
    """All of it, the inline ones among the others."""
    return [one for block in READER.parse(text) for one in (block, *(block.children or ()))]


def blocks(text: str) -> list[str]:
    return [token.type for token in tokens(text) if token.block and token.level == 0]


@settings(max_examples=60)
@given(NASTY | PIECES)
@example("a\\|b `` | <!-- -->")
@example("1. an item")
@example("1) an item")
@example("+ an item")
def test_nothing_that_others_wrote_works(text: str) -> None:
    shown = as_markdown.plan(hostile(text))
    for token in tokens(shown):
        assert not token.type.startswith(("link", "image", "autolink", "em_", "s_", "heading_open.h1", "blockquote")), (
            token
        )
        if token.type.startswith("html_"):
            assert OURS.sub("", token.content.strip()) == "", token
        if token.type == "text":
            assert not WORKS.search(token.content), token
    assert blocks(shown) == blocks(as_markdown.plan(hostile("x"))), "they are those of any plan"
    assert shown.replace("\n", "").isprintable() or "\ufe0f" in shown


@given(NASTY | PIECES)
def test_code_shows_a_text_as_it_is(text: str) -> None:
    inline = READER.parseInline(f"a {markdown.code(text)} b")[0].children or []
    shown = [token.content for token in inline if token.type == "code_inline"]
    clean = plain.clean(text)
    if not clean.strip():
        assert shown == []
    elif "`" * 11 not in clean:
        assert shown == [clean]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("needs an empty pool, but it holds 3 nodes (2 idle);", "needs an empty pool, but it holds 3 nodes (2 idle);"),
        ("write rollout: {whenEmpty: drain} (or blueGreen)", "write rollout: `{whenEmpty: drain}` (or blueGreen)"),
        ("--target pool/a, pool/b.", "`--target pool/a`, `pool/b`."),
        ("ask @octocat about #12", "ask `@octocat` about `#12`"),
        ("one\ntwo `x`", "one<br>two `` `x` ``"),
        ("`" * 11, "`" + "\\x60" * 11 + "`"),  # readers lose count of long runs
    ],
)
def test_plain_words_are_text_and_all_else_is_code(text: str, shown: str) -> None:
    assert markdown.prose(text) == shown


def test_what_must_be_decided_comes_first() -> None:
    golden("plan.md", as_markdown.plan(RICH, link="https://example.org/runs/1"))


def test_a_plan_with_nothing_to_decide_says_so() -> None:
    plan = Plan("demo", (Decision(Address("pool", "a"), Action.NONE, Why.AS_DESIRED, "as desired"),), (), {})
    shown = as_markdown.plan(Review(plan))
    assert NOTHING in shown
    assert "Nothing to do: 1 resource as desired." in shown
    assert "<details>" not in shown


def many(number: int) -> Review:
    """The rich plan with so many more resources that are created and deleted."""
    new = [
        Decision(
            Address("pool", f"{action}-{index}"),
            action,
            Why.DIFFERS,
            "because " * 10,
            goes="x" * 50 * (action == "delete"),
        )
        for index in range(number)
        for action in (Action.CREATE, Action.DELETE)
    ]
    return replace(RICH, plan=replace(RICH.plan, decisions=(*RICH.plan.decisions, *new)))


@pytest.mark.parametrize("number", [10, 100, 1000])
@pytest.mark.parametrize("limit", [as_markdown.LEAST, markdown.LIMIT])
def test_a_long_plan_is_cut_where_it_may_be(number: int, limit: int) -> None:
    shown = as_markdown.plan(many(number), limit, "https://example.org/1")
    assert markdown.size(shown) <= limit
    assert shown.count("<details>") == shown.count("</details>") == shown.count("</summary>")
    assert shown.count("\n```") % 2 == 0
    assert "[The whole plan](https://example.org/1)" in shown
    assert f"| **Deletions** | {number + 2} |" in shown, "the sums are of the whole plan"
    assert ("**Cut**" in shown) == (number > 100 or (number == 100 and limit < markdown.LIMIT))
    if number == 1000:
        assert re.search(
            r"left out are [\d,]+ of 1,007 under “To decide”, .* 1,01\d of 1,011 under “1,011 other", shown
        ), shown[-400:]


@given(st.text(max_size=400), st.text("🗑é", max_size=900))
def test_what_must_be_decided_fits_whatever_it_is_called(text: str, long: str) -> None:
    shown = as_markdown.plan(hostile(long + text), as_markdown.LEAST)
    assert markdown.size(shown) <= as_markdown.LEAST
    assert "**Deletions** | 1 |" in shown


def test_what_a_plan_knows_of_permissions_and_needs_is_kept() -> None:
    assert as_json.read(as_json.plan(RICH.plan)) == RICH.plan


def test_a_plan_from_before_they_were_known_is_read() -> None:
    body = as_json.document(RICH.plan)
    del body["needs"]
    for decision in body["decisions"]:
        del decision["grants"]
    read = as_json.read(plain.document(body))
    assert (read.needs, {one.grants for one in read.decisions}) == ({}, {False})
