"""Names on the command line that mean something that is not there: what was probably meant, or what there is."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from reconciler.spec import Spec

LOOKED_AT = 1000
"""How many names are compared with one that is not there."""
SHOWN = 8
"""How many of them a message shows."""


def unknown(said: str, name: str, known: Iterable[str], *, there: str = "it has") -> NoReturn:
    """UsageError that says `said`, and which of the `known` names is nearest to `name`, or which there are."""
    names = list(itertools.islice(known, LOOKED_AT))
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    listed = ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
    near = f"; did you mean {close[0]}?" if close else f"; {there} {listed}" if names else ""
    raise click.UsageError(f"{said}{near}")


def named(spec: Spec, name: str | None, names: Sequence[str], noun: str, option: str) -> str:
    """`name`, or the only one of `names` if it is None. UsageError, with the nearest, if that is none of them."""
    if not names:
        raise click.UsageError(f"{spec.file} has no {noun}")
    if name is None and len(names) > 1:
        raise click.UsageError(f"say which {noun} with {option}; {spec.file} has {', '.join(names)}")
    if name is not None and name not in names:
        unknown(f"{spec.file} has no {noun} {name!r}", name, names)
    return names[0] if name is None else name


def is_file(what: str) -> bool:
    """Whether a word means a spec: it is a file, or looks like one."""
    return Path(what).suffix in (".yaml", ".yml") or Path(what).is_file()
