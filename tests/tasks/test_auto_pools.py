"""Pools that are made for a job, on the local Azure: they come and go with it, and are nobody's to plan for."""

from __future__ import annotations

import re
from typing import Any

import pytest

import azure_local
from reconciler.model import Action, Address, Decision, Plan, Status
from tests.cli.command import reconcile
from tests.conftest import World
from tests.local.pools import until

TMP = {"vmSize": "Standard_D2s_v3", "image": "ubuntu-24.04", "nodes": 1, "autoPool": {}}
WHOLE: dict[str, Any] = {
    "vmSize": "Standard_D2s_v3",
    "image": "ubuntu-24.04",
    "nodes": {"dedicated": 1, "resizeTimeout": "PT600S"},
    "autoPool": {"keepAlive": False},
    "displayName": "For a while",
    "metadata": {"team": "blue", "cost": "1"},
    "taskSlotsPerNode": 2,
    "startTask": {
        "commandLine": "/bin/true",
        "environmentSettings": {"B": "2", "A": "1"},
        "elevationLevel": "Admin",
        "waitForSuccess": False,
    },
    "interNodeCommunication": "Enabled",
    "networkConfiguration": {
        "dynamicVnetAssignmentScope": "none",
        "enableAcceleratedNetworking": True,
        "endpointConfiguration": {
            "inboundNatPools": [
                {
                    "name": "web",
                    "protocol": "TCP",
                    "backendPort": 80,
                    "frontendPortRangeStart": 15000,
                    "frontendPortRangeEnd": 15100,
                    "networkSecurityGroupRules": [{"priority": 150, "access": "Deny", "sourceAddressPrefix": "*"}],
                }
            ]
        },
    },
    "taskSchedulingPolicy": {"jobDefaultOrder": "CreationTime", "nodeFillType": "Pack"},
    "userAccounts": [{"name": "worker", "elevationLevel": "Admin"}],
    "mountConfiguration": [{"nfsMountConfiguration": {"source": "10.0.0.4:/data", "relativeMountPath": "data"}}],
    "upgradePolicy": {"mode": "automatic", "rollingUpgradePolicy": {"pauseTimeBetweenBatches": "PT60S"}},
    "dataDisks": [{"lun": 0, "caching": "ReadOnly", "diskSizeGB": 10}],
    "osDisk": {"caching": "ReadWrite", "managedDisk": {"storageAccountType": "StandardSSD_LRS"}},
    "securityProfile": {"encryptionAtHost": True},
    "nodePlacementConfiguration": {"policy": "Regional"},
    "extensions": [{"name": "e", "publisher": "p", "type": "T", "settings": {"caching": "ReadOnly"}}],
}
"""A pool with all that Batch takes of one that it makes, but for packages and containers."""


@pytest.fixture
def alone(world: World) -> World:
    """A spec with nothing but a job and the pool that is made for it."""
    for section in ("storage", "identities"):
        del world.text[section]
    task = {"command": "hostname"}
    world.text["pools"] = {"tmp": TMP}
    world.text["jobs"] = {
        "job": {"pool": "pools/tmp", "wait": True, "onAllTasksComplete": "TerminateJob", "tasks": {"hello": task}}
    }
    return world


def decided(plan: Plan, address: str) -> Decision:
    return next(decision for decision in plan.decisions if str(decision.address) == address)


def pools(world: World) -> list[str]:
    return [str(pool.id) for pool in world.cloud().batch().list_pools()]


def job(world: World, name: str = "job") -> dict[str, Any]:
    return dict(world.cloud().batch().get_job(name).as_dict())


def statuses(world: World) -> set[Status]:
    return {outcome.status for outcome in world.apply().values()}


def test_a_job_runs_on_a_pool_of_its_own_which_goes_with_it(alone: World) -> None:
    plan = alone.plan()
    assert Address("pool", "tmp") not in {decision.address for decision in plan.decisions}
    told = {change.key: change.after for change in decided(plan, "job/job").diff.changes}
    assert {key: told[key] for key in ("pool.vmSize", "pool.nodes.dedicated", "pool.image.offer")} == {
        "pool.vmSize": "standard_d2s_v3",
        "pool.nodes.dedicated": 1,
        "pool.image.offer": "ubuntu-24_04-lts",
    }
    assert "pool.taskSlotsPerNode" not in told
    note = "job/job: it gets a pool made from pools/tmp (1 node of Standard_D2s_v3), which goes when the job ends"
    assert note in plan.notes
    outcomes = alone.apply()
    assert outcomes["tasks/job"].detail == "1 task, 1 succeeded"
    ran = job(alone)["executionInfo"]["poolId"]
    assert re.fullmatch(r"tmp_[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", ran)
    until(lambda: pools(alone) == [])
    assert alone.plan().steps == ()


