"""Tasks that failed on their node: their image, their command, their limits, and what they did themselves.

Source of the codes: TaskFailureInformationCodes of Batch's .NET client. Exit codes 126, 127 and 128 + signal are those
of a POSIX shell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from reconciler.azure import durations
from reconciler.diagnosis.facts import Facts, Found, code, failure, ids, moment, said
from reconciler.diagnosis.rules import images, waiting
from reconciler.model import Body
from reconciler.nodelogs.telemetry import TIGHT
from reconciler.words import count, size

NO_ROOM = "No space left on device"
KILLED = 137


def registry(facts: Facts) -> Found | None:
    return _found(facts, lambda task: images.denied(failure(task)), "a container registry refused {}")


def image(facts: Facts) -> Found | None:
    return _found(facts, lambda task: images.of_image(failure(task)), "the container image of {} could not be pulled")


def settings(facts: Facts) -> Found | None:
    return _found(facts, lambda task: _is(task, "Container"), "the container settings of {} do not fit")


def package(facts: Facts) -> Found | None:
    words = "an application package of {} could not be installed"
    return _found(facts, lambda task: _is(task, "ApplicationPackage"), words)


def disk_full(facts: Facts) -> Found | None:
    told = _found(facts, lambda task: _is(task, "DiskFull"), "the disk of the node was full for {}")
    if told or facts.written is None or not any(NO_ROOM in line for line in facts.written.lines):
        return told
    full = [task for task in facts.failed if task["id"] == facts.written.by]
    found = _of(facts, full, "the disk of the node was full for {}") if full else None
    return Found(found.what, (*_measured(facts), *found.evidence), inferred=True) if found else None


def not_found(facts: Facts) -> Found | None:
    fits = _found(facts, lambda task: _is(task, "CommandProgramNotFound"), "Batch found no program to run for {}")
    return fits or _found(facts, lambda task: code(task) == 127, "the shell found no such command in {}")


def not_executable(facts: Facts) -> Found | None:
    fits = _found(facts, lambda task: _is(task, "CommandLaunchFailed"), "Batch could not start the command of {}")
    return fits or _found(facts, lambda task: code(task) == 126, "the command of {} is there and may not be run")


def wall_clock(facts: Facts) -> Found | None:
    """Batch calls that TaskEnded, as it does when somebody ends a task; words or times tell the two apart."""
    late = [task for task in facts.failed if _is(task, "TaskEnded") and _late(task)]
    limits = sorted({str((task.get("constraints") or {}).get("maxWallClockTime", "")) for task in late})
    return (
        _of(facts, late, f"{{}} ran longer than maxWallClockTime ({', '.join(limits)}) and was ended") if late else None
    )


def ended(facts: Facts) -> Found | None:
    words = "somebody ended {}, or its job ended with it"
    ended_with = waiting.ended_with(facts)
    return _found(facts, lambda task: _is(task, "TaskEnded") and not ended_with(task), words)


def killed(facts: Facts) -> Found | None:
    found = _found(facts, lambda task: code(task) == KILLED, "{} was killed (exit code 137)")
    if not found:
        return None
    samples = facts.busy.samples if facts.busy else ()
    full = max((sample.memory_share for sample in samples), default=0.0)
    short = full >= TIGHT or any(sample.killed for sample in samples)
    other = "its node had memory left; look for what ended it: its own code, or somebody" if samples else ""
    return Found(found.what, (*_measured(facts), *found.evidence), "" if short else other, inferred=not short)


def _measured(facts: Facts) -> Iterator[str]:
    """What the node measured of itself before the task ended."""
    if facts.busy is None:
        return
    if not facts.busy.samples:
        yield "what its node measured then is not there yet (it comes each five minutes), or not any more"
        return
    most = max(facts.busy.samples, key=lambda sample: sample.memory_share)
    memory = f"{size(int(most.memory))} of {size(int(most.memory_total))} ({most.memory_share:.0%})"
    disk = max(sample.disk_share for sample in facts.busy.samples)
    yield f"its node measured in the minutes around its end at most: memory {memory}, fullest disk {disk:.0%}"
    if number := sum(sample.killed for sample in facts.busy.samples):
        yield f"its system killed {number} {'process' if number == 1 else 'processes'} for want of memory then"


def exit_code(facts: Facts) -> Found | None:
    tasks = [task for task in facts.failed if code(task)]
    codes = ", ".join(str(number) for number in sorted({code(task) or 0 for task in tasks}))
    return _of(facts, tasks, f"{{}} ended with exit code {codes}") if tasks else None


def other(facts: Facts) -> Found | None:
    return _found(facts, lambda task: True, "{} failed before or after its command ran")


def undoable(facts: Facts) -> Found | None:
    """Of a conversion's inputs, others than those that are shown may be so, too."""
    if not facts.undoable:
        return None
    what = "an input cannot be converted" if len(facts.undoable) == 1 else "inputs cannot be converted, the first are"
    return Found(what, facts.undoable)


def _late(task: Body) -> bool:
    """Whether the task was ended by its limit: it says so, or it had run as long. The latter is inferred."""
    limit = durations.seconds(str((task.get("constraints") or {}).get("maxWallClockTime", "")))
    info = task.get("executionInfo") or {}
    if "wall" in said(failure(task)).lower():
        return True
    if limit is None or not {"startTime", "endTime"} <= info.keys():
        return False
    return (moment(info["endTime"]) - moment(info["startTime"])).total_seconds() >= limit


def _is(task: Body, begins: str) -> bool:
    return str(failure(task)["code"]).startswith(begins)


def _found(facts: Facts, fits: Callable[[Body], bool], words: str) -> Found | None:
    tasks = [task for task in facts.failed if fits(task)]
    return _of(facts, tasks, words) if tasks else None


def _of(facts: Facts, tasks: list[Body], words: str) -> Found:
    """Of several tasks the number and the first few ids; with the last lines of one of them, if they were read."""
    names = f"the task {tasks[0]['id']}" if len(tasks) == 1 else f"{count(len(tasks), 'task')} ({ids(tasks)})"
    told = [said(failure(task)) for task in tasks if failure(task)["code"] != "FailureExitCode"]
    mine = facts.written is not None and facts.written.by in [task["id"] for task in tasks]
    lines = facts.written.lines if facts.written and mine else ()
    return Found(words.format(names), (*tuple(dict.fromkeys(told))[:3], *lines))
