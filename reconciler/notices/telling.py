"""The end of a job is told to those that its spec names, once: to each again until it has arrived, or the next end.

Nothing here may change how a run ends, but for a command that fails: that is work of the caller's which is left undone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from reconciler.azure import durations
from reconciler.cloud import job_generations, secret_reference, told, webhook
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import reading, translated
from reconciler.cloud.told import Told
from reconciler.digest import digest
from reconciler.errors import ReconcileError
from reconciler.events import Listener, NoticeLogged, NoticeSent
from reconciler.notices import command, ran
from reconciler.notices.notice import Notice
from reconciler.report import Report
from reconciler.spec import jobs, webhooks
from reconciler.spec.sections import OnDone
from reconciler.spec.spec import Spec

ALWAYS = "always"
WEBHOOK_SECONDS, MORE_SECONDS = 300, 60
"""How long a webhook may take with all tries, and how much longer than its limit a command: a claim lasts so long."""


@dataclass(frozen=True, slots=True)
class Target:
    """One webhook or command of a job. `key` tells it from the others in what is kept."""

    entry: OnDone
    called: str
    key: str
    seconds: float
    runs: bool = False


def targets(spec: Spec, job: str) -> Iterator[Target]:
    """Whom the end of a job is told to."""
    for entry in spec.jobs[job]["onDone"]:
        if "webhook" in entry:
            meant = entry["webhook"]
            called = webhooks.host(meant) if isinstance(meant, str) else next(map(str, meant.values()))
            yield Target(entry, f"webhook {called}", digest(["webhook", meant]), WEBHOOK_SECONDS)
        if "command" in entry:
            seconds = durations.seconds(entry["maxWallClockTime"]) or 0
            called, key = f"command {entry['command'][0]}", digest(["command", entry["command"]])
            yield Target(entry, called, key, seconds, runs=True)


def unready(spec: Spec, names: Iterable[str], environ: Mapping[str, str]) -> Iterator[str]:
    """What is known to stand against telling the ends of jobs from here, before hours of work have passed."""
    for job in names:
        for target in targets(spec, job):
            meant, reason = target.entry.get("webhook", ""), ""
            if target.runs:
                reason = command.fault(target.entry["command"], spec.folder)
            elif not isinstance(meant, str):
                reason = secret_reference.absent(meant, environ)
            if reason:
                yield f"the end of job {job} will not reach the {target.called}: {reason}"


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells ends of the jobs of a spec, as whoever runs the command, with his environment."""

    spec: Spec
    cloud: Cloud
    environ: Mapping[str, str]
    listen: Listener

    def tell(self, job: str, reports: Sequence[Report]) -> bool:
        """Tell that a job has ended, if `reports`, of what is done in it, say so. Whether a command has failed."""
        work = [(report, report.end) for report in reports if report.end]
        meant = list(targets(self.spec, job))
        if not meant or len(work) < len(jobs.works(self.spec.jobs[job])):
            return False
        try:
            with reading(f"what was told of the end of {job}"):
                live = job_generations.current(self.cloud, job)
                if live is None:
                    return False
                empty = Notice(self.spec, job, str(live["id"]), work, ran.Ran())
                return self._tell(empty, meant, jobs.kept_in(self.spec.jobs[job]))
        except ReconcileError as error:
            self.listen(NoticeSent(job, "", f"nobody is told, as that must be known: {error}"))
            return False

    def _tell(self, notice: Notice, meant: Sequence[Target], place: str) -> bool:
        job, known = notice.job, told.read(self.cloud, place, notice.job)
        notice = replace(notice, ran=ran.since(self.cloud, notice.live, known.until))
        if notice.ran.anew:
            due = [target for target in meant if target.entry["when"] in (ALWAYS, notice.outcome)]
            after = replace(known, since=known.until, until=notice.ran.ended, left=())
        elif due := [target for target in meant if target.key in known.left]:
            notice = replace(notice, ran=ran.since(self.cloud, notice.live, known.since))
            after = replace(known, left=())
        else:
            return False
        claimed = self._claimed(job, place, known, due)
        if claimed is None:
            return False
        failed = [target for target in due if not self._reached(target, notice)]
        left = tuple(target.key for target in failed)
        self._keep(job, place, replace(after, left=left, etag=claimed.etag))
        return any(target.runs for target in failed)

    def _claimed(self, job: str, place: str, known: Told, due: Sequence[Target]) -> Told | None:
        """What is kept, with our claim; None if another run is telling the end."""
        seconds = round(sum(target.seconds + MORE_SECONDS for target in due))
        claimed = None if known.free else told.claim(self.cloud, place, job, known, seconds) if due else known
        if claimed is None:
            when = f" after {known.free:%H:%M:%S} UTC" if known.free else ""
            remedy = f"if that was killed, an apply{when} tells it"
            self.listen(NoticeSent(job, "", f"another run is telling it; {remedy}"))
        return claimed

    def _keep(self, job: str, place: str, after: Told) -> None:
        try:
            with translated():
                told.keep(self.cloud, place, job, after)
        except ReconcileError as error:
            self.listen(NoticeSent(job, "", f"it is told again, as that it was told could not be kept: {error}"))

    def _reached(self, target: Target, notice: Notice) -> bool:
        try:
            error = self._run(target, notice) if target.runs else self._sent(target, notice)
        except (ReconcileError, OSError) as failure:
            error = str(failure)
        self.listen(NoticeSent(notice.job, target.called, error))
        return not error

    def _sent(self, target: Target, notice: Notice) -> str:
        meant = target.entry["webhook"]
        url = meant if isinstance(meant, str) else secret_reference.value(self.cloud, meant, self.environ)
        webhook.post(self.cloud.transport, url, notice.document(), self.cloud.endpoints.backoff)
        return ""

    def _run(self, target: Target, notice: Notice) -> str:
        def say(line: str) -> None:
            self.listen(NoticeLogged(notice.job, target.called, line))

        arguments, folder = target.entry["command"], self.spec.folder
        return command.run(arguments, folder, notice.variables(), notice.document(), target.seconds, say)
