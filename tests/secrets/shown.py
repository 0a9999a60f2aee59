"""Everything that commands show, with one text of somebody else at every place that holds one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import unescape

from reconciler.events import (
    Event,
    Interrupted,
    NoticeLogged,
    NoticeSent,
    RunFinished,
    RunStarted,
    StepFinished,
    StepLogged,
    StepStarted,
    StepWaiting,
)
from reconciler.model import (
    Action,
    Address,
    Change,
    Decision,
    Diff,
    Health,
    Observed,
    Outcome,
    Plan,
    Rule,
    Status,
    Step,
    Why,
)
from reconciler.render import as_json, as_text, graph, progress, runs, svg, views
from reconciler.report import Report, Table

POOL = Address("pool", "p")
STEP = Step("pool/p", POOL, Action.UPDATE)


def shown(text: str) -> Mapping[str, str]:
    """`place of the text: format` → what is shown."""
    return {f"{place}: {shape}": said for place, shape, said in (*_views(text), *_runs(text))}


def _plans(text: str) -> Iterator[tuple[str, Plan]]:
    def plan(reason: str = "differs", change: Change | None = None, note: str = "", name: str = "p") -> Plan:
        changes = Diff((change,) if change else ())
        decision = Decision(Address("pool", name), Action.UPDATE, Why.DIFFERS, reason, changes)
        return Plan("demo", (decision,), (STEP,), {}, (note,) if note else ())

    yield "reason", plan(reason=f"it says {text}")
    yield "note", plan(note=f"to know: {text}")
    yield "name", plan(name=f"x {text}")
    long = "x" * 40
    yield "before", plan(change=Change("tags.a", f"{long} {text}", None, Rule.LIVE, "tags.a"))
    yield "after", plan(change=Change("tags.a", f"{long} {text} {long}", f"{long} {long} {long}", Rule.LIVE, "tags.a"))
    yield "inside", plan(change=Change("tags", {"a": [text, {"b": f"{text} c"}]}, {}, Rule.LIVE, "tags"))
    yield "path", plan(change=Change(f"tags.{text} x", "a", "b", Rule.LIVE, f"tags.{text} x"))


def _views(text: str) -> Iterator[tuple[str, str, str]]:
    live = Observed(POOL, "/id", {}, None, Health.FAILED, f"it says {text}")
    odd = Observed(Address("pool", f"x {text}"), "/id", {}, None, Health.READY, "fine")
    all_views: dict[str, views.View] = {
        **{name: views.PlanView(plan) for name, plan in _plans(text)},
        **{f"{name} (wire)": views.PlanView(plan, wire=True) for name, plan in _plans(text)},
        "detail": views.StatusView([live]),
        "name of a live one": views.StatusView([odd]),
        "fact": views.StatusView([live], {POOL: (f"more: {text}",)}) if "\n" not in text else views.StatusView([live]),
        "output": views.OutputsView({"pool/p.id": f"/subscriptions {text}"}),
        "check": views.DoctorView([("names", "failed", f"it says {text}")]),
    }
    for name, view in all_views.items():
        for shape in ("text", "json"):
            yield name, shape, views.shown(view, shape)
        if isinstance(view, views.PlanView):
            yield name, "markdown", views.reviewed(view, "markdown")
            yield name, "html", unescape(views.reviewed(view, "html"))
            if name.startswith("name"):
                drawn = graph.of(view.plan)
                yield name, "mermaid", re.sub(r"#(\d+);", lambda code: chr(int(code[1])), graph.mermaid(drawn))
                yield name, "dot", graph.dot(drawn)
                yield name, "svg", unescape(svg.document(drawn))
    report = Report(POOL, f"it says {text}", (Table(("A", "B"), ((text, f"b {text}"),), f"of {text} x"),))
    yield "error of a task", "text", as_text.tasks([("t", "completed", "1", "n", f"it says {text}")])
    yield "name of a task", "text", as_text.tasks([(f"x {text}", "completed", "0", f"y {text}", "")])
    yield "report", "text", as_text.report(report)


def _events(text: str) -> Iterator[tuple[str, list[Event]]]:
    odd = Step(f"pool/x {text}", Address("pool", f"x {text}"), Action.UPDATE)
    yield "error", [StepStarted(STEP), StepFinished(Outcome(STEP, Status.FAILED, 1.0, f"it says {text}"))]
    yield "detail of a step", [StepStarted(STEP), StepWaiting(STEP, f"it says {text}")]
    yield "detail of an outcome", [StepFinished(Outcome(STEP, Status.DONE, 1.0, "", f"it says {text}"))]
    yield "name of a step", [StepStarted(odd), StepFinished(Outcome(odd, Status.DONE, 1.0))]
    yield "interrupted", [Interrupted((odd,))]


def _notices(text: str) -> Iterator[tuple[str, NoticeLogged | NoticeSent]]:
    yield "output of a command", NoticeLogged("j", "command x", f"it says {text}")
    yield "receiver", NoticeSent(f"j {text}", f"webhook {text}")
    yield "why a receiver was not reached", NoticeSent("j", "webhook h", f"it says {text}")
    yield "why nobody was", NoticeSent("j", "", f"it says {text}")


def _runs(text: str) -> Iterator[tuple[str, str, str]]:
    for name, events in _events(text):
        for shape in ("json",) if name == "error" else ("text", "json"):
            said: list[str] = []
            with runs.view(shape, said.append, terminal=False, colour=False).listening() as listen:
                for event in events:
                    listen(event)
            yield name, shape, "\n".join(said)
    for name, event in _notices(text):
        yield name, "text", progress.notice(event)
        yield name, "json", as_json.event(event)
    failed = Outcome(STEP, Status.FAILED, 1.0, f"it says {text}")
    yield "error", "text", as_text.outcomes([failed])
    more: list[Event] = [RunFinished((failed,), 1.0), StepLogged(STEP, "log", f"it says {text}")]
    more += [RunStarted(plan) for _, plan in _plans(text)]
    for number, event in enumerate(more):
        lines: list[str] = []
        with runs.view("json", lines.append, terminal=False, colour=False).listening() as listen:
            listen(event)
        yield f"event {number}", "json", "\n".join(lines)
