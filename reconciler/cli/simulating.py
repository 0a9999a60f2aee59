"""The input of a simulation: options of the command line, which override a pool of a spec where one is named."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

import batch_autoscale as language
from batch_autoscale import times
from reconciler.cli import naming

if TYPE_CHECKING:
    from reconciler.cost import Price
    from reconciler.render.autoscale import Rates
    from reconciler.spec import Spec
    from reconciler.spec.pools import Autoscale

T = TypeVar("T")
PRICE = 0.2


@dataclass(frozen=True, slots=True)
class Base:
    """A pool of a spec: its `autoscale` (None: it does not scale), its slots, and what its prices depend on."""

    name: str = ""
    autoscale: Autoscale | None = None
    slots: int = 1
    size: str = ""
    spec: Spec | None = None


def pool_of(spec: Spec, name: str | None) -> Base:
    """The pool of that name, or the only one that scales."""
    scaled = [pool for pool, body in spec.pools.items() if "autoscale" in body["nodes"]]
    if name is None and not scaled:
        raise click.UsageError(f"say which pool of {spec.file} with --pool; none has autoscale")
    name = naming.named(spec, name, scaled if name is None else list(spec.pools), "pool", "--pool")
    body = spec.pools[name]
    return Base(name, body["nodes"].get("autoscale"), body["taskSlotsPerNode"], body["vmSize"][0], spec)


def formula(options: Mapping[str, Any], base: Base) -> str:
    """The formula of --formula, of --scenario, or of the pool; --max and the like override the pool's scenario."""
    keys = (("most", "max"), ("least", "min"), ("per_node", "perNode"), ("spot", "spot"))
    changed = {name: options[option] for option, name in keys if options[option] not in (None, False)}
    if options["formula"] is not None and options["scenario"] is not None:
        raise click.UsageError("say either --formula or --scenario")
    if options["formula"] is not None:
        scaling: Mapping[str, Any] = {"formula": read(options["formula"])}
    elif options["scenario"] is not None:
        scaling = {"min": 0, **(base.autoscale or {}), "scenario": options["scenario"]}
        scaling = {name: value for name, value in scaling.items() if name != "formula"}
    else:
        scaling = base.autoscale or {}
    if "formula" in scaling:
        if changed:
            raise click.UsageError("--max, --min, --per-node and --spot are for scenarios; a formula says it itself")
        return str(scaling["formula"])
    if "scenario" not in scaling:
        if base.spec is not None:
            raise click.UsageError(f"pool {base.name} has no autoscale; say --formula or --scenario to try one on it")
        raise click.UsageError("say either --formula or --scenario, or a SPEC with a pool that has autoscale")
    settings = {"min": 0, "perNode": options["slots"] or base.slots, **scaling, **changed}
    if "max" not in settings:
        raise click.UsageError("a scenario needs --max, the most nodes that it may ask for")
    names: Any = {name: settings[name] for name in ("max", "min", "perNode", "spot") if name in settings}
    return usage(lambda: language.scenarios.formula(settings["scenario"], **names))


def trace(options: Mapping[str, Any], base: Base) -> language.Trace:
    """The tasks that an option names, or else those of the pool."""
    kinds = {name: options[name] for name in ("constant", "burst", "diurnal", "trace") if options[name]}
    scale, spec = base.autoscale, base.spec
    if not kinds and scale is not None and "trace" in scale and spec is not None:
        from reconciler.spec import trial

        return usage(lambda: trial.trace(scale, spec.folder))
    if len(kinds) != 1:
        raise click.UsageError("say one of --constant, --burst, --diurnal and --trace")
    (name, value), seconds = kinds.popitem(), times.duration
    traces: dict[str, Callable[[], language.Trace]] = {
        "constant": lambda: language.constant(
            value[0], every=seconds(span(value[1])), duration=seconds(span(value[2]))
        ),
        "burst": lambda: language.burst(value[0], duration=seconds(span(value[1]))),
        "diurnal": lambda: language.diurnal(value[0], days=value[1], duration=seconds(span(value[2]))),
        "trace": lambda: language.read_csv(read(value)),
    }
    tasks = usage(traces[name], f"--{name}")
    if not tasks.tasks:
        raise click.UsageError(f"--{name} has no tasks")
    return tasks


def setting(options: Mapping[str, Any], base: Base, rates: Rates) -> language.Setting:
    from reconciler.spec import trial

    scale: Mapping[str, Any] = base.autoscale or trial.unsaid()
    interval = scale["every"] if options["interval"] is None else span(options["interval"])
    boot = scale["boot"] if options["boot"] is None else span(options["boot"])
    slots, price, spot = options["slots"] or base.slots, rates.dedicated, rates.spot
    return usage(lambda: language.Setting(interval, slots, boot, price, spot))


def rates(options: Mapping[str, Any], base: Base) -> Rates:
    """The price of a node-hour: --price, or that of the pool's size in a price file or in the prices kept here."""
    from reconciler.render.autoscale import Rates

    if options["price"] is None and base.spec is not None:
        known, currency = _known(base.spec, base.size, options["prices"])
        hour, spot = known.hour, options["spot_price"]
        if hour is not None:
            spot = float(known.spot_hour or hour) if spot is None else spot
            return Rates(float(hour), spot, currency)
    price = PRICE if options["price"] is None else options["price"]
    note = "made up; set --price" if options["price"] is None else ""
    return Rates(price, price if options["spot_price"] is None else options["spot_price"], note=note)


def _known(spec: Spec, size: str, file: Path | None) -> tuple[Price, str]:
    """The prices of the size that are known on this machine, and their currency; no price list is asked."""
    from reconciler import prices as lists

    region = spec.azure.location
    try:
        prices = lists.read(file) if file else lists.remembered(region, spec.azure.cloud)
    except lists.PricesError as error:
        raise click.UsageError(str(error)) from None
    return prices.of(region, size), prices.currency


def expected(options: Mapping[str, Any], base: Base) -> dict[str, str | float]:
    """The pool's expectations; those of the command line override them."""
    pools = base.autoscale.get("expect", {}) if base.autoscale else {}
    return {**pools, **dict(map(_expectation, options["expect"]))}


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
    """The result of `do`; UsageError for a value that does not fit or a formula with errors."""
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
