"""Pools that a formula sizes: it is evaluated at once, then every interval of simulated time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import batch_autoscale
from azure_local.azure import Azure
from azure_local.batch import events
from azure_local.batch.arm import pool_scale
from azure_local.batch.shapes import seconds
from azure_local.clock import stamp
from azure_local.nodes.samples import Samples
from azure_local.nodes.task_index import TaskIndex


class Scaling:
    def __init__(self, azure: Azure, index: TaskIndex) -> None:
        self.azure = azure
        self.samples = Samples(azure, index)

    def step(self, document: dict[str, Any]) -> None:
        """Take samples; evaluate if it is time."""
        properties = document["resource"]["properties"]
        if properties["provisioningState"] == "Deleting" or "autoScale" not in properties["scaleSettings"]:
            return
        self.samples.record(document)
        if self.azure.clock.recurs(document["evaluateAt"]):
            self._run(document)
            self.azure.store.put("pool", document["resource"]["id"], document)

    def begin(self, document: dict[str, Any]) -> None:
        """Start with the pool's new formula: evaluate it now, and again every interval."""
        self.samples.record(document)
        self._run(document)

    def _run(self, document: dict[str, Any]) -> None:
        properties = document["resource"]["properties"]
        settings = properties["scaleSettings"]["autoScale"]
        interval = seconds(settings["evaluationInterval"])
        assert interval is not None
        document["evaluateAt"] = stamp(self.azure.clock.now() + timedelta(seconds=interval))
        evaluation, run = self.evaluate(document, settings["formula"])
        properties["autoScaleRun"] = run
        events.scaled(self.azure, document, settings["formula"])
        if evaluation is not None:
            self._apply(document, evaluation)

    def evaluate(
        self, document: dict[str, Any], formula: str
    ) -> tuple[batch_autoscale.Evaluation | None, dict[str, Any]]:
        """The formula's evaluation, None if it fails, and the AutoScaleRun as ARM shows it."""
        now, size = self.azure.clock.now(), pool_scale.size(document)
        dedicated, spot = self.azure.batch.pools.current(document)
        pool = batch_autoscale.Pool(
            dedicated,
            spot,
            size["targetDedicatedNodes"],
            size["targetLowPriorityNodes"],
            slots=document["resource"]["properties"]["taskSlotsPerNode"],
        )
        run = {"evaluationTime": stamp(now)}
        try:
            samples = self.samples.series(document)
            evaluation = batch_autoscale.evaluate(formula, samples, now=now, pool=pool, seed=int(now.timestamp()))
        except batch_autoscale.EvaluationError as error:
            return None, {**run, "results": pool.results, "error": _told(error.body)}
        except batch_autoscale.FormulaError as error:
            return None, {**run, "results": pool.results, "error": _told(_refusal(error))}
        return evaluation, {**run, "results": evaluation.results}

    def _apply(self, document: dict[str, Any], evaluation: batch_autoscale.Evaluation) -> None:
        """Resize to the formula's targets, unless the pool has them or is resizing to them."""
        properties, size = document["resource"]["properties"], pool_scale.size(document)
        targets = {"targetDedicatedNodes": evaluation.dedicated, "targetLowPriorityNodes": evaluation.spot}
        there = self.azure.batch.pools.current(document) == (evaluation.dedicated, evaluation.spot)
        same = all(size[name] == number for name, number in targets.items())
        size.update(targets)
        if not same or (properties["allocationState"] == "Steady" and not there):
            self.azure.batch.pools.resize(document, pool_scale.OPTIONS[evaluation.option])


def _refusal(error: batch_autoscale.FormulaError) -> Mapping[str, Any]:
    """The error of a formula that cannot be read: Azure gives it the same code as one without a value."""
    problem = error.problems[0]
    return batch_autoscale.EvaluationError(problem.place, problem.message).body


def _told(body: Mapping[str, Any]) -> dict[str, Any]:
    """An error of the data plane, which lists names and values, in ARM's form, which nests errors."""
    details = [{"code": item["name"], "message": item["value"]} for item in body["values"]]
    return {"code": body["code"], "message": body["message"], "details": details}
