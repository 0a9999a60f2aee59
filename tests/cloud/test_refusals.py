"""What the cloud refuses to do or to believe, without asking anybody."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.cloud import node_agents
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.endpoints import Endpoints
from reconciler.cloud.operations import Answer
from reconciler.errors import AzureError, ReconcileError, Unreachable
from reconciler.spec.spec import Target


def cloud() -> Cloud:
    return Cloud(Target("public", "S", "here", "rg"), "me", "ba", Endpoints("https://arm.case", 1, 120))


class Answering(Cloud):
    """A cloud that answers everything with this body."""

    def __init__(self, body: Any) -> None:
        super().__init__(Target("public", "S", "here", "rg"), "me", "ba", Endpoints("https://arm.case", 1, 120))
        self.body = body

    def arm(self, method: str, path: str, body: Any = None, api_version: str | None = None, **query: str) -> Answer:
        return Answer(200, {}, self.body)


@pytest.mark.parametrize("link", ["https://evil.case/x", "https://arm.case.evil.case/x", "https://arm.case:444/x"])
def test_a_link_to_another_host_is_not_followed_with_our_token(link: str) -> None:
    with pytest.raises(ReconcileError, match="points to another host, which is not followed"):
        cloud().arm("GET", link)


def test_a_registry_that_wants_our_token_elsewhere_does_not_get_it() -> None:
    ours = cloud()
    ours.check_registry("https://r.azurecr.io/oauth2/token", "r.azurecr.io")
    for realm in ("https://evil.case/oauth2/token", "https://r.azurecr.io.evil.case/token"):
        with pytest.raises(ReconcileError, match=r"r\.azurecr\.io wants our token sent to another host"):
            ours.check_registry(realm, "r.azurecr.io")


def test_an_empty_answer_and_an_account_without_endpoints_are_told() -> None:
    assert Answering({"a": 1}).told("/x") == {"a": 1}
    with pytest.raises(Unreachable, match="POST /x did not arrive whole: it is empty; run it again"):
        Answering(None).told("/x")
    made = {"properties": {"primaryEndpoints": {"blob": "https://sa.blob.case/"}}}
    assert Answering(made).blob_endpoint("sa") == "https://sa.blob.case"
    with pytest.raises(AzureError, match="the storage account sa is still being made"):
        Answering({"properties": {"primaryEndpoints": None}}).blob_endpoint("sa")


def test_an_image_that_batch_does_not_offer_is_told_with_the_nearest() -> None:
    ours = cloud()
    ours.node_agents = {"canonical:ubuntu:22_04": "agent"}
    assert node_agents.agent_of(ours, "canonical:ubuntu:22_04") == "agent"
    with pytest.raises(ReconcileError, match="no image canonical:ubuntu:23_04; nearest are: canonical:ubuntu:22_04"):
        node_agents.agent_of(ours, "canonical:ubuntu:23_04")
    with pytest.raises(ReconcileError, match="no image zzz; nearest are: none"):
        node_agents.agent_of(ours, "zzz")
