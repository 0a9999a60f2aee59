"""Pools that are made for a job, as specs, Batch's schema and live jobs have them: nothing is lost in between."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from azure.batch import models

from reconciler.cost.use import Case as Cost
from reconciler.cost.use import Use
from reconciler.diff import diff
from reconciler.kinds import KINDS, load
from reconciler.kinds.job import auto_pool, pool_info
from reconciler.kinds.job.needs import wanted as nodes_of
from reconciler.model import Action, Address, Decision, Desired, Observed, Rule, Why
from reconciler.spec import Spec
from tests.kinds.cases import Case, Recording, spec_of
from tests.tasks.test_auto_pools import TMP, WHOLE

AGENT = "batch.node.ubuntu 24.04"
ALL = {**WHOLE, "nodeAgentSkuId": AGENT, "applicationPackages": [{"id": "tool", "version": "1"}]}
ALL |= {"containers": {"images": ["ubuntu:24.04"]}, "nodePlacementConfiguration": {"policy": "Zonal"}}
SCALED = {**TMP, "nodes": {"autoscale": {"scenario": "pending-tasks", "max": 3}}}
ABOVE = {"targetNodeCommunicationMode", "resourceTags", "certificateReferences"}
"""What this version of Batch no longer has, or has for other accounts only."""
KIND = KINDS["job"]


def spec(folder: Path, pool: dict[str, Any], **more: Any) -> Spec:
    part = {"batchAccount": {"name": "bacase01"}, "pools": {"tmp": pool}, "jobs": {"job": {"pool": "pools/tmp"}}}
    return spec_of(Case(KIND, "", {}, {}), {**part, **more}, folder)


def desired(folder: Path, pool: dict[str, Any], **more: Any) -> Desired:
    return next(iter(KIND.expand(spec(folder, pool, **more))))


def shown(asked: Desired, there: Spec) -> dict[str, Any]:
    """The poolInfo of a live job that was made of a spec, if Batch shows what it was sent."""
    sent = pool_info.wire(Recording(there, {}), asked.body["poolInfo"])
    return pool_info.observed(json.loads(json.dumps(sent)), None)


def test_every_property_that_batch_takes_is_known(tmp_path: Path) -> None:
    fields = {field._rest_name for field in models.BatchPoolSpecification({})._attr_to_rest_field.values()}
    known = {key for pool in (TMP, SCALED) for key in auto_pool.wanted(spec(tmp_path, pool), _pool(tmp_path, pool))}
    assert fields - known <= ABOVE
    assert known <= fields
    machine = {field._rest_name for field in models.VirtualMachineConfiguration({})._attr_to_rest_field.values()}
    there = {*auto_pool.BOOTED, "imageReference", "nodeAgentSKUId", "containerConfiguration"}
    assert machine - there == {"windowsConfiguration"}, "nodes run Linux"


def _pool(folder: Path, pool: dict[str, Any]) -> Any:
    return spec(folder, pool).pools["tmp"]


@pytest.mark.parametrize("pool", [{**TMP, "nodeAgentSkuId": AGENT}, ALL, {**SCALED, "nodeAgentSkuId": AGENT}])
def test_what_was_sent_is_as_asked_for(tmp_path: Path, pool: dict[str, Any]) -> None:
    asked = desired(tmp_path, pool)
    assert not diff(KIND.rule, asked.body["poolInfo"], shown(asked, spec(tmp_path, pool)))


def test_what_is_taken_out_or_put_in_needs_another_job(tmp_path: Path) -> None:
    there, whole = spec(tmp_path, ALL), desired(tmp_path, ALL)
    for key in ALL.keys() - {"vmSize", "image", "nodes", "autoPool", "nodeAgentSkuId"}:
        less = desired(tmp_path, {name: value for name, value in ALL.items() if name != key})
        for before, after in ((whole, less), (less, whole)):
            body, live = {"poolInfo": after.body["poolInfo"]}, {"poolInfo": shown(before, there)}
            differing = diff(KIND.rule, body, live)
            assert differing.rule is Rule.REPLACE, key
            assert all(KIND.key(change.path).startswith("pool.") for change in differing.changes)


def test_an_image_of_the_spec_is_built_before_and_taken_in_its_latest_version(tmp_path: Path) -> None:
    images = {"tools": {"gallery": "g", "os": "ubuntu-22.04", "preload": ["ubuntu:24.04"]}}
    (tmp_path / "tool").mkdir()
    (tmp_path / "tool" / "run").touch()
    kept = {
        "batchAccount": {"name": "bacase01", "autoStorage": "storage/sa001"},
        "storage": {"sa001": {"allowSharedKeyAccess": True}},
    }
    applications = {"Tool": {"packages": {"1": "tool"}}}
    packages = [{"id": "tool", "version": "1"}]
    pool = {**TMP, "image": "images/tools", "applicationPackages": packages}
    asked = desired(tmp_path, pool, images=images, applications=applications, **kept)
    accounts, image, application = asked.refs
    assert (accounts.kind, image, application) == (
        "batch_account",
        Address("image_version", "tools"),
        Address("application", "Tool"),
    )
    made = pool_info.wire(Recording(spec(tmp_path, TMP), {}), asked.body["poolInfo"])[pool_info.AUTO]["pool"]
    gallery = "/providers/microsoft.compute/galleries/g/images/tools"
    machine = made["virtualMachineConfiguration"]
    assert machine["imageReference"]["virtualMachineImageId"].endswith(gallery)
    assert machine["nodeAgentSKUId"] == "batch.node.ubuntu 22.04"
    assert machine["containerConfiguration"] == {
        "type": "dockerCompatible",
        "containerImageNames": ["docker.io/library/ubuntu:24.04"],
    }
    assert made["applicationPackageReferences"] == [{"applicationId": "tool", "version": "1"}]
    nodes = nodes_of(asked)
    assert nodes is not None
    assert (nodes.size, nodes.dedicated, nodes.image, nodes.containers) == ("standard_d2s_v3", 1, "", True)


def test_passwords_are_made_up_for_each_job_and_compared_with_nothing(tmp_path: Path) -> None:
    asked = desired(tmp_path, ALL).body["poolInfo"]
    cloud = Recording(spec(tmp_path, ALL), {})
    first, second = (pool_info.wire(cloud, asked)[pool_info.AUTO]["pool"]["userAccounts"] for _ in range(2))
    assert first[0]["password"] != second[0]["password"]
    assert "password" not in json.dumps(asked)


MANAGER = {"id": "main", "commandLine": "x"}
ENDLESS = "the job has no end, nor has the pool that is made for it, which costs meanwhile; write "


@pytest.mark.parametrize(
    ("job", "pool", "warned"),
    [
        ({"onAllTasksComplete": "TerminateJob", "tasks": {"t": {"command": "x"}}}, {}, []),
        ({"maxWallClockTime": "PT8H"}, {}, []),
        ({"jobManagerTask": MANAGER}, {}, []),
        ({"schedule": {"recurrenceInterval": "P1D"}, "jobManagerTask": MANAGER}, {}, []),
        ({"tasks": {"t": {"command": "x"}}}, {}, [f"jobs.job.pool: {ENDLESS}onAllTasksComplete: TerminateJob"]),
        (
            {"jobManagerTask": {**MANAGER, "killJobOnCompletion": False}},
            {},
            [f"jobs.job.pool: {ENDLESS}maxWallClockTime: PT8H"],
        ),
        (
            {"maxWallClockTime": "PT8H"},
            {"keepAlive": True},
            [
                "pools.tmp.autoPool.keepAlive: it outlives its job and costs until somebody deletes it,"
                " which no apply does"
            ],
        ),
        (
            {"maxWallClockTime": "PT8H", "pool": "pools/other"},
            {},
            ["pools.tmp.autoPool: no job names pools/tmp, so that it is never made"],
        ),
    ],
)
def test_what_costs_longer_than_it_need_is_warned_of(
    tmp_path: Path, job: dict[str, Any], pool: dict[str, Any], warned: list[str]
) -> None:
    pools = {"tmp": {**TMP, "autoPool": pool}, "other": {key: TMP[key] for key in ("vmSize", "image", "nodes")}}
    spec(tmp_path, TMP, pools=pools, jobs={"job": {"pool": "pools/tmp", **job}})
    read = load(tmp_path / "spec.yaml", {}, "local", date(2026, 6, 1))
    assert [str(problem).partition(" ")[2] for problem in read.warnings] == warned


@pytest.mark.parametrize(
    ("pool", "dedicated", "spot", "endless"),
    [
        ({"nodes": {"dedicated": 4, "spot": 2}}, (0, 2, 4), (0, 1, 2), False),
        ({"nodes": {"autoscale": {"scenario": "pending-tasks", "max": 6}}}, (0, 3, 6), (0, 0, 0), False),
        ({"nodes": {"autoscale": {"formula": "$TargetDedicatedNodes = avg($PendingTasks.GetSample(1));"}}}, 0, 0, True),
        ({}, None, None, False),
    ],
)
def test_it_costs_from_nothing_to_all_of_its_nodes(
    tmp_path: Path, pool: dict[str, Any], dedicated: Any, spot: Any, endless: bool
) -> None:
    made = {**TMP, **pool} if pool else {key: TMP[key] for key in ("vmSize", "image", "nodes")}
    asked = desired(tmp_path, made)
    assert KIND.costs is not None
    create, none = (Decision(asked.address, action, Why.ABSENT, "") for action in (Action.CREATE, Action.NONE))
    change = KIND.costs.uses(Cost(asked.address, create, asked, None, "here"))
    assert change.now is None
    if dedicated is None:
        assert change.after is None
        assert KIND.costs.size(asked) is None
        return
    assert isinstance(change.after, Use)
    assert (KIND.costs.size(asked), change.after.endless) == ("Standard_D2s_v3", endless)
    for counted, told in ((change.after.dedicated, dedicated), (change.after.spot, spot)):
        assert told == 0 or (counted.low, counted.expected, counted.high) == told
    live = Observed(asked.address, "job", asked.body)
    assert KIND.costs.uses(Cost(asked.address, none, asked, live, "here")).now == change.after
    ended = replace(live, body={**asked.body, "state": "completed"})
    assert KIND.costs.uses(Cost(asked.address, none, asked, ended, "here")).after is None
