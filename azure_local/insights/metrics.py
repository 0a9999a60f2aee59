"""What Azure Monitor tells of a resource's metrics: their definitions, and their values over time.

The forms of answers are those of Microsoft's schema of 2024-02-01; the texts of refusals are in part inferred. A
request that names no metric is refused here, where Azure answers with one of its choice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from azure_local.azure import Azure, Route, Service
from azure_local.batch.shapes import seconds
from azure_local.clock import parsed, stamp
from azure_local.http import Answer, Call
from azure_local.insights import catalogue, measuring, series, targets
from azure_local.insights.catalogue import Metric
from azure_local.insights.metric_alerts import unknown_metric
from azure_local.insights.rules import refused
from azure_local.insights.targets import Target

VERSIONS = ("2024-02-01", "2023-10-01", "2021-05-01", "2019-07-01", "2018-01-01")
GRAINS = ("PT1M", "PT5M", "PT15M", "PT30M", "PT1H", "PT6H", "PT12H", "P1D")
MOST = 20
"""Metrics of one request."""
CONDITION = re.compile(r"\s*(\w+)\s+eq\s+'((?:[^']|'')*)'\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks for; times are minutes since 1970, and `grain` is as many."""

    start: int
    end: int
    grain: int
    aggregations: tuple[str, ...]
    wanted: dict[str, list[str]]
    """Dimension in small letters → its values, of which `*` is any, each with a series of its own."""


async def definitions(azure: Azure, call: Call) -> Answer:
    target = targets.needed(azure, f"/{call.params['scope']}")
    seen = catalogue.of(target.type)
    return Answer(200, {"value": [_definition(target, metric) for metric in (seen.metrics if seen else ())]})


def _definition(target: Target, metric: Metric) -> dict[str, Any]:
    shown = {
        "id": f"{target.id}/providers/microsoft.insights/metricdefinitions/{metric.name}",
        "resourceId": target.id,
        "namespace": target.type,
        "name": _name(metric.name),
        "isDimensionRequired": False,
        "unit": metric.unit,
        "primaryAggregationType": metric.aggregation,
        "supportedAggregationTypes": list(series.AGGREGATIONS),
        "metricAvailabilities": [{"timeGrain": grain, "retention": "P93D"} for grain in GRAINS],
    }
    return {**shown, **({"dimensions": [_name(one) for one in metric.dimensions]} if metric.dimensions else {})}


def _name(word: str) -> dict[str, str]:
    """A name, and how people read it."""
    return {"value": word, "localizedValue": re.sub(r"(?<=[a-z])(?=[A-Z])", " ", word[:1].upper() + word[1:])}


async def values(azure: Azure, call: Call) -> Answer:
    target = targets.needed(azure, f"/{call.params['scope']}")
    names = [name.strip() for name in call.query.get("metricnames", "").split(",") if name.strip()]
    if not 1 <= len(names) <= MOST:
        raise refused(f"metricnames must name from 1 to {MOST} metrics.")
    metrics = []
    for name in names:
        metric = catalogue.metric(target.type, name)
        if metric is None:
            raise refused(unknown_metric(target.type, name))
        metrics.append(metric)
    asked = _asked(azure, call, metrics)
    return Answer(
        200,
        {
            "cost": 0,
            "timespan": f"{_moment(asked.start)}/{_moment(asked.end)}",
            "interval": call.query.get("interval", "PT1M"),
            "value": [_shown(azure, target, metric, asked) for metric in metrics],
            "namespace": target.type,
            "resourceregion": target.region,
        },
    )