def test_a_pool_with_all_that_it_can_have_is_as_asked_for_until_the_spec_asks_for_another(alone: World) -> None:
    alone.text["pools"]["tmp"] = WHOLE
    alone.text["jobs"]["job"] = {"pool": "pools/tmp"}
    assert statuses(alone) == {Status.DONE}
    first = job(alone)["executionInfo"]["poolId"]
    assert alone.plan().steps == ()
    assert f"on {first}, a pool of its own" in reconcile("status", str(alone.file)).stdout
    group = alone.text["azure"]["resourceGroup"]
    again = reconcile("import", "--cloud", "local", "--resource-group", group, "--name", alone.text["name"])
    assert "it makes a pool of its own" in again.stderr + again.stdout
    assert "a job has made it, and it goes with that" in again.stderr + again.stdout

    alone.text["pools"]["tmp"] = {**WHOLE, "osDisk": {"caching": "ReadWrite"}, "taskSlotsPerNode": 1}
    decision = decided(alone.plan(), "job/job")
    assert decision.action is Action.REPLACE
    assert [change.key for change in decision.diff.changes] == ["pool.taskSlotsPerNode", "pool.osDisk.managedDisk"]
    account = alone.text["batchAccount"]["name"]
    azure_local.ask(alone.azure.folder, "POST", "batch-quotas", {"account": account, "dedicatedCoreQuota": 3})
    assert statuses(alone) == {Status.DONE}, "what goes with the job before counts no more"
    until(lambda: pools(alone) == [job(alone)["executionInfo"]["poolId"]] and first not in pools(alone))
    assert alone.plan().steps == ()

    alone.text["pools"]["tmp"] = {**WHOLE, "nodes": 2}
    assert "dedicatedCoreQuota has 2 of 3 cores in use and 2 more are needed" in decided(alone.plan(), "job/job").reason
    azure_local.ask(alone.azure.folder, "POST", "batch-quotas", {"account": account, "dedicatedCoreQuota": 9})
    alone.text["pools"]["tmp"] = {name: value for name, value in TMP.items() if name != "autoPool"}
    plan = alone.plan()
    assert decided(plan, "pool/tmp").action is Action.CREATE
    assert decided(plan, "job/job").action is Action.REPLACE
    alone.azure.run(20)  # its pool is still there when the job has gone
    destroyed = reconcile("destroy", "--yes", str(alone.file))
    assert destroyed.returncode == 0, "a pool that goes with its job keeps nothing"


def test_a_schedule_takes_another_pool_for_its_next_jobs(alone: World) -> None:
    alone.text["pools"]["tmp"] = {**TMP, "autoPool": {"poolLifetimeOption": "JobSchedule"}}
    alone.text["jobs"] = {
        "nightly": {
            "pool": "pools/tmp",
            "schedule": {"recurrenceInterval": "P1D"},
            "jobManagerTask": {"id": "main", "commandLine": "hostname"},
        }
    }
    shared = "its jobs share a pool made from pools/tmp (1 node of Standard_D2s_v3), which goes when the schedule ends"
    assert f"job_schedule/nightly: {shared}" in alone.plan().notes
    assert statuses(alone) == {Status.DONE}
    until(lambda: job(alone, "nightly:job-1")["state"] == "completed")
    assert alone.plan().steps == ()
    assert len(pools(alone)) == 1
    alone.text["pools"]["tmp"]["nodes"] = 2
    decision = decided(alone.plan(), "job_schedule/nightly")
    assert (decision.action, decision.disturbs) == (Action.UPDATE, "from its next job on")
    assert [change.key for change in decision.diff.changes] == ["pool.nodes.dedicated"]
    assert statuses(alone) == {Status.DONE}
    assert alone.plan().steps == ()
    alone.text["jobs"] = {}
    assert statuses(alone) == {Status.DONE}
    until(lambda: pools(alone) == [])


def test_a_job_whose_pool_cannot_be_made_fails_and_is_made_anew(alone: World) -> None:
    jobs, alone.text["jobs"] = alone.text["jobs"], {}
    alone.apply()
    alone.text["jobs"] = jobs
    account = alone.text["batchAccount"]["name"]
    azure_local.ask(alone.azure.folder, "POST", "batch-quotas", {"account": account, "poolQuota": 0})
    refused = decided(alone.plan(), "job/job")
    assert refused.action is Action.REFUSE
    assert "poolQuota has 0 of 0 pools in use and 1 more are needed" in refused.reason
    azure_local.ask(alone.azure.folder, "POST", "batch-quotas", {"account": account, "poolQuota": 100})

    pools = WHOLE["networkConfiguration"]["endpointConfiguration"]["inboundNatPools"]
    reserved = {"inboundNatPools": [{**pools[0], "backendPort": 29876}]}
    alone.text["pools"]["tmp"] = {**TMP, "networkConfiguration": {"endpointConfiguration": reserved}}
    outcomes = alone.apply()
    assert outcomes["job/job"].status is Status.FAILED
    assert "its pool could not be made: InvalidPropertyValue: " in str(outcomes["job/job"].error)
    assert outcomes["tasks/job"].status is Status.SKIPPED
    alone.text["pools"]["tmp"] = TMP
    decision = decided(alone.plan(), "job/job")
    assert decision.action is Action.REPLACE
    assert decision.reason.startswith("its pool could not be made: InvalidPropertyValue: ")
    assert decision.reason.endswith("; it is made anew when there is work for it")
    assert statuses(alone) == {Status.DONE}
    assert alone.plan().steps == ()
