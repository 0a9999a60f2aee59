"""Autoscale in a spec: formulas are read by validate, scenarios write them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import SpecError
from reconciler.kinds import load
from reconciler.kinds.pool import scale, section
from tests.documents import dumped


def spec(folder: Path, nodes: Any) -> Path:
    path = folder / "s.yaml"
    text = {
        "apiVersion": "reconciler/v1",
        "name": "s",
        "azure": {"cloud": "local", "location": "italynorth", "resourceGroup": "rg"},
        "batchAccount": {"name": "account"},
        "pools": {"p": {"vmSize": "Standard_D2s_v3", "image": "ubuntu-22.04", "nodes": nodes}},
    }
    path.write_text(dumped(text))
    return path


@pytest.mark.parametrize(
    ("nodes", "told"),
    [
        ({"autoscale": {"formula": "$TargetDedicatedNodes = $PendingTask.GetSample(1);"}}, "formula: 1:"),
        ({"autoscale": {"formula": "$TargetDedicatedNodes = 'many';"}}, "formula: 1:"),
        ({"autoscale": {"formula": "$TargetDedicatedNodes = 1;", "every": "PT1M"}}, "5 minutes"),
        ({"autoscale": {"scenario": "weekend", "max": 2, "min": 3}}, "cannot have from 3 to 2 nodes"),
        ({"autoscale": {"scenario": "weekend", "max": 2}, "dedicated": 1}, "has no meaning beside autoscale"),
        ({"autoscale": {"scenario": "weekend"}}, "pools.p.nodes.autoscale"),
    ],
)
def test_a_formula_that_azure_would_refuse_is_no_valid_spec(tmp_path: Path, nodes: Any, told: str) -> None:
    with pytest.raises(SpecError) as raised:
        load(spec(tmp_path, nodes), os.environ)
    assert told in str(raised.value)


def test_a_formula_without_a_cap_is_valid_and_warned_of(tmp_path: Path) -> None:
    formula = "$TargetDedicatedNodes = $PendingTasks.GetSamplePercent(TimeInterval_Minute * 5) < 70 ? 0 : "
    loaded = load(spec(tmp_path, {"autoscale": {"formula": formula + "avg($PendingTasks.GetSample(60));"}}), os.environ)
    assert any("cap" in warning or "most" in warning for _, warning in section.advice(loaded))


def test_a_scenario_becomes_a_formula_in_the_pools_scale_settings(tmp_path: Path) -> None:
    loaded = load(spec(tmp_path, {"autoscale": {"scenario": "pending-tasks", "max": 20, "every": "PT10M"}}), os.environ)
    wanted = scale.wanted(loaded.pools["p"])
    assert wanted["fixedScale"] is None
    assert wanted["autoScale"]["evaluationInterval"] == "PT10M"
    assert "maxNodes = 20;" in wanted["autoScale"]["formula"]
    assert list(section.advice(loaded)) == []
