"""The status page: as text, and in a real browser, where there is one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from playwright.sync_api import Browser, Page, Route, ViewportSize

from reconciler.render import nodes_grid, status_document, status_page
from reconciler.render.plain import document
from reconciler.render.status import Load, Shown
from tests.render.browsing import CONTRAST, Elements, browser
from tests.render.statuses import NOW, RICH, SHOWN, WATCHED, hostile, pool
from tests.render.test_as_text import golden
from tests.render.test_markdown import NASTY, PIECES

__all__ = ["browser"]
SCHEMA = json.loads((Path(__file__).parents[2] / "schemas/status.schema.json").read_text())
URL = "http://status.test/"
Opened = Callable[..., Page]


def page(shown: Shown = SHOWN, every: float = 30.0, later: float = 0.0) -> str:
    return status_page.page(shown, NOW + timedelta(seconds=later), every)


@pytest.fixture
def opened(browser: Browser) -> Iterator[Opened]:
    """A function that opens what `make` gives, each time anew; at the end the page must have been quiet."""
    said: list[str] = []

    def open_(make: Callable[[], str] = page, *, dark: bool = False, width: int = 1200, script: bool = True) -> Page:
        size: ViewportSize = {"width": width, "height": 800}
        context = browser.new_context(
            color_scheme="dark" if dark else "light", viewport=size, java_script_enabled=script
        )
        shown = context.new_page()
        shown.on("console", lambda message: said.append(message.text))
        shown.on("pageerror", lambda error: said.append(str(error)))

        def answer(route: Route) -> None:
            if route.request.url.partition("#")[0] != URL:
                said.append(route.request.url)
            headers = {"Content-Security-Policy": status_page.POLICY, "Content-Type": "text/html; charset=utf-8"}
            route.fulfill(body=make(), headers=headers)

        shown.route("**/*", answer)
        shown.goto(URL)
        return shown

    yield open_
    for context in browser.contexts:
        context.close()
    assert said == []


def test_the_page_of_a_rich_status() -> None:
    golden("status.html", page(WATCHED))


def test_the_same_for_programs_is_as_its_schema_says() -> None:
    for shown in (WATCHED, hostile("x"), Shown("empty"), Shown("none", None, "no connection")):
        told = status_document.document([shown], NOW, 30.0)
        jsonschema.validate(json.loads(document(told)), SCHEMA)
    golden("status.json", document(status_document.document([WATCHED], NOW, 30.0), indent=2))


@pytest.mark.parametrize(
    ("shown", "later", "said"),
    [
        (SHOWN, 0.0, "12 s ago, and again every 30 s"),
        (SHOWN, 70.0, "1 min ago, and again"),
        (SHOWN, 100.0, "This is old: it is from 2026-11-27 19:59:48 UTC, 2 min ago."),
        (
            replace(SHOWN, error="no connection"),
            0.0,
            "It could not be read again; this is from 2026-11-27 19:59:48 UTC",
        ),
        (Shown("demo", None, "no connection"), 0.0, "It could not be read: no connection"),
        (Shown("demo"), 0.0, "It is being read for the first time."),
        (
            replace(SHOWN, standby="stands by; led by <bob>"),
            0.0,
            "This watch stands by; led by &lt;bob&gt;. It reads and changes nothing. What is shown is from 12 s ago.",
        ),
    ],
)
def test_a_page_says_how_old_it_is_and_why(shown: Shown, later: float, said: str) -> None:
    assert said in page(shown, later=later)


def test_a_browser_asks_again_before_a_long_interval_has_gone() -> None:
    assert '<body data-every="30">' in status_page.page(SHOWN, NOW, 300.0)


def test_before_any_spec_is_known_the_page_says_so() -> None:
    assert "No spec has been looked at yet." in status_page.overview([], NOW, 30.0)


def test_several_specs_have_a_table_with_links() -> None:
    told = status_page.overview([SHOWN, replace(SHOWN, name="a/b <x>")], NOW, 30.0)
    assert '<a href="specs/a%2Fb%20%3Cx%3E">a/b &lt;x&gt;</a>' in told


PLAIN = Elements(page(hostile("x"))).found


@settings(max_examples=40)
@given(NASTY | PIECES)
def test_no_text_makes_an_element(text: str) -> None:
    assert Elements(page(hostile(text))).found == PLAIN


@pytest.mark.parametrize("dark", [False, True])
def test_the_page_can_be_read_by_day_and_by_night(opened: Opened, dark: bool) -> None:
    shown = opened(dark=dark)
    shown.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    contrast, where = shown.evaluate(CONTRAST)
    assert contrast >= 4.5, where


@pytest.mark.parametrize("make", [page, lambda: page(hostile("x" * 300))], ids=["rich", "long"])
def test_nothing_is_wider_than_a_small_screen(opened: Opened, make: Callable[[], str]) -> None:
    assert opened(make, width=360).evaluate("document.documentElement.scrollWidth") == 360


def test_what_others_wrote_is_text(opened: Opened) -> None:
    text = """</style></title><script>alert(1)</script><img src=x onerror=alert(1)>"' onfocus=alert(1) &lt;"""
    shown = opened(lambda: page(hostile(text)))
    assert shown.evaluate("[document.scripts.length, document.images.length]") == [1, 0]
    assert shown.locator("h1").inner_text() == text


