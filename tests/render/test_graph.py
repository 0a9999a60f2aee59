"""The graph of a plan: what needs what, drawn without overlap, whatever things are called."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import combinations
from xml.etree import ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model import Action, Address, Decision, Plan, Step, Why
from reconciler.render import graph, svg
from reconciler.render.layout import laid_out
from reconciler.render.plain import clean
from tests.render.plans import RICH, hostile
from tests.render.test_as_text import golden
from tests.render.test_markdown import NASTY, PIECES

SVG = "{http://www.w3.org/2000/svg}"


def plan(needs: dict[str, str], **more: Action) -> Plan:
    """Pools that each need those whose names are letters of a text."""
    pools = {name: Address("pool", name) for name in needs}
    decisions = tuple(Decision(pool, more.get(name, Action.CREATE), Why.ABSENT, "") for name, pool in pools.items())
    edges = {pools[name]: tuple(pools[ref] for ref in refs if ref in pools) for name, refs in needs.items()}
    return Plan("demo", decisions, (), {}, needs=edges)


def arrows(drawn: graph.Graph) -> list[str]:
    return sorted(f"{ref.name}{one.name}" for one, refs in drawn.needs.items() for ref in refs)


def test_a_rich_plan_is_drawn_in_every_language() -> None:
    drawn = graph.of(RICH.plan)
    golden("graph.mmd", graph.mermaid(drawn))
    golden("graph.dot", graph.dot(drawn))
    golden("graph.svg", svg.document(drawn))


def test_what_follows_from_other_arrows_is_left_out() -> None:
    assert arrows(graph.of(plan({"a": "", "b": "a", "c": "ab", "d": "abc", "e": "a"}))) == ["ab", "ae", "bc", "cd"]


def test_a_circle_in_a_file_is_cut() -> None:
    drawn = graph.of(plan({"a": "c", "b": "a", "c": "b", "d": "d"}))
    assert arrows(drawn) == ["ab", "bc"]
    assert len(drawn.nodes) == 4


def test_a_plan_from_before_needs_were_known_has_the_edges_of_its_steps() -> None:
    steps = (
        Step("pool/a", Address("pool", "a"), Action.CREATE),
        Step("x", Address("pool", "b"), Action.UPDATE, ("pool/a",)),
    )
    gone = Step("y", Address("pool", "c"), Action.DELETE, ("x",))
    old = replace(plan({"a": "", "b": "", "c": ""}), needs={}, steps=(*steps, gone))
    assert arrows(graph.of(old)) == ["ab"], "a deletion waits for what needs it, which is no need of its own"


@given(NASTY | PIECES)
def test_names_stay_names_in_every_language(text: str) -> None:
    drawn = graph.of(hostile(text).plan)
    for line in graph.mermaid(drawn).splitlines():
        assert re.fullmatch(
            r'flowchart LR|  n\d+\["[\w /.#;-]*"\]|  n\d+ --> n\d+|  class(Def)? [\w,]+ [\w:#,]+', line
        ), line
    for line in graph.dot(drawn).splitlines():
        if "label=" in line:
            assert re.fullmatch(r'  n\d+ \[label="(\\["\\]|[^"\\])*", color="#\w+", fillcolor="#\w+"\]', line), line
    root = ElementTree.fromstring(svg.document(drawn))
    assert {one.tag.removeprefix(SVG) for one in root.iter()} == {"svg", "style", "path", "g", "title", "rect", "text"}
    titles = [one.text for one in root.iter(f"{SVG}title")]
    assert titles[0] == clean(f"{drawn.nodes[0].address}: delete")


NEEDS = st.lists(st.frozensets(st.integers(0, 14), max_size=4), min_size=1, max_size=15)


@settings(max_examples=50)
@given(NEEDS)
def test_boxes_do_not_overlap_and_stand_right_of_what_they_need(needs: list[frozenset[int]]) -> None:
    edges = {number: sorted(ref for ref in refs if ref < number) for number, refs in enumerate(needs)}
    layout = laid_out([(50.0 + 9 * number, 40.0) for number in range(len(needs))], edges)
    for one, other in combinations(layout.boxes, 2):
        apart = one.x + one.width < other.x or other.x + other.width < one.x
        assert apart or one.y + one.height < other.y or other.y + other.height < one.y
    for box in layout.boxes:
        assert box.x >= 0
        assert box.y >= 0
        assert box.x + box.width <= layout.width
        assert box.y + box.height <= layout.height
    for ref, points, number in layout.lines:
        assert points[0] == (layout.boxes[ref].x + layout.boxes[ref].width, layout.boxes[ref].middle)
        assert points[-1] == (layout.boxes[number].x, layout.boxes[number].middle)
        assert [x for x, _ in points] == sorted(x for x, _ in points), "a line goes to the right only"
        assert all(points[at][1] == points[at + 1][1] for at in range(0, len(points) - 1, 2))


def test_a_plan_of_nothing_is_a_picture_of_nothing() -> None:
    drawn = graph.of(Plan("demo", (), (), {}))
    assert graph.mermaid(drawn) == "flowchart LR"
    assert ElementTree.fromstring(svg.document(drawn)).get("viewBox") == "0 0 16 8"
