"""Simulates a pool of a spec offline: its formula, interval and slots, on the tasks that its `trace` names.

A pool that cannot be simulated is a ValueError that says why.
A simulation has a limit of steps, so that reading a spec stays fast; one beyond it is an error, never half a result.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import batch_autoscale
from batch_autoscale import Result, Setting, Trace, times
from reconciler.spec.pools import Autoscale, Pool
from reconciler.spec.schema import defaults

STEPS = 100_000
"""The limit of a simulation, in events, evaluations and nodes: about two seconds."""
BYTES = 5_000_000
"""The limit of a file of tasks; a larger one cannot be simulated within STEPS."""


def unsaid() -> Mapping[str, Any]:
    """The defaults of a pool's `autoscale`."""
    return defaults("pool", "nodes", "autoscale")


def formula(scale: Autoscale, slots: int) -> str:
    """Its own formula, or that of its scenario."""
    if "formula" in scale:
        return scale["formula"]
    most, least, spot = scale["max"], scale["min"], scale["spot"]
    return batch_autoscale.scenarios.formula(scale["scenario"], perNode=slots, max=most, min=least, spot=spot)


def trace(scale: Autoscale, folder: Path) -> Trace:
    """The tasks of the simulation; a relative file name starts at `folder`."""
    source = scale["trace"]
    if isinstance(source, str):
        return _recorded(folder / source)
    ((kind, made),) = source.items()
    count, takes = made["tasks"], times.duration(made["takes"])
    if kind == "burst":
        return batch_autoscale.burst(count, duration=takes)
    if kind == "constant":
        return batch_autoscale.constant(count, every=times.duration(made["every"]), duration=takes)
    return batch_autoscale.diurnal(count, days=made["days"], duration=takes)


def _recorded(path: Path) -> Trace:
    try:
        size = path.stat().st_size
        if size > BYTES:
            raise ValueError(
                f"{path} has {size / 1e6:.0f} MB, at most {BYTES / 1e6:.0f} can be tried; take a part of it"
            )
        tasks = batch_autoscale.read_csv(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ValueError(f"cannot be read: {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path} is no text in UTF-8") from None
    except ValueError as error:
        raise ValueError(f"{path}: {error}" if str(path) not in str(error) else str(error)) from None
    if not tasks.tasks:
        raise ValueError(f"{path} has no tasks; a line is submitted,duration, such as 0,600")
    return tasks


@lru_cache(maxsize=16)
def run(tasks: Trace, text: str, pool: Setting) -> Result:
    """The result of a simulation; it is kept, because showing costs asks for the same one again."""
    return batch_autoscale.simulate(tasks, text, pool)


def result(scale: Autoscale, slots: int, folder: Path) -> Result:
    """The simulation of a pool with a `trace`. autoscale.TooLong where it takes too many steps."""
    setting = Setting(interval=scale["every"], boot=scale["boot"], slots=slots, steps=STEPS)
    return run(trace(scale, folder), formula(scale, slots), setting)


def means(pools: Mapping[str, Pool], folder: Path) -> dict[str, tuple[float, float]]:
    """Pool → the dedicated and Spot nodes that it had on average; only pools whose `trace` can be simulated."""
    averages = {}
    for name, body in pools.items():
        scale = body["nodes"].get("autoscale")
        if scale is not None and "trace" in scale:
            try:
                done = result(scale, body["taskSlotsPerNode"], folder)
            except (ValueError, batch_autoscale.FormulaError):
                continue
            hours = done.seconds / 3600
            averages[name] = (done.dedicated_hours / hours, done.spot_hours / hours)
    return averages
