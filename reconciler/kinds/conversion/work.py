"""What is left to convert, computed from the listings of inputs and outputs and from the failure markers. Pure.

An input is up to date when its output carries the ETag that the input has now, whoever made it. It has failed for good
when there is a marker for its current content and the current converter. Where something else is under the name of its
output, made neither by this job nor by one that signed nothing, it is refused unless the spec says to overwrite that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.kind.sampling import spread


@dataclass(frozen=True, slots=True)
class Item:
    """An input to convert: blob name, ETag, the name of its output, and whether there is something under that name."""

    name: str
    etag: str
    output: str
    replaces: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """What is in the output container, by who made it.

    `signed` (by this job) and `unsigned` (of a time when jobs did not sign) are output → ETag of its source. `others`
    are outputs of other jobs → (job as SPEC/JOB, ETag of its source). `foreign` are not made by a conversion.
    """

    signed: dict[str, str] = field(default_factory=dict)
    unsigned: dict[str, str] = field(default_factory=dict)
    others: dict[str, tuple[str, str]] = field(default_factory=dict)
    foreign: set[str] = field(default_factory=set)
    earlier: set[str] = field(default_factory=set)
    """Outputs from before a command that converts some again."""

    def source(self, name: str) -> str | None:
        """The ETag of the source of an output; None if it has none or is not there."""
        etag = self.signed.get(name) or self.unsigned.get(name)
        return etag or self.others.get(name, ("", None))[1]

    def maker(self, name: str) -> str | None:
        """Who else made what is there: SPEC/JOB, or empty if that is not known; None: nobody else."""
        return self.others[name][0] if name in self.others else "" if name in self.foreign else None


@dataclass(frozen=True, slots=True)
class Work:
    """`missing`, `changed` and `again` are to be converted, which overwrites `overwritten`; `refused` are not, because
    something of others, with whom, is under the names of their outputs. The other fields only tell what there is
    besides: `orphans` are outputs of this job without a source, `unsigned` are those without a source of which nobody
    knows whose they are, `foreign` are PNGs that no conversion made, and `others` are SPEC/JOB → the number of its
    outputs.
    """

    missing: tuple[Item, ...]
    changed: tuple[Item, ...]
    up_to_date: int
    failed: tuple[str, ...]
    orphans: tuple[str, ...]
    renamed: int
    refused: tuple[tuple[Item, str], ...] = ()
    overwritten: tuple[str, ...] = ()
    unsigned: int = 0
    foreign: tuple[str, ...] = ()
    others: Mapping[str, int] = field(default_factory=dict)
    again: tuple[Item, ...] = ()

    @property
    def pending(self) -> tuple[Item, ...]:
        return tuple(sorted((*self.missing, *self.changed, *self.again), key=lambda item: item.name))

    @property
    def total(self) -> int:
        todo = len(self.missing) + len(self.changed) + len(self.again)
        return todo + self.up_to_date + len(self.failed) + len(self.refused)


def outputs(names: Iterable[str], suffixes: Sequence[str]) -> dict[str, str]:
    """Input → output of each name with one of `suffixes`.

    The suffix becomes .png. Of several inputs with the same output, the one whose suffix comes first in `suffixes`
    (then by name) keeps it; every other adds .png to its whole name until that is free, so nothing is overwritten.
    """
    endings = tuple(suffix.lower() for suffix in suffixes)
    ranked: list[list[str]] = [[] for _ in endings]
    for name in names:
        low = name.lower()
        if low.endswith(endings):
            ranked[next(i for i, ending in enumerate(endings) if low.endswith(ending))].append(name)
    named: dict[str, str] = {}
    taken: set[str] = set()
    for ending, group in zip(endings, ranked, strict=True):
        for name in sorted(group):
            output = name[: -len(ending)] + ".png"
            if output in taken:
                output = f"{name}.png"
            while output in taken:
                output += ".png"
            taken.add(output)
            named[name] = output
    return named


def chosen(named: Mapping[str, str], sample: int) -> Mapping[str, str]:
    """Of inputs and their outputs, so many of the inputs, in the order of their names; 0 are all."""
    return {name: named[name] for name in spread(sorted(named), sample)} if sample else named


def work(
    inputs: Mapping[str, str],
    made: Made,
    failures: Mapping[str, str],
    suffixes: Sequence[str],
    *,
    overwrites: bool = False,
    due: Callable[[str], bool] = lambda name: False,
    sample: int = 0,
) -> Work:
    """Compare inputs (name → ETag), outputs and failures (input → ETag that failed).

    `due`: whether an input is converted again that has an output from before. `sample`: how many inputs are meant; 0
    are all.
    """
    missing: list[Item] = []
    changed: list[Item] = []
    again: list[Item] = []
    failed: list[str] = []
    refused: list[tuple[Item, str]] = []
    overwritten: list[str] = []
    fresh = renamed = 0
    every = outputs(inputs, suffixes)
    for name, output in chosen(every, sample).items():
        etag = inputs[name]
        renamed += output.startswith(f"{name}.png")
        before, maker = made.source(output), made.maker(output)
        item = Item(name, etag, output, before is not None or maker is not None)
        if before == etag and output in made.earlier and due(name):
            again.append(item)
        elif before == etag:
            fresh += 1
        elif failures.get(name) == etag:
            failed.append(name)
        elif maker is not None and not overwrites:
            refused.append((item, maker))
        else:
            overwritten += [output] if maker is not None else []
            (missing if before is None else changed).append(item)
    wanted = set(every.values())
    return Work(
        tuple(missing),
        tuple(changed),
        fresh,
        tuple(failed),
        tuple(name for name in made.signed if name not in wanted),
        renamed,
        refused=tuple(refused),
        overwritten=tuple(overwritten),
        unsigned=sum(name not in wanted for name in made.unsigned),
        foreign=tuple(sorted(name for name in made.foreign if name not in wanted and name.lower().endswith(".png"))),
        again=tuple(again),
        others=Counter(maker for name, (maker, _) in made.others.items() if name not in wanted),
    )


def deal(items: Sequence[Item], tasks: int) -> list[Sequence[Item]]:
    """The items of each task, dealt round robin, so that neighbours in the listing spread; no task is empty."""
    return [items[number::tasks] for number in range(min(tasks, len(items)))]
