"""A named entry of a job's `tasks` as the tasks that it means: their ids, and what these are made of. Pure.

The id of a task says what it is for and what it does: `NAME-KEY-CONTENT`, the last two from digests of its values and
of all that it does; a single task has no key. So nothing is submitted twice, and what changed is another task.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.digest import digest
from reconciler.kinds.tasks.items import Item
from reconciler.kinds.tasks.needs import Choice
from reconciler.spec.tasks import Task

KEY, CONTENT, CHECK = 13, 8, 4
"""How many characters of an id stand for what a task is for (65 bits, in base 32), for what it does (32 bits, hex), and
for its being an id of ours (16 bits, hex): others may add tasks to a job, under names with a date at their end."""
_ID = re.compile(rf"(?P<entry>[a-z][a-z0-9_-]*?)(-[a-z2-7]{{{KEY}}})?-[0-9a-f]{{{CONTENT + CHECK}}}")
PRESENTED = (
    "limit",
    "forEach",
    "sweep",
    "prefix",
    "patterns",
    "sample",
    "dependsOn",
    "retentionTime",
    "identity",
    "rerun",
)
"""Keys of an entry that say which tasks there are, when they run again, how long their files stay, not what they do."""


@dataclass(frozen=True, slots=True)
class Member:
    """One task: its id, and what it is for.

    needs   ids of tasks that it depends on and others of its entry do not
    lacks   what it is to depend on and is not there, in words
    """

    id: str
    item: Item
    needs: tuple[str, ...] = ()
    lacks: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """An entry of a job's `tasks`.

    files   path in the spec → digest of the content
    acts    what else its tasks do is made of: whom they act as, where files are staged, variables of the job
    needs   ids of the tasks that each of its tasks depends on
    choices what its tasks depend on, entry by entry
    stage   the entry that its tasks stand before, if they are gates
    """

    name: str
    entry: Task
    files: Mapping[str, str]
    acts: Any
    needs: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    stage: str = ""

    @property
    def needed(self) -> tuple[str, ...]:
        """The names of the entries that it depends on."""
        return tuple(choice.name for choice in self.choices)

    @property
    def many(self) -> bool:
        return "sweep" in self.entry or "forEach" in self.entry

    @property
    def content(self) -> str:
        """A digest of all that its tasks do alike."""
        entry: dict[str, Any] = {key: value for key, value in self.entry.items() if key not in PRESENTED}
        entry["outputs"] = [{key: output[key] for key in output if key != "required"} for output in entry["outputs"]]
        return digest([entry, dict(self.files), self.acts, list(self.needs)])

    def members(self, items: Iterable[Item]) -> Iterator[Member]:
        content, name = self.content, self.name.lower()
        for item in items:
            asked = (choice.of(item.values) for choice in self.choices if choice.asked)
            needs = tuple(dict.fromkeys(task for tasks in asked for task in tasks))
            text = json.dumps([content, item.values, item.version, *([needs] if needs else [])], sort_keys=True)
            end = hashlib.sha256(text.encode()).hexdigest()[:CONTENT]
            task = _checked(f"{name}-{_key(item)}-{end}" if self.many else f"{name}-{end}")
            lacks = next(filter(None, (choice.lacking(item.values) for choice in self.choices)), "")
            yield Member(task, item, needs, lacks)


def ours(task: str) -> bool:
    """Whether this is the id, in lower case, of a task that some spec asked for."""
    return _ID.fullmatch(task) is not None and task == _checked(task[:-CHECK])


def entry_of(task: str) -> str:
    """The name, in lower case, of the entry that a task of ours is or was of; empty for one of others."""
    match = _ID.fullmatch(task)
    return match["entry"] if match else ""


def stem(task: str) -> str:
    """How the id of a task of ours begins, whatever it does; the whole id of one of others."""
    return task[: -CONTENT - CHECK] if ours(task) else task


def _checked(name: str) -> str:
    return name + hashlib.sha256(name.encode()).hexdigest()[:CHECK]


def _key(item: Item) -> str:
    text = json.dumps(item.subject, sort_keys=True)
    return base64.b32encode(hashlib.sha256(text.encode()).digest()).decode().lower()[:KEY]
