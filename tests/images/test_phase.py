"""Where a build is, from what there is of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.kinds.image import machine as build_machine
from reconciler.kinds.image.machine import Seen, phase
from reconciler.kinds.image.recipe import Stage
from tests.documents import loaded

CASES = loaded((Path(__file__).parents[1] / "cases/images/phases.yaml").read_text())
STAGES = tuple(Stage(name, "true", 1) for name in ("wait", "docker", "deprovision"))


def machine(given: dict[str, Any]) -> dict[str, Any]:
    codes = [f"PowerState/{given.get('power', '')}"] + ["OSState/generalized"] * bool(given.get("generalized"))
    view = {"statuses": [{"code": code} for code in codes]}
    return {"properties": {"provisioningState": given.get("state", "Succeeded"), "instanceView": view}}


def seen(given: dict[str, Any]) -> Seen:
    views = dict(given.get("commands", {}))
    if given.get("done"):
        well = {"executionState": "Succeeded", "exitCode": 0}
        views = {build_machine.command_name(n, stage): well for n, stage in enumerate(STAGES, start=1)}
    commands = {name: {"properties": {"instanceView": view}} for name, view in views.items()}
    return Seen(machine(given["machine"]) if "machine" in given else None, commands, None, given.get("parts", {}))


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_build_is_where_what_there_is_says(case: dict[str, Any]) -> None:
    found = phase(seen(case["seen"]), STAGES, case.get("subnet"))
    wanted = case["phase"]
    assert (found.name, str(found.health), found.number, found.of) == (
        wanted["name"],
        wanted["health"],
        wanted["number"],
        8,
    )
    if "told" in wanted:
        assert found.detail == wanted["told"]


@pytest.mark.parametrize(("state", "told"), [("Creating", "busy"), ("Failed", "failed")])
def test_a_driver_extension_is_a_stage_like_any_other(state: str, told: str) -> None:
    stages = (Stage("gpu-driver", None, 1), *STAGES)
    status = {"message": "no GPU was found"}
    extension = {"properties": {"provisioningState": state, "instanceView": {"statuses": [status]}}}
    found = phase(Seen(machine({"power": "running"}), {}, extension), stages)
    assert (found.name, str(found.health)) == ("gpu-driver", told)
    assert found.detail == ("no GPU was found" if told == "failed" else "")


def test_what_the_driver_extension_said_is_a_log_of_its_stage() -> None:
    stages = (STAGES[0], Stage("gpu-driver", None, 1), STAGES[1])
    status = {"message": "Enable succeeded"}
    extension = {"properties": {"provisioningState": "Succeeded", "instanceView": {"statuses": [status]}}}
    ended = {"properties": {"instanceView": {"executionState": "Succeeded", "exitCode": 0, "output": "Docker 27\n"}}}
    seen = Seen(machine({"power": "running"}), {"03-docker": ended}, extension)
    texts = build_machine.logs(seen, stages)
    assert texts["02-gpu-driver"] == "extension succeeded\nEnable succeeded"
    assert texts["03-docker"].endswith("Docker 27\n")
    going = {"properties": {"provisioningState": "Creating"}}
    assert build_machine.logs(Seen(machine({"power": "running"}), {}, going), stages) == {}


def test_names_are_the_same_for_the_same_content_and_fit_azure() -> None:
    first = build_machine.names("/g", "My Image.With_Odd--Name" * 5, "0123456789abcdef")
    assert first == build_machine.names("/g", "My Image.With_Odd--Name" * 5, "0123456789abcdef")
    assert len(first.name) <= 64
    assert first.name.endswith("-01234567")