def _asked(azure: Azure, call: Call, metrics: list[Metric]) -> Asked:
    """Failure 400 for times, grains, aggregations or dimensions that there are not."""
    start, end = _span(azure, call.query.get("timespan", "PT1H"))
    interval = call.query.get("interval", "PT1M")
    if interval.upper() not in (*GRAINS, "FULL"):
        raise refused(f"Detected invalid time grain input: {interval}, supported ones are: {', '.join(GRAINS)}")
    grain = end - start if interval.upper() == "FULL" else int((seconds(interval) or 60) // 60)
    known = {name.lower(): name for name in series.AGGREGATIONS}
    given = [name.strip().lower() for name in call.query.get("aggregation", metrics[0].aggregation).split(",")]
    for name in given:
        if name not in known:
            raise refused(f"Detected invalid aggregation input: {name}, supported ones are: {', '.join(known)}")
    wanted = _wanted(call.query.get("$filter") or "")
    for name in wanted:
        for metric in metrics:
            if name not in [one.lower() for one in metric.dimensions]:
                text = f"Metric: {metric.name} does not support requested dimension combination: {name}, "
                raise refused(f"{text}supported ones are: {','.join(metric.dimensions)}")
    return Asked(start, end, grain, tuple(known[name] for name in given), wanted)


def _span(azure: Azure, text: str) -> tuple[int, int]:
    """`start/end`, or a duration until now, as minutes."""
    length = seconds(text)
    if length is not None:
        now = measuring.minute(azure)
        return now - max(1, int(length // 60)), now
    try:
        start, end = (int(parsed(_utc(part)).timestamp() // 60) for part in text.split("/"))
    except ValueError:
        start, end = 0, 0
    if end <= start:
        raise refused(f"Detected invalid timespan input: {text}. It must be start/end in ISO 8601.")
    return start, end


def _utc(text: str) -> str:
    """A moment without its offset, which must be that of UTC."""
    return re.sub(r"([+ ]00:00|Z)$", "", text.strip())


def _wanted(text: str) -> dict[str, list[str]]:
    """`a eq 'x' or a eq 'y' and b eq '*'` as dimension → values. Failure 400 if it cannot be read."""
    found: dict[str, list[str]] = {}
    for part in re.split(r"\band\b|\bor\b", text, flags=re.IGNORECASE) if text.strip() else ():
        match = CONDITION.fullmatch(part.strip().strip("()"))
        if match is None:
            raise refused(f"Invalid filter '{text}': it must be like dimension eq 'value' and other eq '*'.")
        found.setdefault(match[1].lower(), []).append(match[2].replace("''", "'"))
    return found


def _shown(azure: Azure, target: Target, metric: Metric, asked: Asked) -> dict[str, Any]:
    measured = measuring.read(azure, target, metric, asked.start, asked.end)
    shown = [_timeseries(labels, one, asked) for labels, one in split(metric, measured, asked.wanted)]
    if not shown and not asked.wanted:
        shown = [_timeseries({}, {}, asked)]
    return {
        "id": f"{target.id}/providers/Microsoft.Insights/metrics/{metric.name}",
        "type": "Microsoft.Insights/metrics",
        "name": _name(metric.name),
        "displayDescription": "",
        "unit": metric.unit,
        "timeseries": shown,
        "errorCode": "Success",
    }


def split(
    metric: Metric, measured: dict[tuple[str, ...], series.Series], wanted: dict[str, list[str]]
) -> Iterator[tuple[dict[str, str], series.Series]]:
    """The series of each combination of the values wanted, which is one if no dimension is wanted."""
    names = [name for name in metric.dimensions if name.lower() in wanted]
    places = [metric.dimensions.index(name) for name in names]
    groups: dict[tuple[str, ...], list[series.Series]] = {}
    for values, one in measured.items():
        picked = tuple(values[place] for place in places)
        fits = [_fits(value, wanted[name.lower()]) for name, value in zip(names, picked, strict=True)]
        if all(fits):
            groups.setdefault(picked, []).append(one)
    for picked, ones in groups.items():
        yield dict(zip(names, picked, strict=True)), series.summed(ones)


def _fits(value: str, wanted: list[str]) -> bool:
    return "*" in wanted or value.lower() in [one.lower() for one in wanted]


def _timeseries(labels: dict[str, str], measured: series.Series, asked: Asked) -> dict[str, Any]:
    data = []
    for at, cell in series.grains(measured, asked.start, asked.end, asked.grain):
        numbers = {name.lower(): cell.value(name) for name in asked.aggregations} if cell else {}
        data.append({"timeStamp": _moment(at), **numbers})
    named = [
        {"name": {"value": name.lower(), "localizedValue": name.lower()}, "value": value}
        for name, value in labels.items()
    ]
    return {"metadatavalues": named, "data": data}


def _moment(at: int) -> str:
    return stamp(datetime.fromtimestamp(at * 60, UTC))[:19] + "Z"


SERVICE = Service(
    routes=(
        Route("GET", "/{scope:path}/providers/Microsoft.Insights/metricDefinitions", definitions, VERSIONS),
        Route("GET", "/{scope:path}/providers/Microsoft.Insights/metrics", values, VERSIONS),
    ),
)
