"""What a simulation is made from: the options of the command line, laid over a pool of a spec where one is named."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

import batch_autoscale as language
from batch_autoscale import times

if TYPE_CHECKING:
    from reconciler.cost import Price
    from reconciler.render.autoscale import Rates
    from reconciler.spec import Spec
    from reconciler.spec.pools import Autoscale

T = TypeVar("T")
PRICE = 0.2


@dataclass(frozen=True, slots=True)
class Base:
    """A pool of a spec: its `autoscale` (None: it does not scale), slots, and where its prices and files are."""

    name: str = ""
    autoscale: Autoscale | None = None
    slots: int = 1
    size: str = ""
    spec: Spec | None = None


def pool_of(spec: Spec, name: str | None) -> Base:
    """The pool of that name, or the only one that scales."""
    scaled = [one for one, body in spec.pools.items() if "autoscale" in body["nodes"]]
    if name is None and len(scaled) != 1:
        known = f"it has {', '.join(scaled)}" if scaled else "none has autoscale"
        raise click.UsageError(f"say which pool of {spec.file} with --pool; {known}")
    name = name or scaled[0]
    if name not in spec.pools:
        raise click.UsageError(f"{spec.file} has no pool {name}; it has {', '.join(spec.pools) or 'none'}")
    body = spec.pools[name]
    return Base(name, body["nodes"].get("autoscale"), body["taskSlotsPerNode"], body["vmSize"], spec)


def formula(given: Mapping[str, Any], base: Base) -> str:
    """That of --formula, of --scenario, or of the pool; what belongs to a scenario may differ from the pool's."""
    keys = (("most", "max"), ("least", "min"), ("per_node", "perNode"), ("spot", "spot"))
    changed = {name: given[option] for option, name in keys if given[option] not in (None, False)}
    if given["formula"] is not None and given["scenario"] is not None:
        raise click.UsageError("say either --formula or --scenario")
    if given["formula"] is not None:
        own: Mapping[str, Any] = {"formula": read(given["formula"])}
    elif given["scenario"] is not None:
        own = {"min": 0, **(base.autoscale or {}), "scenario": given["scenario"]}
        own = {name: value for name, value in own.items() if name != "formula"}
    else:
        own = base.autoscale or {}
    if "formula" in own:
        if changed:
            raise click.UsageError("--max, --min, --per-node and --spot are for scenarios; a formula says it itself")
        return str(own["formula"])
    if "scenario" not in own:
        if base.spec is not None:
            raise click.UsageError(f"pool {base.name} has no autoscale; say --formula or --scenario to try one on it")
        raise click.UsageError("say either --formula or --scenario, or a SPEC with a pool that has autoscale")
    made = {"min": 0, "perNode": given["slots"] or base.slots, **own, **changed}
    if "max" not in made:
        raise click.UsageError("a scenario needs --max, the most nodes that it may ask for")
    names: Any = {name: made[name] for name in ("max", "min", "perNode", "spot") if name in made}
    return usage(lambda: language.scenarios.formula(made["scenario"], **names))


def trace(given: Mapping[str, Any], base: Base) -> language.Trace:
    """The tasks of the option for them, or of the pool."""
    kinds = {name: given[name] for name in ("constant", "burst", "diurnal", "trace") if given[name]}
    scale, spec = base.autoscale, base.spec
    if not kinds and scale is not None and "trace" in scale and spec is not None:
        from reconciler.spec import trial

        return usage(lambda: trial.trace(scale, spec.folder))
    if len(kinds) != 1:
        raise click.UsageError("say one of --constant, --burst, --diurnal and --trace")
    (name, value), seconds = kinds.popitem(), times.duration
    made: dict[str, Callable[[], language.Trace]] = {
        "constant": lambda: language.constant(
            value[0], every=seconds(span(value[1])), duration=seconds(span(value[2]))
        ),
        "burst": lambda: language.burst(value[0], duration=seconds(span(value[1]))),
        "diurnal": lambda: language.diurnal(value[0], days=value[1], duration=seconds(span(value[2]))),
        "trace": lambda: language.read_csv(read(value)),
    }
    tasks = usage(made[name], f"--{name}")
    if not tasks.tasks:
        raise click.UsageError(f"--{name} has no tasks")
    return tasks


def setting(given: Mapping[str, Any], base: Base, rates: Rates) -> language.Setting:
    from reconciler.spec import trial

    scale: Mapping[str, Any] = base.autoscale or trial.unsaid()
    interval = scale["every"] if given["interval"] is None else span(given["interval"])
    boot = scale["boot"] if given["boot"] is None else span(given["boot"])
    slots, price, spot = given["slots"] or base.slots, rates.dedicated, rates.spot
    return usage(lambda: language.Setting(interval, slots, boot, price, spot))


def rates(given: Mapping[str, Any], base: Base) -> Rates:
    """Of a node-hour: --price, or what a price file or the prices kept from before have of the pool's size."""
    from reconciler.render.autoscale import Rates

    if given["price"] is None and base.spec is not None:
        found, currency = _known(base.spec, base.size, given["prices"])
        hour, spot = found.hour, given["spot_price"]
        if hour is not None:
            spot = float(found.spot_hour or hour) if spot is None else spot
            return Rates(float(hour), spot, currency)
    price = PRICE if given["price"] is None else given["price"]
    note = "made up; set --price" if given["price"] is None else ""
    return Rates(price, price if given["spot_price"] is None else given["spot_price"], note=note)


def _known(spec: Spec, size: str, file: Path | None) -> tuple[Price, str]:
    """The size's prices as far as they are known here, and their currency; nobody is asked."""
    from reconciler import prices as lists

    region = spec.azure.location
    try:
        prices = lists.read(file) if file else lists.remembered(region, spec.azure.cloud)
    except lists.PricesError as error:
        raise click.UsageError(str(error)) from None
    return prices.of(region, size), prices.currency


def expected(given: Mapping[str, Any], base: Base) -> dict[str, str | float]:
    """The pool's expectations; those of the command line go before."""
    pools = base.autoscale.get("expect", {}) if base.autoscale else {}
    return {**pools, **dict(map(_expectation, given["expect"]))}


def _expectation(text: str) -> tuple[str, str | float]:
    name, equals, limit = text.partition("=")
    if not equals:
        raise click.UsageError(f"--expect takes NAME=LIMIT, such as maxQueue=PT10M, not {text!r}")
    return name.strip(), span(limit.strip())


def span(text: str) -> str | float:
    """Seconds where the text is a number, or the text."""
    try:
        return float(text)
    except ValueError:
        return text


def usage(do: Callable[[], T], option: str = "") -> T:
    """What cannot be is a wrong command line: a value that does not fit, or a formula with errors."""
    try:
        return do()
    except language.FormulaError as error:
        raise click.UsageError(f"the formula is wrong\n{error}") from None
    except ValueError as error:
        raise click.UsageError(f"{option}: {error}" if option else str(error)) from None


def read(file: Path) -> str:
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise click.UsageError(f"{file} cannot be read: {reason}") from None
