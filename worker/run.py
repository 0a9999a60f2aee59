"""A task from its first call to its exit code: finds its inputs, converts what is not up to date, reports.

Threads each take one input through download, conversion and upload, so the three overlap; decoding and compression
leave the interpreter free, and as many run at once as there are processors. The main thread writes progress into the
result blob and ends the process when one conversion takes too long (the supervisor starts the next).
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import PurePosixPath

from worker import shard
from worker.blobs import Blobs, Container
from worker.convert import convert
from worker.failure import Failure
from worker.log import complain, say
from worker.memory import Memory
from worker.outputs import Outputs
from worker.records import Records
from worker.report import Earlier, Report
from worker.shard import Item
from worker.supervise import Journal, Past
from worker.task import Shard, Share, Task

DONE, SOME_FAILED, USAGE, NOTHING_WORKED = 0, 1, 2, 3
RESULT_EVERY_SECONDS = 2.0
PRINT_EVERY_SECONDS = 10.0


def run(task: Task, journal: Journal, past: Past) -> int:
    """Does the task; its exit code."""
    try:
        conversion, items = _conversion(task, journal, past)
    except Failure as failure:
        complain(f"cannot start: {failure}\n{_REMEDIES.get(failure.code, '')}")
        return NOTHING_WORKED
    except ValueError as error:
        complain(f"cannot start: {error}")
        return USAGE
    return _carry_out(conversion, items)


def _conversion(task: Task, journal: Journal, past: Past) -> tuple[_Conversion, list[Item]]:
    blobs = Blobs(task.limits.threads, task.limits.access_wait)
    source, target = blobs.open(task.source), blobs.open(task.target)
    if not isinstance(task.inputs, Shard):
        items, up_to_date = _dealt(task.inputs, source, target)
        outputs, report = Outputs(target, "", overwrites=False), Report(_name(task.inputs), len(items))
        return _Conversion(task, source, outputs, up_to_date, None, journal, past, report), items
    records = Records(blobs.open(task.inputs.scripts), task.inputs)
    items, outputs = records.items(), Outputs(target, task.inputs.maker, overwrites=task.inputs.overwrites)
    earlier = records.earlier()
    up_to_date = outputs.up_to_date if earlier else lambda item: False
    spent = earlier or Earlier()
    report = Report(
        _name(task.inputs),
        len(items),
        bytes_in=spent.bytes_in,
        bytes_out=spent.bytes_out,
        seconds_before=spent.seconds,
    )
    return _Conversion(task, source, outputs, up_to_date, records, journal, past, report), items


_REMEDIES = {
    "denied": "give the node's identity the role Storage Blob Data Contributor on the storage account",
    "missing": "check that the containers exist and that the shard was written",
    "unavailable": "check that the node can reach the storage account, then run the task again",
}


def _name(inputs: Shard | Share) -> str:
    alone = PurePosixPath(inputs.manifest).stem if isinstance(inputs, Shard) else str(inputs.task_id)
    return os.environ.get("AZ_BATCH_TASK_ID", alone)


def _dealt(share: Share, source: Container, target: Container) -> tuple[list[Item], Callable[[Item], bool]]:
    items = shard.dealt(source.etags(), share.suffixes, share.task_id, share.total_tasks)
    made_from = target.source_etags({item.output for item in items})
    return items, lambda item: made_from.get(item.output) == item.etag


@dataclass
class _Conversion:
    """One input after the other, from any thread."""

    task: Task
    source: Container
    outputs: Outputs
    up_to_date: Callable[[Item], bool]
    records: Records | None
    journal: Journal
    past: Past
    report: Report

    def __post_init__(self) -> None:
        self._processors = threading.BoundedSemaphore(processors())
        self._memory = Memory(self.task.limits.memory)
        self._converting: dict[str, float] = {}

    def take(self, item: Item) -> None:
        with self.journal.in_hand(item.name):
            try:
                self._convert(item)
            except Failure as failure:
                self._fail(item, failure)
            # What nobody foresaw costs one input, not the task.
            except Exception as error:
                self._fail(item, Failure("unavailable", f"{type(error).__name__}: {error}"))

    def _convert(self, item: Item) -> None:
        if item.name in self.past.convicted:
            raise _conviction(self.past.convicted[item.name])
        if self.up_to_date(item):
            # In a shard, nothing was up to date when it was made: an earlier attempt has converted it.
            if self.records:
                self.report.add_converted(0, 0)
            else:
                self.report.add_skipped()
            return
        jpeg = self.source.read(item.name, item.etag)
        with self._processors:
            self._converting[item.name] = time.monotonic()
            try:
                png = convert(jpeg, self.task.limits.max_pixels, self._memory)
            finally:
                del self._converting[item.name]
        self.outputs.write(item, png)
        self.report.add_converted(len(jpeg), len(png))

    def _fail(self, item: Item, failure: Failure) -> None:
        self.report.add_failed(item, failure)
        complain(f"failed {item.name}: {failure}")
        if failure.lasting and self.records:
            try:
                self.records.mark(item, failure)
            except Failure as unwritten:
                complain(f"cannot mark {item.name} as failed: {unwritten}")

    @property
    def longest(self) -> float:
        """Seconds that the longest conversion in progress has taken."""
        return time.monotonic() - min(self._converting.copy().values(), default=time.monotonic())


def _conviction(signal_name: str) -> Failure:
    # SIGALRM is the time limit, SIGKILL the kernel's when memory runs out.
    code = "too_large" if signal_name in ("SIGALRM", "SIGKILL") else "corrupt"
    return Failure(code, f"the converter died of {signal_name} on this input, twice")


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0))


def _carry_out(conversion: _Conversion, items: Sequence[Item]) -> int:
    report, records = conversion.report, conversion.records
    suspects = set(conversion.past.suspects)
    progress = _Progress(conversion)
    with ThreadPoolExecutor(conversion.task.limits.threads) as pool:
        progress.write("running")
        for item in (item for item in items if item.name in suspects):
            progress.watch([pool.submit(conversion.take, item)])
        progress.watch([pool.submit(conversion.take, item) for item in items if item.name not in suspects])
    say(report.summary())
    if records:
        try:
            records.write_result(report, "finished")
        except Failure as failure:
            complain(f"cannot write the result: {failure}")
            return NOTHING_WORKED
    if report.out_of_reach:
        return NOTHING_WORKED
    # Batch runs a task that did not end with 0 again. In a shard the result names what failed, so that only what
    # another attempt may cure is worth that; who converts by hand has only the exit code.
    again = report.worth_another if records else bool(report.failed)
    return SOME_FAILED if again else DONE


class _Progress:
    """The main thread's part while the others convert."""

    def __init__(self, conversion: _Conversion) -> None:
        self._conversion = conversion
        self._written = self._printed = time.monotonic()

    def watch(self, futures: Iterable[Future[None]]) -> None:
        pending = set(futures)
        glance = min(1.0, self._conversion.task.limits.time_limit / 2)
        while pending:
            finished, pending = wait(pending, timeout=glance)
            for future in finished:
                future.result()
            if self._conversion.longest > self._conversion.task.limits.time_limit:
                os.kill(os.getpid(), signal.SIGALRM)
            now = time.monotonic()
            if now - self._written >= RESULT_EVERY_SECONDS:
                self._written = now
                self.write("running")
            if now - self._printed >= PRINT_EVERY_SECONDS:
                self._printed = now
                report = self._conversion.report
                say(f"{report.done + len(report.failed)} of {report.total}")

    def write(self, state: str) -> None:
        records = self._conversion.records
        if records:
            try:
                records.write_result(self._conversion.report, state)
            except Failure as failure:  # progress is only for onlookers; the result at the end has to be written
                complain(f"cannot write progress: {failure}")
