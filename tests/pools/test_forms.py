"""The forms of a pool's properties: one spelling for equal values, defaults, and what ARM takes. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler import marks
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.endpoints import Endpoints
from reconciler.cloud.operations import Answer
from reconciler.errors import ReconcileError
from reconciler.kinds import KINDS
from reconciler.kinds.pool import generations, image, properties, reading
from reconciler.kinds.pool.generations import Live
from reconciler.kinds.pool.state import State
from reconciler.model import Address, Desired, Health, Mark, Observed
from reconciler.spec import identities
from reconciler.spec.spec import Target

POOL = Address("pool", "p")
TARGET = Target("public", "S", "here", "rg")
THEIRS = "/subscriptions/S/resourceGroups/RG/providers/Microsoft.ManagedIdentity/userAssignedIdentities/A"


@pytest.mark.parametrize(
    ("name", "value", "normal"),
    [
        ("subnetId", "/Subnets/A", "/subnets/a"),
        ("ipAddressIds", ["/IPs/B", "/IPs/a"], ["/ips/b", "/ips/a"]),
        ("x", {"ipAddressIds": ["/IPs/B"], "names": ["B"]}, {"ipAddressIds": ["/ips/b"], "names": ["B"]}),
        ("displayName", "Pool", "Pool"),
        ("resizeTimeout", "PT900S", "PT15M"),
        ("displayName", "PT900S", "PT900S"),
        ("x", [{"name": "b", "lun": 1}, {"name": "a", "lun": 2}], [{"name": "a", "lun": 2}, {"name": "b", "lun": 1}]),
        ("x", [{"lun": 10}, {"lun": 9}], [{"lun": 9}, {"lun": 10}]),
        ("x", [{"b": 1}, {"a": 2}], [{"a": 2}, {"b": 1}]),
        ("x", [{"name": "b"}, "a"], [{"name": "b"}, "a"]),
        ("x", [], []),
        ("x", 3, 3),
    ],
)
def test_equal_values_have_one_spelling(name: str, value: Any, normal: Any) -> None:
    assert properties.normal(value, name) == normal


@pytest.mark.parametrize(
    ("shown", "seen"),
    [
        ({}, {"a": 1, "b": {"c": 2, "d": {"e": 3}}}),
        ({"a": None, "b": {}}, {"a": 1, "b": {"c": 2, "d": {"e": 3}}}),
        ({"a": 5, "b": {"c": 6, "x": 7}}, {"a": 5, "b": {"c": 6, "d": {"e": 3}, "x": 7}}),
        ({"a": {}, "b": [1]}, {"a": 1, "b": [1]}),
        ({"a": False, "z": 9}, {"a": False, "b": {"c": 2, "d": {"e": 3}}, "z": 9}),
    ],
)
def test_what_azure_does_not_show_has_its_default(shown: dict[str, Any], seen: dict[str, Any]) -> None:
    assert properties.observed(shown, {"a": 1, "b": {"c": 2, "d": {"e": 3}}}) == seen


def test_what_is_as_by_default_is_not_sent() -> None:
    defaults = {"a": {"b": None, "c": 1}, "d": []}
    assert properties.beyond({"a": {"c": 1}, "d": [], "e": 2}, defaults) == {"e": 2}
    assert properties.beyond({"a": {"c": 2}, "d": [1]}, defaults) == {"a": {"c": 2}, "d": [1]}
    assert properties.bare({"a": None, "b": [{"c": None, "d": 0}], "e": ""}) == {"b": [{"d": 0}], "e": ""}


def test_an_identity_is_known_by_its_name_or_its_id_wherever_it_stands() -> None:
    assert identities.identity_id("identities/A", TARGET) == THEIRS.lower()
    assert identities.identity_id(THEIRS, TARGET) == THEIRS.lower()
    value = {"x": [{"resourceId": "identities/A", "y": "identities/A"}], "z": 1}
    assert identities.identified(value, TARGET) == {"x": [{"resourceId": THEIRS.lower(), "y": "identities/A"}], "z": 1}


def machine(**parts: Any) -> dict[str, Any]:
    return {"deploymentConfiguration": {"virtualMachineConfiguration": parts}}


def test_what_a_pool_lacks_reads_as_nothing() -> None:
    assert [read({}) for read in (reading.machine, reading.image, reading.formula)] == [{}, "::", ""]
    assert (reading.targets({}), reading.running({})) == (None, (None, None))
    assert reading.targets({"scaleSettings": {"fixedScale": {"targetDedicatedNodes": 2}}}) == (2, 0)
    assert reading.targets({"scaleSettings": {"fixedScale": {"targetLowPriorityNodes": 2}}}) == (0, 2)
    assert reading.formula({"scaleSettings": {"autoScale": {"formula": "x"}}}) == "x"
    assert reading.image(machine(imageReference={"id": "/G/I"})) == "/g/i"
    assert reading.image(machine(imageReference={"publisher": "P", "offer": "o", "sku": "s"})) == "p:o:s"


@pytest.mark.parametrize(
    ("reference", "seen"),
    [
        ({"id": "/G/I", "version": "1"}, {"id": "/g/i"}),
        (
            {"publisher": "P", "offer": "O", "sku": "S"},
            {"publisher": "p", "offer": "o", "sku": "s", "version": "latest"},
        ),
        ({"publisher": "P", "version": "2", "odd": 1}, {"publisher": "p", "version": "2"}),
        (None, {"version": "latest"}),
    ],
)
def test_an_image_is_seen_by_its_id_or_by_its_names(reference: dict[str, Any] | None, seen: dict[str, str]) -> None:
    assert image.observed({"imageReference": reference}) == {"imageReference": seen}


def test_containers_are_seen_by_name_and_who_pulls_them() -> None:
    registries = [{"registryServer": "r", "identityReference": {"resourceId": "/I"}}, {"registryServer": "s"}]
    raw = {"type": "DockerCompatible", "containerImageNames": ["b", "a"], "containerRegistries": registries}
    seen = image.observed({"containerConfiguration": raw})["containerConfiguration"]
    names = {"containerImageNames": ["a", "b"], "containerRegistries": {"r": "/i", "s": ""}}
    assert seen == {"type": "DockerCompatible", **names}
    bare = image.observed({"containerConfiguration": {"type": "DockerCompatible"}})["containerConfiguration"]
    assert bare == {"type": "DockerCompatible", "containerImageNames": [], "containerRegistries": {}}
    pulled = {**seen, "containerRegistries": {"r": "/i", "s": None}}
    sent = image.wire({"imageReference": {}, "containerConfiguration": pulled}, "agent")
    assert sent["nodeAgentSkuId"] == "agent"
    listed = [{"registryServer": "r", "identityReference": {"resourceId": "/i"}}]
    assert sent["containerConfiguration"]["containerRegistries"] == listed
    assert "containerConfiguration" not in image.wire({"imageReference": {}, "containerConfiguration": None}, "agent")


@pytest.mark.parametrize(
    ("data", "reference", "agent"),
    [
        ({"nodeAgentSkuId": "theirs"}, {"id": "/g/images/i"}, "theirs"),
        ({"nodeAgentSkuId": "theirs", "base": "p:o:s"}, {"publisher": "p", "offer": "o", "sku": "s"}, "theirs"),
        ({"base": "p:o:s"}, {"id": "/g/images/i"}, "of p:o:s"),
        ({}, {"publisher": "p", "offer": "o", "sku": "s", "version": "latest"}, "of p:o:s"),
    ],
)
def test_the_node_agent_is_the_specs_or_that_of_the_system_that_boots(
    data: dict[str, str], reference: dict[str, str], agent: str
) -> None:
    machine = {"deploymentConfiguration": {"virtualMachineConfiguration": {"imageReference": reference}}}
    cloud = Cloud(TARGET, "me", "ba", Endpoints("https://case", 1, 120))
    cloud.node_agents = {"p:o:s": "of p:o:s"}
    assert image.node_agent(cloud, Desired(POOL, {"properties": machine}, data=data)) == agent


def test_nobody_knows_the_node_agent_of_an_image_of_others() -> None:
    machine = {"deploymentConfiguration": {"virtualMachineConfiguration": {"imageReference": {"id": "/g/images/j"}}}}
    cloud = Cloud(TARGET, "me", "ba", Endpoints("https://case", 1, 120))
    with pytest.raises(ReconcileError, match="nobody says which system /g/images/j holds; set nodeAgentSkuId"):
        image.node_agent(cloud, Desired(POOL, {"properties": machine}))


def generation(number: int, slots: int, *occupants: str, going: bool = False, ours: bool = True) -> Observed:
    name = "p" if number == 1 else f"p-g{number}"
    body = {"properties": {"taskSlotsPerNode": slots, "provisioningState": "Deleting" if going else "Succeeded"}}
    mark = Mark("me", "x") if ours else None
    return Observed(POOL, f"/pools/{name}", body, mark, occupants=occupants, state=State(0, 0, {}))


@pytest.mark.parametrize(
    ("live", "now", "others", "beside"),
    [
        pytest.param([generation(1, 1)], "p", [], "", id="one that fits"),
        pytest.param([generation(1, 2, "1 node")], "p", [], "p-g2", id="one that does not, and has nodes"),
        pytest.param([generation(1, 2)], "p", [], "", id="one that does not, and is empty"),
        pytest.param([generation(1, 2, "1 node", going=True)], "p", [], "", id="one that goes"),
        pytest.param([generation(1, 2, "1 node"), generation(2, 1)], "p-g2", ["p"], "", id="the later one fits"),
        pytest.param([generation(1, 1), generation(2, 2, "1 node")], "p", ["p-g2"], "", id="the earlier one fits"),
        pytest.param(
            [generation(1, 2, "1 node"), generation(2, 3, "1 node")], "p-g2", ["p"], "p-g4", id="neither does"
        ),
        pytest.param(
            [generation(1, 2, "1 node"), generation(2, 1, going=True)], "p", ["p-g2"], "p-g4", id="what fits goes"
        ),
        pytest.param([generation(1, 2, ours=False), generation(2, 1)], "p-g2", [], "", id="the other is of nobody"),
    ],
)  # fmt: skip
def test_the_newest_generation_that_fits_is_current(
    live: list[Observed], now: str, others: list[str], beside: str
) -> None:
    desired = Desired(POOL, {"properties": {"taskSlotsPerNode": 1}}, data={"rollout": {"whenEmpty": "blueGreen"}})
    ids = [pool.id.rsplit("/", 1)[-1] for pool in live]
    ids = [*ids, "p-g3"] if len(live) > 1 else ids
    chosen = generations.choose(desired, Live(tuple(live), tuple(ids)), KINDS["pool"].rule)
    assert chosen.now.id == f"/pools/{now}"
    assert [pool.id for pool in chosen.others] == [f"/pools/{name}" for name in others]
    assert chosen.beside == beside
    drained = Desired(POOL, desired.body, data={"rollout": {"whenEmpty": "drain"}})
    assert generations.choose(drained, Live(tuple(live), tuple(ids)), KINDS["pool"].rule).beside == ""


def test_generations_that_are_not_current_have_names_of_their_own() -> None:
    names = [pool.address.name for pool in generations.apart([generation(1, 1), generation(3, 1)])]
    assert names == ["p-g1", "p-g3"]
    (alone,) = generations.addressed("p", [generation(1, 1)])
    assert alone.address.name == "p"
    later = Observed(Address("pool", "p-g2"), "/pools/p-g2", {}, None, state=State(0, 0, {marks.POOL: "P"}))
    assert [pool.address.name for pool in generations.addressed("p", [generation(1, 1), later])] == ["P", "p-g1"]
    assert generations.mark(later) == {marks.POOL: "P"}
    assert generations.mark(generation(1, 1)) == {}


class Jobs(Cloud):
    """A cloud with one job, on this pool, and no schedule; it keeps what it was asked to delete."""

    def __init__(self, pool: str) -> None:
        super().__init__(TARGET, "me", "ba", Endpoints("https://case", 1, 120))
        self.pool = pool
        self.deleted: list[str] = []

    def arm(self, method: str, path: str, body: Any = None, api_version: str | None = None, **query: str) -> Answer:
        assert method == "DELETE"
        self.deleted.append(path)
        return Answer(204, {}, None)

    def batch(self) -> Any:
        return self

    def list_jobs(self) -> list[Jobs]:
        return [self]

    def list_job_schedules(self) -> list[Any]:
        return []

    def as_dict(self) -> dict[str, Any]:
        return {"id": "job", "state": "active", "poolInfo": {"poolId": self.pool}}


@pytest.mark.parametrize(
    ("job", "now", "others", "beside", "unused"),
    [("p", "p", [], "p-g3", ["p-g2"]), ("p-g2", "p-g2", ["p"], "p-g3", []), ("other", "p", [], "p-g3", ["p-g2"])],
)
def test_a_generation_that_no_job_came_to_goes_before_another_is_made(
    job: str, now: str, others: list[str], beside: str, unused: list[str]
) -> None:
    desired = Desired(POOL, {"properties": {"taskSlotsPerNode": 1}}, data={"rollout": {"whenEmpty": "blueGreen"}})
    live = Live((generation(1, 2, "1 node"), generation(2, 3, "1 node")), ("p", "p-g2"))
    chosen = generations.without_unused(Jobs(job), desired, live, KINDS["pool"].rule)
    assert (chosen.now.id, chosen.beside) == (f"/pools/{now}", beside)
    assert [pool.id for pool in chosen.others] == [f"/pools/{name}" for name in others]
    assert [pool.id for pool in chosen.unused] == [f"/pools/{name}" for name in unused]


BROKEN = replace(generation(2, 1), health=Health.FAILED)


@pytest.mark.parametrize(
    ("job", "live", "told"),
    [
        pytest.param("p-g2", [generation(1, 2), generation(2, 1)], None, id="it has all jobs, and works"),
        pytest.param("p", [generation(1, 2), generation(2, 1)], "p-g2 is being deleted", id="no job has moved yet"),
        pytest.param("other", [generation(1, 2), BROKEN], "p-g2 is being deleted", id="it is broken"),
        pytest.param("p-g2", [generation(1, 2, going=True), generation(2, 1)], "p is being deleted", id="old goes"),
        pytest.param("p-g2", [generation(1, 2), generation(2, 3)], None, id="another is to be made"),
    ],
)
def test_a_new_generation_is_given_up_only_if_it_is_broken_or_has_not_taken_over(
    job: str, live: list[Observed], told: str | None
) -> None:
    for keep in (False, True):
        cloud, rollout = Jobs(job), {"whenEmpty": "blueGreen", "keepOnFailure": keep}
        data = {"rollout": rollout, "verify": False}
        desired = Desired(POOL, {"properties": {"taskSlotsPerNode": 1}}, data=data)
        chosen = generations.choose(desired, Live(tuple(live), ("p", "p-g2")), KINDS["pool"].rule)
        kept = keep and BROKEN in live
        assert generations.hand_back(cloud, desired, chosen) == (None if kept else told)
        assert cloud.deleted == (["/pools/p-g2"] if told == "p-g2 is being deleted" and not kept else [])
