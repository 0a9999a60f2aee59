"""The tasks of live jobs as `tasks` of a spec: the inverse of their `expand`.

Tasks of a spec's own come back as the entries that made them where that can be known: their ids tell whether it is the
same work. Those of others are written as a person would; apply submits them anew, as it knows tasks by their ids.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from posixpath import commonprefix
from typing import Any

from reconciler.cloud import batch_jobs
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import reading, tolerated
from reconciler.kind.inverse import Again, Inverse, Known, Section
from reconciler.kind.words import Unsayable
from reconciler.kinds.tasks import depending, folding, group, wanted
from reconciler.kinds.tasks.alone import Alone, Around, alone
from reconciler.kinds.tasks.folding import Folded
from reconciler.model import Address, Desired, Observed
from reconciler.words import count, some

MOST = 10_000
"""The most tasks of a job that are read."""
CONVERSION = re.compile(r"convert-[0-9a-f]{12}-\d+")
"""The ids of tasks that a job's `convert` makes."""
GATE = re.compile(r".+-gate\d+")


@dataclass(frozen=True, slots=True)
class Listed:
    """The tasks of a job as Batch shows them, whether the job is the spec's own, and has ended."""

    tasks: tuple[Mapping[str, Any], ...]
    owned: bool
    ended: bool = False


def every(cloud: Cloud, live: Sequence[Observed]) -> Iterator[Observed]:
    """The tasks of each job that is the spec's own or nobody's, but those of its manager and of a conversion."""
    for job in live:
        if job.address.kind == "job" and (job.mark is None or job.mark.owner == cloud.owner):
            name, owned = job.address.name, job.mark is not None
            manager = (job.body.get("jobManagerTask") or {}).get("id")
            with reading(f"the tasks of {name}"), tolerated(404):
                tasks = [task.as_dict() for task in islice(cloud.batch().list_tasks(job.id), MOST + 1)]
                own = [task for task in tasks if task["id"] != manager and not (owned and _conversion(task["id"]))]
                then = job.body.get("onAllTasksComplete", "noaction")
                body = {"pending": 0, "ending": 0, "again": 0, "onAllTasksComplete": then}
                if own:
                    yield Observed(
                        Address("tasks", name),
                        job.id,
                        body,
                        state=Listed(tuple(own), owned, job.state in batch_jobs.ENDED),
                    )


def _conversion(name: str) -> bool:
    return CONVERSION.fullmatch(name.lower()) is not None


def within(address: Address) -> Address:
    """The job of tasks; the tasks of a part of them."""
    job, slash, _ = address.name.partition("/")
    return Address(address.kind if slash else "job", job)


def say(observed: Observed, known: Known, notes: list[str]) -> Section:
    """The entries by name. Raises Unsayable if there is none."""
    whole, listed = observed.address, observed.state
    assert isinstance(listed, Listed)
    if whole.name not in known.names("job"):
        raise Unsayable("")  # its job is left out, which says enough
    if len(listed.tasks) > MOST:
        raise Unsayable(f"it has more than {MOST:,} tasks; write an entry with a sweep")
    around = Around(whole.name, known, listed.owned)
    made = _entries(listed.tasks, around)
    left = {address.name.partition("/")[2]: why for address, why in known.left.items() if within(address) == whole}
    section = {name: entry for name, entry in made.items() if name not in left}
    told = [f"{some(ids)}: {text}" for text, ids in around.told.items()]
    if not section:
        reasons = [*told, *(f"{name}: {why}" for name, why in left.items())]
        raise Unsayable(f"none of its tasks can be in a spec: {'; '.join(reasons)}")
    notes += told
    return section


def _entries(tasks: Iterable[Mapping[str, Any]], around: Around) -> dict[str, Section]:
    """Every entry, whatever validate says of it."""
    said: dict[str, Alone] = {}
    needs: dict[str, tuple[str, ...]] = {}
    for raw in tasks:
        name = raw["id"]
        try:
            needs[name] = tuple(depending.ids(raw))
            said[name] = alone(raw, around)
        except Unsayable as reason:
            around.told[f"left out, because {reason}"].append(name)
    gates = {name.lower(): needs[name] for name in said if GATE.fullmatch(group.entry_of(name.lower()))}
    gates = gates if around.owned else {}
    needs = {name: depending.through(asked, gates) for name, asked in needs.items()}
    kept = {name: one for name, one in said.items() if name.lower() not in gates}
    folded = {**_own(kept, around), **_others(kept, needs, around)}
    made, homes = {}, depending.homes(folded)
    for name, one in folded.items():
        try:
            made[name] = {**_swept(one, around), **depending.said(one, needs, folded, homes)}
        except Unsayable as reason:
            around.told[f"left out, because {reason}"] += one.ids
    return made


def _ours(name: str, around: Around) -> bool:
    return around.owned and group.ours(name.lower())


