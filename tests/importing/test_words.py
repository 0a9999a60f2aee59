"""Single values in a spec's words."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler import secret
from reconciler.azure import sizes
from reconciler.kind.inverse import Known
from reconciler.kind.words import Unsayable, shown
from reconciler.kinds.pool import inverse
from reconciler.kinds.storage import inverse as storage
from reconciler.model import Address, Observed

KNOWN = Known("rg", "11111111-1111-1111-1111-111111111111")


@pytest.mark.parametrize(
    "size",
    ["Standard_D2s_v3", "Standard_NC4as_T4_v3", "Standard_E4-2ads_v5", "Standard_NV36adms_A10_v5", "Standard_M128s",
     "Standard_HB120rs_v2", "Basic_A1", "Standard_B1ls", "Standard_D11_v2_Promo"],
)  # fmt: skip
def test_a_size_is_spelled_as_in_the_catalogue(size: str) -> None:
    assert sizes.spelled(size.lower()) == size


@pytest.mark.parametrize(
    ("interval", "every"), [("PT15M", "PT15M"), ("P1D", "PT24H"), ("P7D", "PT168H"), ("P1DT1H30M", "PT25H30M")]
)
def test_an_interval_has_no_days(interval: str, every: str) -> None:
    scale = {"autoScale": {"formula": "f", "evaluationInterval": interval}, "fixedScale": None}
    assert inverse.nodes(scale) == {"autoscale": {"formula": "f", "every": every}}


@pytest.mark.parametrize(
    ("fixed", "nodes"),
    [
        ({"targetDedicatedNodes": 3, "targetLowPriorityNodes": 0, "resizeTimeout": "PT15M"}, 3),
        ({"targetDedicatedNodes": 0, "targetLowPriorityNodes": 0}, 0),
        ({"targetDedicatedNodes": 0, "targetLowPriorityNodes": 4}, {"spot": 4}),
        ({"targetDedicatedNodes": 1, "resizeTimeout": "PT1H"}, {"dedicated": 1, "resizeTimeout": "PT1H"}),
        ({"targetDedicatedNodes": 0, "resizeTimeout": "PT1H"}, {"resizeTimeout": "PT1H"}),
    ],
)
def test_a_size_is_said_as_shortly_as_can_be(fixed: dict[str, Any], nodes: Any) -> None:
    assert inverse.nodes({"autoScale": None, "fixedScale": fixed}) == nodes


@pytest.mark.parametrize(
    ("name", "value", "is_secret"),
    [
        ("URL", "https://x.blob.core.windows.net/c?sv=1&SIG=abc", True),
        ("CONNECTION", "DefaultEndpointsProtocol=https;AccountName=x;AccountKey=abc==", True),
        ("PROXY", "http://me:pass@proxy:8080", True),
        ("PEM", "-----BEGIN RSA PRIVATE KEY-----\nabc", True),
        ("HF_TOKEN", "hf_x", True),
        ("dbPassword", "x", True),
        ("DB_PASSWORD", "", False),
        ("TOKENIZERS_PARALLELISM", "false", False),
        ("URL", "https://x.blob.core.windows.net/c/signature=?x", False),
        ("KEYBOARD", "de", False),
    ],
)
def test_what_lets_somebody_in_is_a_secret(name: str, value: str, is_secret: bool) -> None:
    assert (secret.form_of(name, value) is not None) is is_secret


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"type": "CriCompatible", "containerImageNames": [], "containerRegistries": {}}, "of the type CriCompatible"),
        ({"type": "DockerCompatible", "containerImageNames": [], "containerRegistries": {"a": ""}}, "with a password"),
        (
            {"type": "DockerCompatible", "containerImageNames": [], "containerRegistries": {"a": "x", "b": "y"}},
            "more than one identity",
        ),
    ],
)
def test_containers_that_a_spec_cannot_say(given: dict[str, Any], says: str) -> None:
    with pytest.raises(Unsayable, match=says):
        inverse.containers(given)


@pytest.mark.parametrize(
    "reference",
    [
        {"version": "latest"},
        {"id": "/subscriptions/s/resourcegroups/rg/providers/microsoft.compute/images/own"},
        {"id": "/subscriptions/s/resourcegroups/rg/providers/microsoft.compute/galleries/g/images/i"},
    ],
)
def test_images_that_a_spec_cannot_say(reference: dict[str, str]) -> None:
    with pytest.raises(Unsayable, match="it boots"):
        inverse.image(reference, KNOWN)


def test_no_secret_is_shown_in_a_reason() -> None:
    assert shown([{"httpUrl": "https://x/y?sv=1&sig=abc"}]) == "a secret"
    assert shown("x" * 100) == '"' + "x" * 56 + "..."


@pytest.mark.parametrize(
    ("container", "why"),
    [(f"app-tool-{'0' * 32}", "Batch made it for application packages"), ("app-tool", ""), ("images", "")],
)
def test_a_container_of_application_packages_is_in_no_spec(container: str, why: str) -> None:
    assert storage.outside(Observed(Address("container", f"sa/{container}"), "", {}), None) == why