def test_nodes_are_one_stop_of_the_tab_key_and_tell_themselves(opened: Opened) -> None:
    shown = opened()
    first = shown.locator(".grid input").first
    first.focus()
    tip = shown.locator(".cell:has(input:focus) .tip")
    assert tip.inner_text() == "tvm-000, running, since 20:00:00 UTC"
    shown.keyboard.press("ArrowRight")
    assert tip.inner_text() == "tvm-001, running, since 19:59:00 UTC, runs 1 task"
    shown.keyboard.press("Tab")
    assert shown.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_hundreds_of_nodes_have_small_cells_and_a_table_of_the_worst() -> None:
    told = nodes_grid.grid(pool(600, more=400))
    assert told.count('type="radio"') == 600
    assert 'class="grid small"' in told
    assert "and 400 more nodes" in told
    assert told.index("<td>start task failed</td>") < told.index("<td>running</td>")


def test_nodes_that_are_measured_are_shaded_and_tell_how_busy_they_are() -> None:
    busy = {"tvm-000": Load(0.83, 0.4), "tvm-001": Load(None, 0.1)}
    whole = pool()
    measured = replace(whole, nodes=tuple(replace(node, load=busy.get(node.id)) for node in whole.nodes))
    told = nodes_grid.grid(measured)
    assert (told.count(" load4"), told.count(" load0")) == (1, 1)
    assert "tvm-000, running, since 20:00:00 UTC, CPU 83%, memory 40%" in told
    assert "runs 1 task, memory 10%" in told
    assert "<th>CPU</th><th>Memory</th>" in re.sub(r" scope=\S+?(?=>)", "", told)
    assert "from 80%" in nodes_grid.summary(measured)
    assert "Load" not in nodes_grid.summary(whole)
    assert "Load is not known: no &lt;way&gt;" in nodes_grid.summary(replace(whole, unmeasured="no <way>"))


def test_the_page_comes_anew_and_what_is_open_stays_open(opened: Opened) -> None:
    names = iter(["demo", *("demo again" for _ in range(1000))])
    shown = opened(lambda: page(replace(SHOWN, name=next(names), status=replace(RICH, place="here")), every=0.1))
    folded = shown.locator("details[data-key='nodes odd']")
    folded.locator("summary").click()
    shown.get_by_role("heading", name="demo again").wait_for()
    assert folded.evaluate("one => one.open")
    assert shown.evaluate("document.activeElement.parentElement.dataset.key") == "nodes odd"
    assert shown.title() == "! demo again"
    shown.get_by_role("button", name="Pause").click()
    assert shown.get_by_role("button", name="Go on").is_visible()


def test_without_a_script_the_page_is_whole_and_comes_anew(opened: Opened) -> None:
    shown = opened(script=False)
    assert shown.locator("section").count() == 8
    assert not shown.get_by_role("button", name="Pause").is_visible()
    assert shown.locator("noscript meta[http-equiv=refresh], meta[http-equiv=refresh]").count() == 1