def _own(said: Mapping[str, Alone], around: Around) -> dict[str, Folded]:
    """Entries of tasks that this spec made: of several versions of one, that which was made last."""
    made: dict[str, Folded] = {}
    entries: dict[str, list[str]] = {}
    for name in said:
        if _ours(name, around):
            entries.setdefault(group.entry_of(name.lower()), []).append(name)
    for entry, ids in entries.items():
        newest = said[max(ids, key=lambda name: said[name].made)]
        same = [name for name in ids if _version(said[name]) == _version(newest)]
        if old := [name for name in ids if name not in set(same)]:
            around.told["left out, as later tasks of its entry do something else"] += old
        try:
            spelled = newest.title.partition(" ")[0]
            called = spelled if spelled.lower() == entry else entry
            made[called] = folding.given(
                same, [said[name].entry for name in same], [said[name].values for name in same]
            )
        except Unsayable as reason:
            around.told[f"left out, because {reason}"] += same
    return made


def _version(one: Alone) -> object:
    """What all tasks of an entry have alike."""
    outputs = [{key: text for key, text in output.items() if key != "path"} for output in one.entry.get("outputs", ())]
    return {**one.entry, "outputs": outputs}, tuple(one.values)


def _others(said: Mapping[str, Alone], needs: Mapping[str, Any], around: Around) -> dict[str, Folded]:
    made: dict[str, Folded] = {}
    tasks = ((name, one.entry, needs[name]) for name, one in said.items() if not _ours(name, around))
    taken = {group.entry_of(name.lower()) for name in said if _ours(name, around)}
    for folded in folding.alike(tasks):
        whole = folded.ids[0] if len(folded.ids) == 1 else commonprefix(folded.ids).rstrip("0123456789")
        name = _unique(_name(whole), taken)
        taken.add(name.lower())
        made[name] = folded
    return made


def _name(text: str) -> str:
    """The name of an entry, which begins with a letter."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", text).strip("-_")[:30].rstrip("-_")
    return name if name[:1].isalpha() else f"task-{name}"[:30].rstrip("-_")


def _unique(name: str, taken: set[str]) -> str:
    number, made = 1, name
    while made.lower() in taken:
        number += 1
        made = f"{name[: 29 - len(str(number))]}-{number}"
    return made


def _swept(folded: Folded, around: Around) -> Section:
    """The entry with what it makes its tasks of."""
    if not folded.names:
        return folded.entry
    if "forEach" not in folded.entry:
        return {**folded.entry, "sweep": folding.sweep(folded.points)}
    prefix = commonprefix([point["item"] for point in folded.points])
    around.told["which blobs its forEach means is not to be seen; see to its prefix and patterns"] += folded.ids
    return {**folded.entry, **({"prefix": prefix} if prefix else {})}


def again(desired: Desired, observed: Observed) -> Again | None:
    """The entries of which a plan would submit tasks, as their ids are not those of what is there, or end some."""
    listed, entries = observed.state, desired.data["tasks"]
    assert isinstance(listed, Listed)
    there = {task["id"].lower(): task["state"] != "completed" for task in listed.tasks}
    anew, asked = _anew(desired, there)
    ending = [
        name for name, open_ in there.items() if open_ and listed.owned and group.ours(name) and name not in asked
    ]
    if not anew and not ending:
        return None
    part = f"{sum(anew.values()):,} of " if len(anew) < len(entries) and all(anew.values()) else ""
    told = f"apply would submit {part}its {_counted(listed.tasks)} again, as new ones" if anew else ""
    if ending:
        ends = f"end {count(len(ending), 'task', ',')} of it, not done yet, as no entry asks for them"
        told = f"{told}, and end those of them that wait or run" if anew else f"apply would {ends}"
    told += ", in a job that is made anew: the one that has ended goes with its records" if listed.ended else ""
    if len(anew) == len(entries) or ending:
        return Again({observed.address: f"{told}; --tasks writes them all the same"}, told)
    where, name = observed.address.kind, observed.address.name
    parts = {f"{name}/{entry}": _why(many) for entry, many in anew.items()}
    return Again({Address(where, key): f"{why}; --tasks writes it all the same" for key, why in parts.items()}, told)


def _why(many: int) -> str:
    blobs = "which blobs it is for is not to be seen, so apply might submit tasks again"
    return f"apply would submit {count(many, 'task', ',')} again" if many else blobs


def _anew(desired: Desired, there: Container[str]) -> tuple[dict[str, int], set[str]]:
    """Entry → how many of its tasks are not there, and the ids of all, as far as a spec alone tells these."""
    entries = desired.data["tasks"]
    if listing := [name for name, entry in entries.items() if "forEach" in entry]:
        return dict.fromkeys(listing, 0), set()
    anew: Counter[str] = Counter()
    asked: set[str] = set()
    for made, members in wanted.groups(None, desired):  # type: ignore[arg-type]  # blobs alone are asked for
        ids = [member.id for member in members]
        anew[made.stage or made.name] += sum(name not in there for name in ids)
        asked.update(ids)
    return dict(+anew), asked


def _counted(tasks: Sequence[Mapping[str, Any]]) -> str:
    states = Counter(map(_state, tasks))
    return f"{count(len(tasks), 'task', ',')} ({', '.join(f'{many:,} {state}' for state, many in states.items())})"


def _state(task: Mapping[str, Any]) -> str:
    if task["state"] != "completed":
        return "waiting" if task["state"] == "active" else "running"
    return "succeeded" if str((task.get("executionInfo") or {}).get("result")).lower() == "success" else "failed"


INVERSE = Inverse(
    say=say,
    place=lambda observed, known: ("jobs", observed.address.name, "tasks"),
    every=every,
    parts=True,
    aside=folding.aside,
    again=again,
    marked=False,
    within=within,
)
