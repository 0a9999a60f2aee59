"""Telling others that jobs have ended, while an apply goes on with other jobs, and at the end of each command that
saw one."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click

from reconciler.cli import common
from reconciler.errors import ReconcileError
from reconciler.events import Event, Listener, NoticeLogged, NoticeSent, StepFinished
from reconciler.model import Address, Desired, Status
from reconciler.render import as_json, plain, progress
from reconciler.report import Report

if TYPE_CHECKING:
    from reconciler.cloud.cloud import Cloud
    from reconciler.spec import Spec


@dataclass
class Notifier:
    """Tells the ends of the jobs that a command is about; `shape` is the format of what it says.

    While an apply goes on, a thread tells one end after another; the command waits for it when it has said all else.
    """

    spec: Spec
    cloud: Cloud
    desired: Mapping[Address, Desired]
    shape: str
    lock: threading.Lock = field(default_factory=threading.Lock)
    failed: set[str] = field(default_factory=set)
    """The jobs of which a command has failed."""
    thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="notify"))
    waiting: list[Future[None]] = field(default_factory=list)
    bars: Listener | None = None
    told: set[str] = field(default_factory=set)
    """The jobs of which something was said: what has failed is for the next run to try again."""

    def listening(self, listen: Listener) -> Listener:
        """A listener that passes events on, and lets the ends be told of jobs whose work ends on the way.

        In a terminal it also says what there is to say of that, above its bars.
        """
        if sys.stdout.isatty() and self.shape != "json":
            self.bars = listen

        def heard(event: Event) -> None:
            with self.lock:
                listen(event)
            ended = event.outcome if isinstance(event, StepFinished) else None
            if ended and ended.status is Status.DONE and (job := self._job(ended.step.address)):
                self.waiting.append(self.thread.submit(self._ended, job))

        return heard

    def warn(self, work: Iterable[Address]) -> None:
        """Say what is known by now to stand against telling the end of this work."""
        from reconciler.notices import telling

        jobs = dict.fromkeys(job for address in work if (job := self._job(address)))
        for reason in telling.unready(self.spec, jobs, os.environ):
            click.echo(f"warning: {plain.lines(reason, 2)}", err=True)

    def tell(self, reports: Iterable[Report]) -> bool:
        """Tell the ends that these reports know of, job by job. Whether a command has failed."""
        for ended in self.waiting:
            ended.result()
        self._tell(reports)
        return bool(self.failed)

    def tell_known(self) -> bool:
        """Tell the ends of all jobs that are known by now. Whether a command has failed."""
        work = {address: want for address, want in self.desired.items() if self._job(address) and not want.open}
        return self.tell(common.reports(self.cloud, work)) if work else False

    def _ended(self, job: str) -> None:
        """What cannot be read now is read again at the end of the command."""
        work = {address: want for address, want in self.desired.items() if self._job(address) == job}
        if not any(want.pending for want in work.values()):
            with suppress(ReconcileError):
                self._tell(common.reports(self.cloud, work))

    def _tell(self, reports: Iterable[Report]) -> None:
        from reconciler.notices.telling import Teller

        jobs: dict[str, list[Report]] = {}
        for report in reports:
            if job := self._job(report.address):
                jobs.setdefault(job, []).append(report)
        for job, of_job in jobs.items():
            if job not in self.told and Teller(self.spec, self.cloud, os.environ, self._say).tell(job, of_job):
                self.failed.add(job)

    def _job(self, address: Address) -> str:
        """The job with somebody to tell in whose tasks the work at an address is done; empty if there is none."""
        from reconciler.kinds import KINDS

        of, want = KINDS[address.kind].job_of if address.kind in KINDS else None, self.desired.get(address)
        job = of(want) if of and want and KINDS[address.kind].report else ""
        return job if job in self.spec.jobs and self.spec.jobs[job]["onDone"] else ""

    def _say(self, event: Event) -> None:
        assert isinstance(event, NoticeLogged | NoticeSent)
        self.told.add(event.job)
        with self.lock:
            if self.bars:
                self.bars(event)
            elif self.shape == "json":
                click.echo(as_json.event(event))
            else:
                click.echo(progress.notice(event), err=isinstance(event, NoticeSent) and bool(event.error))
