"""The files that runs write on this machine: logs, and how long each step took.

They are a help and never a condition: where they cannot be written, the run goes on without them and says so once.

.reconcile/logs/SPEC/image_version/NAME/TIME/progress.log, build.log, 03-docker.log, ...
.reconcile/history.json
"""

from __future__ import annotations

import json
import re
import statistics
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reconciler.events import Event, Listener, RunStarted, StepFinished, StepLogged, StepWaiting
from reconciler.files import write_whole
from reconciler.model import Address, Status, Step
from reconciler.secret import hidden

FOLDER = Path(".reconcile")
KEPT = 10
"""How many times of a step, and runs of a resource, are kept."""


def history(spec: str, folder: Path = FOLDER) -> dict[str, float]:
    """The median seconds of each step of a spec that has been carried out on this machine."""
    return {name: statistics.median(times) for name, times in _times(folder).get(spec, {}).items()}


def _times(folder: Path) -> dict[str, dict[str, list[float]]]:
    """Spec → step → seconds; what in the file is something else, or cannot be read, counts as not there."""
    try:
        kept = _map(json.loads((folder / "history.json").read_text()))
    except (OSError, ValueError):
        return {}
    return {
        spec: {step: times for step, times in _map(steps).items() if _seconds(times)} for spec, steps in kept.items()
    }


def _map(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _seconds(times: Any) -> bool:
    return isinstance(times, list) and bool(times) and all(isinstance(time, int | float) for time in times)


def latest(spec: str, address: Address, folder: Path = FOLDER) -> dict[str, str]:
    """The logs of the last run that wrote any for this resource, by name."""
    runs = sorted(_place(spec, address, folder).glob("*"))
    return {path.stem: path.read_text() for path in sorted(runs[-1].glob("*.log"))} if runs else {}


def _place(spec: str, address: Address, folder: Path) -> Path:
    safe = re.sub(r"[^\w.-]", "_", address.name).lstrip(".") or "_"
    return folder / "logs" / re.sub(r"[^\w-]", "_", spec) / address.kind / safe


class Journal:
    """Passes events on, and writes logs and times of steps to files. `keys` name the steps in the history."""

    def __init__(
        self,
        spec: str,
        listen: Listener,
        keys: Mapping[str, str],
        folder: Path = FOLDER,
        warn: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.spec, self.listen, self.keys, self.folder, self.warn = spec, listen, keys, folder, warn
        self.run = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        self.lines: dict[str, str] = {}
        self.logged: set[str] = set()
        self.writes = True

    def __call__(self, event: Event) -> None:
        try:
            if self.writes:
                self._note(event)
        except OSError as error:
            self.writes = False
            reason = error.strerror or str(error)
            self.warn(f"cannot write to {self.folder}: {reason}; this run leaves no logs and no times there")
        self.listen(event)

    def _note(self, event: Event) -> None:
        if isinstance(event, StepLogged):
            self._write(event.step, event.name, event.text)
        elif isinstance(event, StepWaiting) and event.progress is None:
            self._progress(event.step, event.detail)
        elif isinstance(event, StepFinished):
            self._finished(event)
        elif isinstance(event, RunStarted):
            self.logged.clear()

    def _write(self, step: Step, name: str, text: str) -> None:
        self.logged.add(step.id)
        place = self._run_folder(step)
        (place / f"{re.sub(r'[^a-zA-Z0-9-]', '_', name)}.log").write_text(hidden(text))
        with (place / "progress.log").open("a") as file:
            file.write(hidden(self.lines.pop(step.id, "")))

    def _progress(self, step: Step, detail: str) -> None:
        """Note a line each time that the detail changes; it is written only once the step has a log."""
        line = f"{datetime.now(UTC).strftime('%H:%M:%S')} {detail}\n"
        known = self.lines.get(step.id, "")
        if not known.endswith(line[9:]):
            self.lines[step.id] = known + line

    def _finished(self, event: StepFinished) -> None:
        outcome = event.outcome
        if outcome.step.id in self.logged:
            end = f"{self.lines.pop(outcome.step.id, '')}{outcome.status} after {outcome.seconds:.0f} s"
            with (self._run_folder(outcome.step) / "progress.log").open("a") as file:
                file.write(hidden(f"{end}{f': {outcome.error}' if outcome.error else ''}\n"))
        if outcome.status is Status.DONE and outcome.step.id in self.keys:
            self._remember(self.keys[outcome.step.id], outcome.seconds)

    def _remember(self, key: str, seconds: float) -> None:
        times = _times(self.folder)
        known = times.setdefault(self.spec, {}).setdefault(key, [])
        known[:] = [*known, round(seconds, 1)][-KEPT:]
        write_whole(self.folder / "history.json", json.dumps(times, indent=1, sort_keys=True))

    def _run_folder(self, step: Step) -> Path:
        place = _place(self.spec, step.address, self.folder) / self.run
        if not place.is_dir():
            place.mkdir(parents=True, exist_ok=True)
            self._forget_old(place.parent)
        return place

    def _forget_old(self, place: Path) -> None:
        import shutil

        for old in sorted(place.iterdir())[:-KEPT]:
            shutil.rmtree(old, ignore_errors=True)
