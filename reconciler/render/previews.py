"""What a preview has come to, for people, for a comment on a pull request, and for programs. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from reconciler.render.markdown import cell, code, folded, prose
from reconciler.render.plain import clean, table
from reconciler.tried import Failure, Output, Ran, Tried, Verdict, sorted_outputs
from reconciler.words import count, duration

SHOWN = 20
"""How many results, and how many failures, are told one by one."""
RAN = ("JOB", "ENTRY", "TASKS", "FAILED", "USUALLY", "LIVE")
SAYS = {
    Verdict.EQUAL: ("is equal", "are equal"),
    Verdict.DIFFERS: ("differs", "differ"),
    Verdict.SAME_SIZE: ("has the same size, too large to compare", "have the same size, too large to compare"),
    Verdict.MISSING: ("is missing", "are missing"),
    Verdict.NEW: ("is new", "are new"),
}
"""What one result is beside the live one, and what several are."""


@dataclass(frozen=True, slots=True)
class PreviewView:
    outcome: Tried

    def text(self, *, colour: bool) -> str:
        outcome = self.outcome
        rows: list[tuple[str, ...]]
        blocks = [f"Preview {clean(outcome.name)} of {clean(outcome.spec)}: {verdict(outcome)}."]
        if outcome.ran:
            blocks.append(table(RAN, [tuple(map(clean, _ran(ran))) for ran in outcome.ran]))
        if outcome.failures:
            rows = [(clean(f"{one.job}/{one.task}"), clean(one.reason)) for one in outcome.failures[:SHOWN]]
            blocks.append(table(("FAILED TASK", "REASON"), rows) + _more(outcome.failures))
        told = [each for each in sorted_outputs(outcome.outputs) if each.verdict is not Verdict.EQUAL]
        if told:
            rows = [tuple(map(clean, _output(each))) for each in told[:SHOWN]]
            blocks.append(table(("RESULT", "BLOB", "BYTES LIVE → HERE"), rows) + _more(told))
        blocks.append("\n".join(clean(line) for line in _ending(outcome)))
        return "\n\n".join(blocks)

    def markdown(self) -> str:
        outcome = self.outcome
        rows: list[tuple[str, ...]]
        blocks = [f"### Preview {code(outcome.name)} of {code(outcome.spec)}: {verdict(outcome)}"]
        if outcome.failures:
            rows = [(cell(f"{one.job}/{one.task}"), cell(one.reason)) for one in outcome.failures[:SHOWN]]
            blocks.append(_markdown(("Failed task", "Reason"), rows) + _more(outcome.failures, 2))
        told = [each for each in sorted_outputs(outcome.outputs) if each.verdict is not Verdict.EQUAL]
        if told:
            rows = [(what, cell(blob), sizes) for what, blob, sizes in map(_output, told[:SHOWN])]
            blocks.append(_markdown(("Result", "Blob", "Bytes live → here"), rows) + _more(told, 2))
        if outcome.ran:
            rows = [(*map(cell, row[:2]), *row[2:]) for row in map(_ran, outcome.ran)]
            blocks.append(folded("How long tasks took", _markdown([word.capitalize() for word in RAN], rows)))
        blocks.append("\n".join(f"- {prose(line)}" for line in _ending(outcome)))
        return "\n\n".join(blocks)

    def document(self) -> Any:
        outcome = self.outcome
        return asdict(outcome) | {
            "verdict": verdict(outcome),
            "counts": {str(each): len(outcome.of(each)) for each in Verdict},
            "outputs": [{**asdict(each), "verdict": str(each.verdict)} for each in sorted_outputs(outcome.outputs)],
        }


def verdict(outcome: Tried) -> str:
    """`2 tasks failed; 5 results are equal, 1 differs`: what a reviewer needs first."""
    parts = [f"{count(len(outcome.failures), 'task', ',')} failed"] if outcome.failures else []
    if outcome.unended:
        parts.append(f"{count(outcome.unended, 'task', ',')} {'has' if outcome.unended == 1 else 'have'} not ended")
    if not outcome.outputs:
        return "; ".join([*parts, "there are no results to compare"])
    if not any(each.before is not None for each in outcome.outputs):
        new = count(len(outcome.outputs), "result")
        return "; ".join([*parts, f"{new}, and none is live yet to compare with"])
    numbers = [(len(outcome.of(each)), says) for each, says in SAYS.items()]
    told = [f"{number:,} {several if number > 1 else one}" for number, (one, several) in numbers if number]
    return "; ".join([*parts, f"of {count(len(outcome.outputs), 'result', ',')} {_listed(told)}"])


def _listed(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))


def _ran(ran: Ran) -> tuple[str, ...]:
    live = "-" if ran.live is None else duration(ran.live)
    return ran.job, ran.entry, f"{ran.tasks:,}", f"{ran.failed:,}", duration(ran.seconds), live


def _output(output: Output) -> tuple[str, str, str]:
    sizes = " → ".join("-" if number is None else f"{number:,}" for number in (output.before, output.after))
    partial = ", as it is made of a few results only" if output.partial and output.verdict is Verdict.DIFFERS else ""
    return f"{output.verdict}{partial}", f"{output.place.partition('/')[2]}/{output.name}", sizes


def _more(told: Sequence[Failure | Output], lines: int = 1) -> str:
    """How many are not told, below the others."""
    below = "\n" * lines
    return f"{below}and {len(told) - SHOWN:,} more" if len(told) > SHOWN else ""


def _ending(outcome: Tried) -> Iterator[str]:
    """What it costs, until when it is there, and what it does not tell of."""
    if outcome.costs:
        yield f"This preview costs {outcome.costs.preview}"
        yield f"The change: {outcome.costs.change}"
    yield f"It goes when it is ended, or by {outcome.expires} at the latest"
    yield from outcome.notes


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows of cells that are markdown already."""
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])
