"""What a watch tells: each metric and event is documented, the dashboard asks for what there is, routes are found."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import ReconcileError, WrongUsage
from reconciler.model import Action, Address, Outcome, Plan, Status, Step
from reconciler.watch import metrics, serving
from reconciler.watch.judging import STATES
from reconciler.watch.metrics import Metrics
from reconciler.watch.result import End, Result
from reconciler.watch.serving import Answer, Server
from reconciler.watch.told import What

CHECKOUT = Path(__file__).parents[2]
PAGE = (CHECKOUT / "docs/watch.md").read_text()
MANY = tuple(Address("pool", f"p{number}") for number in range(metrics.MOST + 5))


def rows(page: str, head: str) -> dict[str, list[str]]:
    """The rows of the table with this head: the first column to the others."""
    table = page[page.index(head) :].split("\n\n")[0].splitlines()[2:]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in table]
    return {first: rest for first, *rest in cells}


def told() -> Metrics:
    """Metrics that have something in each series."""
    made = Metrics()
    outcome = Outcome(Step("pool/p", MANY[0], Action.UPDATE), Status.DONE, 1.0)
    counts = dict.fromkeys(STATES, 2)
    made.round(Result("x", End.CHANGED, 2.0, Plan("x", (), (), {}), (), MANY, MANY, counts, (outcome,), 17), 1000.0)
    return made


def shown(made: Metrics) -> str:
    return made.shown()[1].decode()


def test_each_metric_is_documented_with_its_labels() -> None:
    documented = {
        name.strip("`"): {label for label in labels.split(", ") if label}
        for name, (labels, _) in rows(PAGE, "| metric | labels |").items()
    }
    found = {}
    for family in told().registry.collect():
        if family.name.startswith(metrics.PLACE):
            name = f"{family.name}_total" if family.type == "counter" else family.name
            found[name] = {label for sample in family.samples for label in sample.labels} - {"le"}
    assert found == documented


def test_the_states_and_ends_are_documented() -> None:
    table = rows(PAGE, "| metric | labels |")
    ends = {str(end) for end in End} - {"standby"}
    assert all(end in table["`reconcile_watch_rounds_total`"][1] for end in ends)
    assert table["`reconcile_watch_resources`"][1].split(": ")[1] == ", ".join(STATES)


def test_each_event_is_documented() -> None:
    names = [name for cell in rows(PAGE, "| event | when |") for name in re.findall(r"`(\w+)`", cell)]
    assert sorted(names) == sorted(map(str, What))


def test_each_query_of_the_dashboard_is_about_metrics_and_labels_that_there_are() -> None:
    board: Any = json.loads((CHECKOUT / "deploy/grafana.json").read_text())
    made = told()
    samples = {sample.name: set(sample.labels) for family in made.registry.collect() for sample in family.samples}
    queries = [target["expr"] for panel in board["panels"] for target in panel.get("targets", ())]
    queries += [variable["query"]["query"] for variable in board["templating"]["list"] if variable["type"] == "query"]
    assert len(queries) > 8
    for query in queries:
        names = re.findall(r"\b(reconcile_watch_\w+|process_\w+)", query)
        assert names, query
        assert set(names) <= samples.keys(), query
        for labels in re.findall(r"(?:by|sum by|max by) \(([^)]*)\)", query):
            for label in labels.split(", "):
                assert any(label in samples[name] for name in names) or label == "instance", query
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])


def test_only_so_many_resources_are_named_and_none_that_is_well_again() -> None:
    made = told()
    assert shown(made).count("\nreconcile_watch_failing{") == metrics.MOST
    made.round(Result("x", End.UNCHANGED, plan=Plan("x", (), (), {})), 1001.0)
    assert "\nreconcile_watch_failing{" not in shown(made)
    assert "\nreconcile_watch_drifted{" not in shown(made)
    made.forget("x")
    assert 'reconcile_watch_leader{spec="x"}' not in shown(made)


def test_a_standby_counts_no_rounds() -> None:
    made = Metrics()
    made.round(Result("x", End.STANDBY), 1.0)
    assert 'reconcile_watch_leader{spec="x"} 0.0' in shown(made)
    assert "reconcile_watch_rounds_total{" not in shown(made)


def test_the_server_answers_its_routes_and_others_can_be_mounted() -> None:
    routes = {"/healthz": lambda path: Answer(b"ok\n"), "/status/": lambda path: Answer(path.encode())}
    server = Server("127.0.0.1", 0, routes)

    def ask(path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{server.port}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            error.close()
            return error.code, ""

    try:
        assert ask("/healthz?x=1") == (200, "ok\n")
        assert ask("/status/a/b") == (200, "/status/a/b")
        assert ask("/other")[0] == 404
        with pytest.raises(ReconcileError, match="cannot listen on"):
            Server("127.0.0.1", server.port, routes)
    finally:
        server.close()


@pytest.mark.parametrize(("text", "there"), [("127.0.0.1:1", ("127.0.0.1", 1)), ("[::1]:9", ("::1", 9))])
def test_an_address_to_listen_on(text: str, there: tuple[str, int]) -> None:
    assert serving.address(text) == there


@pytest.mark.parametrize("text", ["9464", ":9464", "host", "host:x", "host:70000", ""])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(WrongUsage):
        serving.address(text)
