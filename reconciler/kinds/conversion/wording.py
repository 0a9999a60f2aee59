"""What a plan says of a conversion, in a line. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.kinds.conversion.records import Failed
from reconciler.kinds.conversion.work import Work
from reconciler.report import End
from reconciler.words import count

SHOWN = 3
"""How many names stand for all of them."""


def describe(backlog: Work, in_vain: Mapping[str, Failed], pool: str, *, deletes: bool) -> str:
    """`188 of 5,000 to convert (180 missing, 8 changed), 4,812 up to date, 6 cannot be converted`.

    `pool` is the pool of the tasks if it is to have no nodes, else empty. `deletes`: orphans are deleted.
    """
    done = f"{backlog.up_to_date:,} up to date" if backlog.total else "no inputs"
    return ", ".join([*_to_do(backlog, in_vain, pool), done, *_besides(backlog, deletes=deletes)])


def _to_do(backlog: Work, in_vain: Mapping[str, Failed], pool: str) -> Iterable[str]:
    missing, changed, again = len(backlog.missing), len(backlog.changed), len(backlog.again)
    if pending := missing + changed + again:
        counts = f"{missing:,} missing, {changed:,} changed" + (f", {again:,} again" if again else "")
        yield f"{pending:,} of {backlog.total:,} to convert ({counts})"
        if pool:
            yield f"which waits, as pools/{pool} has no nodes"
    if backlog.overwritten:
        yield f"overwriting {count(len(backlog.overwritten), 'file', ',')} of others ({some(backlog.overwritten)})"
    if in_vain:
        yield f"{len(in_vain):,} failed in the last run ({reasons(in_vain)})"


def _besides(backlog: Work, *, deletes: bool) -> Iterable[str]:
    if backlog.failed:
        yield f"{len(backlog.failed):,} cannot be converted"
    if backlog.refused:
        outputs = some([item.output for item, _ in backlog.refused])
        yield (
            f"{len(backlog.refused):,} refused, as files of others have the names of their outputs ({outputs}):"
            " move those, or set overwriteForeign: true"
        )
    if backlog.orphans:
        fate = f", to be deleted ({some(backlog.orphans)})" if deletes else ""
        yield f"{count(len(backlog.orphans), 'orphan', ',')} without a source{fate}"
    if backlog.unsigned:
        yield f"{backlog.unsigned:,} without a source that may be of any job, made when outputs were not signed"
    for maker, number in sorted(backlog.others.items()):
        yield f"{number:,} of {maker}"
    if backlog.foreign:
        yield f"{count(len(backlog.foreign), 'PNG', ',')} of others ({some(backlog.foreign)})"
    if backlog.renamed:
        yield f"{backlog.renamed:,} named after the whole source because names clash"


def lacking(backlog: Work) -> str:
    """Why what follows the conversion may not begin; empty when all is converted."""
    left = backlog.total - backlog.up_to_date
    return f"has {count(left, 'input', ',')} that {'is' if left == 1 else 'are'} not converted" if left else ""


def unmet(backlog: Work, in_vain: Mapping[str, Failed], *, orphans: bool) -> str:
    """Why there is work left after all of it was tried; empty if there is none."""
    parts = []
    if in_vain:
        parts.append(f"{count(len(in_vain), 'input', ',')} could not be converted: {reasons(in_vain)}")
    other = len(backlog.pending) - len(in_vain)
    if other > 0:
        parts.append(f"{count(other, 'input', ',')} came or changed meanwhile, or a task ended without a word of them")
    if orphans and backlog.orphans:
        orphaned = f"{count(len(backlog.orphans), 'orphan', ',')} could not be deleted ({some(backlog.orphans)})"
        parts.append(f"{orphaned}: others hold a lease, or may forbid it")
    return "; ".join(parts) + "; apply again to try again" if parts else ""


def end(backlog: Work, in_vain: Mapping[str, Failed], codes: Mapping[str, int], lacking: int) -> End:
    """How its inputs have ended, once no task is at them: of what is left and did not fail, nothing came.

    `lacking` were not converted, for reasons with these `codes` as far as they can be read.
    """
    left = len(backlog.pending) - len(in_vain)
    failures = {**codes, **({"not converted": left} if left else {})}
    return End(backlog.up_to_date, lacking + left, unit="inputs", failures=failures)


def reasons(in_vain: Mapping[str, Failed]) -> str:
    """`a.jpg: leased, b.jpg: denied, and 5 more`."""
    return some([f"{name}: {failure.code}" for name, failure in sorted(in_vain.items())])


def some(names: Iterable[str]) -> str:
    """The first of the names, and how many more there are."""
    names = list(names)
    more = [f"and {len(names) - SHOWN:,} more"] if len(names) > SHOWN else []
    return ", ".join([*names[:SHOWN], *more])
