"""How often a conversion lists its containers: once a look, and what was seen is enough for what is then done."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from azure.storage.blob import BlobServiceClient

from reconciler.cloud.cloud import Cloud
from reconciler.engine import loop
from reconciler.kinds import KINDS
from reconciler.model import Address, Diff, Mark, Status
from tests.conftest import World

Photograph = Callable[[int], bytes]


class Listening(Cloud):
    """The way to a world's Azure on which listings are counted: (container, prefix) → how many were asked for."""

    def __init__(self, world: World) -> None:
        plain = world.cloud()
        super().__init__(plain.target, plain.owner, plain.account, plain.endpoints)
        self.credential = plain.credential
        self.listings: Counter[tuple[str, str]] = Counter()

    def blobs(self, storage_account: str) -> BlobServiceClient:
        url = super().blobs(storage_account).url
        return BlobServiceClient(url, self.credential, raw_request_hook=self._heard)

    def _heard(self, request: Any) -> None:
        url = urlsplit(request.http_request.url)
        query = parse_qs(url.query)
        if query.get("comp") == ["list"]:
            self.listings[url.path.rsplit("/", 1)[-1], *query.get("prefix", [""])] += 1


def test_what_was_seen_is_submitted_and_cleared_without_listing_it_again(world: World, photograph: Photograph) -> None:
    world.text["jobs"]["job"]["convert"]["deleteOrphans"] = True
    world.apply()
    converted = world.container("converted")
    world.container("images").upload_blob("new.jpg", photograph(1))
    signed = {"source_etag": "1", "source_name": "gone.jpg", "made_by": f"{world.text['name']}/job"}
    converted.upload_blob("orphan.png", b"", metadata=signed)
    converted.upload_blob("theirs.png", b"")
    conversion, cloud = KINDS["conversion"], Listening(world)
    desired = loop.read(world.spec(), world.cloud(), KINDS).desired[Address("conversion", "job")]
    seen = conversion.observe(cloud, desired)
    assert seen is not None
    assert seen.body == {"pending": 1, "orphans": 1}
    once = {("images", ""): 1, ("converted", ""): 1, ("scripts", "jobs/job/failed/"): 1}
    assert cloud.listings == once
    conversion.update(cloud, desired, Mark(cloud.owner, ""), seen, Diff())
    assert {place: count for place, count in cloud.listings.items() if place in once} == once
    assert len(list(cloud.batch().list_tasks("job"))) == 1
    assert {blob.name for blob in converted.list_blobs()} - {"new.png"} == {"theirs.png"}


def test_an_apply_lists_the_data_before_and_after_its_tasks_and_not_while_they_run(
    world: World, photograph: Photograph
) -> None:
    world.apply()
    world.container("images").upload_blob("new.jpg", photograph(1))
    cloud = Listening(world)
    reading = loop.read(world.spec(), cloud, KINDS)
    data = [("images", ""), ("converted", ""), ("scripts", "jobs/job/failed/")]
    assert [cloud.listings[place] for place in data] == [1, 1, 1]
    outcomes = loop.carry_out(reading, cloud, KINDS, listen=lambda event: None, stop=threading.Event())
    assert [outcome.status for outcome in outcomes] == [Status.DONE]
    assert [cloud.listings[place] for place in data] == [3, 3, 3]
