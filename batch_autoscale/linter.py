"""Finds what is valid in a formula but will cause trouble in production, and what Batch would refuse."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from batch_autoscale import bounds, checker, names, parser, sampling, syntax, times
from batch_autoscale.errors import Place, Problem
from batch_autoscale.names import Type
from batch_autoscale.syntax import Formula

Severity = Literal["error", "warning", "note"]
"""error: Batch refuses it; warning: it will misbehave; note: it may be intended."""
_START = Place(1, 1)
_SERVICE = {name.lower(): name for name in (*names.METRICS, *names.WRITABLE, *names.ALIASES)}


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark: `code` is stable, `place` counts from 1:1, `remedy` says what to write."""

    code: str
    severity: Severity
    place: Place
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.place} {self.severity} {self.code}: {self.message}; {self.remedy}"


def lint(formula: str, interval: str | float | None = None) -> list[Finding]:
    """All findings in the order of the text; a wrong formula never raises.

    `interval` is the pool's evaluation interval, ISO 8601 or seconds; ValueError when it is neither.
    """
    tree, problems = parser.read(formula)
    broken = parser.assigned(formula) - {statement.target for statement in tree.statements}
    types, wrong = checker.check(tree, broken)
    findings = [_refused(problem) for problem in sorted({*problems, *wrong})]
    findings += [*_limits(formula, tree), *_interval(interval)]
    if not (problems or wrong):
        findings += [*_targets(tree), *_variables(tree), *_words(tree), *_samples(tree, types)]
    return sorted(findings, key=lambda finding: (finding.place, finding.code))


def _refused(problem: Problem) -> Finding:
    return Finding(problem.code, "error", problem.place, problem.message, problem.remedy or "correct it")


def _limits(text: str, tree: Formula) -> Iterator[Finding]:
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > names.BYTES:
        message = f"the formula has {size} bytes, and Batch takes {names.BYTES}"
        yield Finding("formula-size", "error", _START, message, "shorten names and comments")
    if len(tree.statements) > names.STATEMENTS:
        place = tree.statements[names.STATEMENTS].at
        message = f"the formula has {len(tree.statements)} statements, and Batch takes {names.STATEMENTS}"
        yield Finding("statement-count", "error", place, message, "put expressions together")


def _interval(interval: str | float | None) -> Iterator[Finding]:
    seconds = names.DEFAULT if interval is None else times.duration(interval)
    if not names.SHORTEST <= seconds <= names.LONGEST:
        message = f"an evaluation interval of {times.spell(seconds)} is refused"
        yield Finding("interval", "error", _START, message, "Batch takes from 5 minutes (PT5M) to 168 hours (P7D)")


def _targets(tree: Formula) -> Iterator[Finding]:
    last = {names.canonical(s.target): s for s in tree.statements if s.target}
    spans = bounds.targets(tree)
    set_here = [name for name in names.TARGETS if name in last]
    if not set_here:
        message = "the formula sets no number of nodes"
        yield Finding("no-target", "warning", _START, message, f"set {names.DEDICATED} or {names.SPOT}")
        return
    for name in set_here:
        place, low, high = last[name].at, spans[name].low, spans[name].high
        if high == bounds.INF:
            message = f"nothing limits {name} from above"
            yield Finding(
                "no-cap", "warning", place, message, f"write {name} = min(20, ...) with the most you will pay"
            )
        if low < 0:
            message = f"{name} may be negative" + ("" if low == -bounds.INF else f", down to {syntax.number(low)}")
            yield Finding("negative-target", "warning", place, message, f"write {name} = max(0, ...)")
    least = sum(int(low) for low in (spans[name].low for name in set_here) if 0 < low < bounds.INF)
    if least:
        place = last[set_here[0]].at
        message = f"the pool never has fewer than {least} node{'s' * (least > 1)}, and pays for them when idle"
        yield Finding("never-zero", "note", place, message, "let the target be 0 when there is nothing to do")


def _variables(tree: Formula) -> Iterator[Finding]:
    read = {node.name for node in tree.walk() if isinstance(node, syntax.Name)}
    reported: set[str] = set()
    for statement in tree.statements:
        name = statement.target
        if name is None:
            if not any(isinstance(node, syntax.Call) and node.function == "stop" for node in statement.value.walk()):
                message = "this statement changes nothing"
                yield Finding("no-effect", "warning", statement.at, message, "give the value a name, or remove it")
            continue
        meant = _SERVICE.get(name.lower(), name)
        if meant != name:
            message = f"{name} is a variable of yours, not Batch's {meant}"
            yield Finding("case", "warning", statement.at, message, f"write {meant}")
        elif name not in read | reported and names.canonical(name) not in names.WRITABLE:
            reported.add(name)
            yield Finding("unused-variable", "warning", statement.at, f"{name} is never used", "remove the statement")


def _words(tree: Formula) -> Iterator[Finding]:
    objects = {id(node.value) for node in tree.walk() if isinstance(node, syntax.Method)}
    for node in tree.walk():
        if isinstance(node, syntax.Vector | syntax.Index):
            remedy = "write val(vector, position), or pass the numbers to a function"
            message = "Microsoft's page does not have this form, so Batch may refuse it"
            yield Finding("undocumented", "warning", node.at, message, remedy)
        if not isinstance(node, syntax.Name):
            continue
        name = names.canonical(node.name)
        if name in names.RETIRED:
            message = f"{name} is left out of newer lists of Batch's variables, so it may have no samples"
            yield Finding("retired-variable", "warning", node.at, message, "scale by tasks, such as $PendingTasks")
        elif name in names.METRICS and name not in names.COUNTED and id(node) not in objects:
            message = f"{name} is used as a number, which is its newest sample, however old"
            yield Finding("metric-as-number", "note", node.at, message, f"write avg({name}.GetSample(...))")


def _samples(tree: Formula, types: dict[str, Type]) -> Iterator[Finding]:
    """Findings on samples that may be missing in a new pool, or may be too few for a decision."""
    uses = list(sampling.uses(tree, types))
    windows = [use for use in uses if use.window is not None]
    for use in windows:
        if use.window is not None and use.window.high <= sampling.LATE:
            message = f"the last {use.window.high:.0f} seconds of samples may not have arrived yet"
            yield Finding("short-window", "warning", use.place, message, "look back at least 3 minutes")
        if use.method == "GetSample" and not use.guarded:
            message = "a pool younger than this window has too few samples: the evaluation fails and nothing scales"
            remedy = f"ask first: {use.metric}.GetSamplePercent(window) < 70 ? a default : avg(...)"
            yield Finding("unguarded-sample", "note" if use.percent else "warning", use.place, message, remedy)
    single = [use for use in uses if use.single]
    if single and not windows:
        message = f"the formula decides by {single[0].metric}'s last sample alone, which may be old"
        yield Finding("single-sample", "warning", single[0].place, message, "average a window of some minutes as well")
