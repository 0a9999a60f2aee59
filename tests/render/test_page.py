"""The page of a plan in a real browser, if there is one: quiet, by day and night, by keyboard, on a small screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from playwright.sync_api import Browser, Page, ViewportSize

from reconciler.model import Action, Address, Decision, Plan, Step, Why
from reconciler.render import as_html, timeline
from reconciler.render.review import NOTHING, Review
from tests.render.browsing import CONTRAST, Elements, browser
from tests.render.plans import RICH, hostile
from tests.render.test_as_text import golden
from tests.render.test_markdown import NASTY, PIECES

__all__ = ["browser"]
Opened = Callable[..., Page]


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Opened]:
    """A function that opens the page of a review; at the end the page must have been quiet."""
    said: list[str] = []
    file = tmp_path / "plan.html"

    def open_(shown: Review = RICH, *, dark: bool = False, width: int = 1200) -> Page:
        file.write_text(as_html.plan(shown), encoding="utf-8")
        size: ViewportSize = {"width": width, "height": 800}
        page = browser.new_page(color_scheme="dark" if dark else "light", viewport=size)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: said.extend([] if request.url == file.as_uri() else [request.url]))
        page.goto(file.as_uri())
        return page

    yield open_
    for context in browser.contexts:
        context.close()
    assert said == []


@pytest.mark.parametrize("dark", [False, True])
def test_the_page_can_be_read_by_day_and_by_night(opened: Opened, dark: bool) -> None:
    page = opened(dark=dark)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == (
        "rgb(13, 17, 23)" if dark else "rgb(255, 255, 255)"
    )
    contrast, where = page.evaluate(CONTRAST)
    assert contrast >= 4.5, where
    colours = page.locator(".graph .create .box").first.evaluate("one => getComputedStyle(one).stroke")
    assert colours == ("rgb(63, 185, 80)" if dark else "rgb(26, 127, 55)")


def test_the_page_is_used_by_keyboard(opened: Opened) -> None:
    page = opened()
    seen = []
    for _ in range(100):
        page.keyboard.press("Tab")
        tag, text, outline = page.evaluate(
            "(one => [one.tagName, one.textContent.trim(), getComputedStyle(one).outlineStyle])(document.activeElement)"
        )
        if tag == "BODY":
            break
        assert outline == "solid", f"the focus on {text!r} is not seen"
        seen.append(text)
        if text.startswith("+ storage_account/sa"):
            page.keyboard.press("Enter")
            assert page.get_by_text('"Standard_LRS"').is_visible()
    assert seen[:3] == ["To decide", "Policy", "Running work and data"]
    assert any(text.startswith("+ storage_account/sa") for text in seen)


@pytest.mark.parametrize("shown", [RICH, hostile("x" * 300)], ids=["rich", "long"])
def test_nothing_is_wider_than_a_small_screen(opened: Opened, shown: Review) -> None:
    assert opened(shown, width=400).evaluate("document.documentElement.scrollWidth") == 400


def test_what_others_wrote_is_text(opened: Opened) -> None:
    text = """</style></title><script>alert(1)</script><img src=x onerror=alert(1)>"' onfocus=alert(1) &lt;"""
    count = "document.querySelectorAll('*').length"
    page = opened(hostile(text))
    assert page.evaluate("[document.scripts.length, document.images.length]") == [0, 0]
    assert page.title() == f"Plan of {text}"
    assert page.evaluate(count) == opened(hostile("x")).evaluate(count)


PLAIN = Elements(as_html.plan(hostile("x"))).found


@settings(max_examples=40)
@given(NASTY | PIECES)
def test_no_text_makes_an_element(text: str) -> None:
    assert Elements(as_html.plan(hostile(text))).found == PLAIN


def test_the_page_of_a_rich_plan() -> None:
    golden("plan.html", as_html.plan(RICH))


def test_the_page_of_a_plan_with_nothing_to_do_says_so() -> None:
    page = as_html.plan(
        Review(Plan("demo", (Decision(Address("pool", "a"), Action.NONE, Why.AS_DESIRED, "as desired"),), (), {}))
    )
    assert NOTHING in page
    assert "1 unchanged" in page
    assert "Timeline" not in page


def test_of_a_large_plan_the_graph_has_only_what_changes() -> None:
    same = [
        Decision(Address("pool", f"same{number}"), Action.NONE, Why.AS_DESIRED, "") for number in range(as_html.DRAWN)
    ]
    new = Decision(Address("pool", "new"), Action.CREATE, Why.ABSENT, "not there yet")
    page = as_html.plan(Review(Plan("demo", (*same, new), (), {})))
    assert "pool/new: create" in page
    assert "pool/same0" not in page


def test_a_step_begins_when_those_before_it_are_done() -> None:
    names = {"a": (), "b": ("a",), "c": ("a", "gone"), "d": ("b", "c"), "x": ("y",), "y": ("x",)}
    steps = tuple(Step(name, Address("pool", name), Action.CREATE, after) for name, after in names.items())
    plan = Plan("demo", (), steps, {}, (), {"a": 10.0, "b": 5.0, "c": 20.0, "d": 1.0})
    spans = {span.step.id: (span.start, span.end, span.critical) for span in timeline.spans(plan, ("a", "c", "d"))}
    assert spans["b"] == (10.0, 15.0, False)
    assert spans["d"] == (30.0, 31.0, True)
    assert set(spans) == set(names), "steps in a file that wait for one another are told, too"
