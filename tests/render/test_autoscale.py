"""Autoscale simulations as text, compared with golden files, and as pictures."""

from __future__ import annotations

import io
import itertools
import xml.etree.ElementTree as ElementTree

import pytest
from PIL import Image

import batch_autoscale
from batch_autoscale import Result, Setting
from reconciler.render import plot
from reconciler.render.autoscale import Rates, costs, findings, simulation
from reconciler.render.sizing import sized
from tests.render.test_as_text import golden

PRICES = Rates(0.2, 0.05)
FORMULA = batch_autoscale.scenarios.formula("pending-tasks", max=10)


def pair(formula: str = FORMULA, nodes: int = 4) -> tuple[Result, Result]:
    setting = Setting("PT5M", price=PRICES.dedicated, spot_price=PRICES.spot)
    return batch_autoscale.compare(batch_autoscale.burst(40, duration=600), formula, nodes, setting)


def test_a_simulation_reads_like_the_golden_file() -> None:
    golden("autoscale.txt", simulation(*pair(), 4, PRICES))


@pytest.mark.parametrize(("file", "slots"), [("scenario", 1), ("formula", 2)])
def test_a_size_reads_like_the_golden_file(file: str, slots: int) -> None:
    """Tasks that take several slots need a formula of their own."""
    tasks = batch_autoscale.burst(200, duration=600, slots=slots)
    found = batch_autoscale.size(tasks, Setting("PT5M", slots=4, price=0.2, spot_price=0.05), 7200, 30, spot=True)
    golden(f"sizing-{file}.txt", sized(found, 7200, 4, PRICES, spot=True))


def test_why_evaluations_failed_is_told_once() -> None:
    scaled, fixed = pair("$TargetDedicatedNodes = min(9, avg($PendingTasks.GetSample(TimeInterval_Day)));")
    text = simulation(scaled, fixed, 4, PRICES)
    (line,) = [line for line in text.splitlines() if "failed with" in line]
    assert line.startswith(f"{len(scaled.failures)} failed with InsufficientSampleData, first at 1:59: ")
    assert line.endswith("wanted 70%, received 0%")


def test_findings_have_places_that_an_editor_jumps_to_and_a_verdict() -> None:
    wrong = findings("f.txt", batch_autoscale.lint("$TargetDedicatedNodes =\n 1 + ;"))
    assert wrong.startswith("f.txt:2:6 error formula: ")
    assert wrong.endswith("f.txt is not valid: 1 error.")
    assert findings("f.txt", batch_autoscale.lint(FORMULA)) == "f.txt is valid."


@pytest.mark.parametrize("spot", [False, True])
def test_the_cost_over_time_ends_at_the_cost_of_the_summary(spot: bool) -> None:
    scaled, fixed = pair(batch_autoscale.scenarios.formula("pending-tasks", max=10, spot=spot))
    for result in (scaled, fixed):
        assert costs(result, PRICES)[-1] == pytest.approx(result.cost, abs=0.02)


def test_an_svg_has_a_line_for_each_pool_in_each_panel() -> None:
    scaled, fixed = pair()
    found = plot.plot(scaled, fixed, 4, PRICES, "svg")
    tree = ElementTree.fromstring(found)
    ids = {one.get("id"): one for one in tree.iter() if one.get("id")}
    for panel in ("nodes", "waiting", "cost"):
        for pool in ("scaled", "fixed"):
            (path, *_) = ids[f"{panel}-{pool}"].iter("{http://www.w3.org/2000/svg}path")
            assert path.get("d", "").count("L") >= (1 if (panel, pool) == ("nodes", "fixed") else 2)
    words = {text.text for text in tree.iter("{http://www.w3.org/2000/svg}text")}
    assert {"nodes", "tasks waiting", "cost so far", "fixed at 4", "scaled by the formula"} <= words
    assert 4 <= len([name for name in ids if str(name).startswith("xtick_")]) <= 3 * 13, "time has room for its marks"
    assert found == plot.plot(scaled, fixed, 4, PRICES, "svg"), "equal simulations give equal files"


def drawn(pair: tuple[Result, Result], prices: Rates = PRICES) -> tuple[list[str], dict[str, list[tuple[str, str]]]]:
    """The texts of a picture, in order, and the points of each line by its id."""
    tree = ElementTree.fromstring(plot.plot(*pair, 4, prices, "svg"))
    texts = [str(text.text) for text in tree.iter("{http://www.w3.org/2000/svg}text")]
    lines = {}
    for group in tree.iter("{http://www.w3.org/2000/svg}g"):
        if str(group.get("id")).endswith(("-scaled", "-fixed")):
            (path, *_) = group.iter("{http://www.w3.org/2000/svg}path")
            numbers = [word for word in path.get("d", "").split() if word not in ("M", "L")]
            lines[str(group.get("id"))] = list(zip(numbers[::2], numbers[1::2], strict=True))
    return texts, lines


def test_nodes_go_up_and_down_in_steps_and_costs_grow_all_the_time() -> None:
    texts, lines = drawn(pair())
    steps = {
        name: all(a[0] == b[0] or a[1] == b[1] for a, b in itertools.pairwise(points)) for name, points in lines.items()
    }
    assert steps == {name: not name.startswith("cost") for name in lines}
    assert len(lines) == 6
    numbers = texts[: texts.index("tasks waiting")]
    assert not [text for text in numbers if "." in text], "there is no part of a node"
    assert "0.40" in texts[texts.index("tasks waiting") :]


def test_a_picture_names_its_currency_and_the_unit_of_its_time() -> None:
    short, _ = drawn(pair())
    assert "minutes since Monday 2026-01-05 00:00 UTC" in short
    assert "cost so far" in short
    slow = pair(batch_autoscale.scenarios.formula("pending-tasks", max=1), 1)
    long, _ = drawn(slow, PRICES._replace(currency="USD"))
    assert "hours since Monday 2026-01-05 00:00 UTC" in long
    assert "cost so far, USD" in long


def test_a_picture_is_also_a_png_or_a_page() -> None:
    scaled, fixed = pair()
    with Image.open(io.BytesIO(plot.plot(scaled, fixed, 4, PRICES, "png"))) as image:
        assert (image.format, image.width) == ("PNG", 1200)
    page = plot.plot(scaled, fixed, 4, PRICES, "html").decode()
    assert page.startswith("<!doctype html>")
    assert page.count("<svg") == 1
    assert "<?xml" not in page
