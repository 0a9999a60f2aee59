"""Whose pool boots an image version: one of this very spec will boot what the spec says, others keep the version."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError

from reconciler import marks
from reconciler.cloud import pairs
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.endpoints import Endpoints
from reconciler.cloud.operations import Answer
from reconciler.kind.going import Neighbours, user
from reconciler.kinds.image import version_use
from reconciler.model import Address, Mark, Observed
from reconciler.spec.spec import Target

CLOUD = Cloud(Target("public", "s", "here", "rg"), "me", "ba", Endpoints("https://case", 1, 120))


def pool(group: str, account: str, owner: str | None) -> dict[str, Any]:
    metadata = pairs.listed(marks.with_mark({}, Mark(owner, "x"))) if owner else []
    place = f"/subscriptions/s/resourceGroups/{group}/providers/Microsoft.Batch/batchAccounts/{account}/pools/p"
    return {"id": place, "name": "p", "properties": {"metadata": metadata}}


@pytest.mark.parametrize(
    ("group", "account", "owner", "ours"),
    [
        ("RG", "BA", "me", True),
        ("rg", "ba", "you", False),
        ("rg", "ba", None, False),
        ("rg", "other", "me", False),
        ("rg-of-another-environment", "ba", "me", False),
    ],
)
def test_a_pool_is_ours_by_its_mark_and_its_place(group: str, account: str, owner: str | None, ours: bool) -> None:
    assert version_use.ours(CLOUD, user(pool(group, account, owner))) is ours


class Shown(Cloud):
    """A subscription with these pools in one account that others own, and nothing of this spec but those."""

    def __init__(self, *given: dict[str, Any]) -> None:
        super().__init__(CLOUD.target, "me", "ba", CLOUD.endpoints)
        self.given = given

    def arm(self, method: str, path: str, body: Any = None, api_version: str | None = None, **query: str) -> Answer:
        missing = HttpResponseError(path)
        missing.status_code = 404
        raise missing

    def list_arm(self, path: str, api_version: str | None = None, **query: str) -> Iterator[dict[str, Any]]:
        yield from self.given if path.endswith("/pools") else [{"id": "a"}] * path.endswith("/batchAccounts")


def booting(image: str, marked: str | None) -> dict[str, Any]:
    """A pool that a job has made, of the spec `marked` or of others."""
    made = pool("rg", "ba", None)
    metadata = pairs.listed({marks.AUTO: marked}) if marked else []
    machine = {"virtualMachineConfiguration": {"imageReference": {"id": image}}}
    return {**made, "properties": {"metadata": metadata, "deploymentConfiguration": machine}}


@pytest.mark.parametrize(("marked", "counts"), [("me", False), ("you", True), (None, True)])
def test_a_pool_of_a_job_of_ours_boots_whichever_version_is_there(marked: str | None, counts: bool) -> None:
    version = Observed(Address("image_version", "g/i/1.0.0"), "/g/images/i/versions/1.0.0", {})
    users = list(version_use.of_version(Neighbours(Shown(booting("/g/images/i", marked))), version))
    assert bool(users) is counts
    exactly = list(version_use.of_version(Neighbours(Shown(booting(version.id, marked))), version))
    assert len(exactly) == 1, "it has booted this very version"
