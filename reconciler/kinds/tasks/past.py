"""What is known of tasks beside what their job says: from what they wrote, and from the record of earlier jobs.

Each output says in its metadata which task wrote it. The id of a task has the version of its input and all that it does
in it, so an output with this id is what the task would write again: it is done when all that it writes is there,
whatever became of its job. That goes for files with names of their own. Who may write a container may write that, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

from reconciler import marks
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import tolerated
from reconciler.kinds.tasks import record
from reconciler.kinds.tasks.effort import Seconds
from reconciler.kinds.tasks.group import Group, Member
from reconciler.kinds.tasks.live import Past
from reconciler.kinds.tasks.wire import target
from reconciler.model import Desired
from reconciler.spec.tasks import Output, path, proving, required

NOBODY = hash("")


class Kept(Past):
    """Asks for each thing once, when it is needed first: the record, and the outputs in a container."""

    def __init__(self, cloud: Cloud, desired: Desired, job: Mapping[str, Any]) -> None:
        self._cloud, self._staging, self._job, self._name = cloud, desired.data["staging"], job, desired.address.name
        self._recorded: frozenset[str] | None = None
        self._seconds: Seconds = {}
        self._writers: dict[tuple[str, str], dict[int, int]] = {}

    def done(self, group: Group, member: Member) -> bool:
        outputs = proving(group.entry)
        if outputs and all(self._writer(output, member) == hash(member.id) for output in outputs):
            return True
        return member.id in self._record() and self.stands(group, member)

    def stands(self, group: Group, member: Member) -> bool:
        """Whether no other task has written over its outputs, and those are there that are required.

        Tasks wrote nothing about themselves always, and one that is not required need not be written.
        """
        anybodys = {hash(member.id), NOBODY}
        return all(self._writer(output, member) in anybodys for output in required(group.entry)) and all(
            self._writer(output, member) in {None, *anybodys} for output in proving(group.entry)
        )

    def took(self) -> Seconds:
        """How long tasks took in earlier jobs."""
        self._record()
        return self._seconds

    def _writer(self, output: Output, member: Member) -> int | None:
        """A hash of the task that wrote an output; None if it is not there."""
        beginning = path(output).replace("{{job}}", self._name).partition("{{")[0]
        place = (output["to"], beginning)
        if place not in self._writers:
            self._writers[place] = {}
            with nullcontext() if output["required"] else tolerated(403):
                self._writers[place] = self._listed(*place)
        return self._writers[place].get(hash(target(output, member, self._name)))

    def _listed(self, place: str, beginning: str) -> dict[int, int]:
        """Hash of a blob's name → hash of the task that wrote it: there may be a million."""
        listed = self._cloud.container(place).list_blobs(name_starts_with=beginning or None, include=["metadata"])
        return {hash(blob.name): hash((blob.metadata or {}).get(marks.TASK, "")) for blob in listed}

    def _record(self) -> frozenset[str]:
        if self._recorded is None:
            self._recorded = frozenset()
            if self._staging:
                before = record.before(self._cloud, self._staging, self._name, self._job)
                self._recorded, self._seconds = before
        return self._recorded
