"""A document on its way to a webhook: what is tried again, what is told when it does not arrive, and what never is."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from azure.core.pipeline.transport import RequestsTransport

from reconciler.cloud import webhook
from reconciler.cloud.webhook import NotSent
from reconciler.spec import webhooks
from tests.notices.receiver import PATH, Answer, receiving


class Quick(RequestsTransport):  # type: ignore[misc]  # its module says no types
    """Real connections that notes how long it would have slept, and gives an answer less time."""

    def __init__(self) -> None:
        super().__init__(use_env_settings=False)
        self.slept: list[float] = []

    def sleep(self, duration: float) -> None:
        self.slept.append(duration)

    def send(self, request: Any, **options: Any) -> Any:
        return super().send(request, **{**options, "read_timeout": min(options["read_timeout"], 0.2)})


@pytest.fixture
def quick() -> Iterator[Quick]:
    with Quick() as transport:
        yield transport


@pytest.mark.parametrize(
    ("answers", "slept"),
    [
        ([(500, {}), (502, {}), (503, {})], [0.8, 1.6]),
        ([(429, {"Retry-After": "7"})], [7.0]),
        ([(503, {"Retry-After": "2"}), (408, {})], [2.0, 0.8]),
    ],
)
def test_passing_trouble_is_tried_again_when_it_is_asked_for(
    quick: Quick, answers: list[Answer], slept: list[float]
) -> None:
    with receiving(*answers) as receiver:
        webhook.post(quick, receiver.url, '{"a": "ä"}')
    assert receiver.got == [{"a": "ä"}] * (len(answers) + 1)
    assert quick.slept == slept


@pytest.mark.parametrize(
    ("answer", "tries", "said"),
    [
        ((404, {}), 1, "answers with HTTP 404; the webhook is not valid any more: make a new one"),
        ((400, {}), 1, "answers with HTTP 400; it wants a message of another form: send it to a relay"),
        ((500, {}), 4, "answers with HTTP 500; this is trouble on its side"),
        ((429, {"Retry-After": "3600"}), 1, "answers with HTTP 429; this is trouble on its side"),
        ((418, {}), 1, "answers with HTTP 418; see what it says of its use"),
        (
            (302, {"Location": "https://user:pw@elsewhere.example/s3cret"}),
            1,
            "leads elsewhere (HTTP 302, to elsewhere.example), which is not followed; write that address",
        ),
        ((307, {"Location": "/there"}), 1, "leads elsewhere (HTTP 307), which is not followed; write that address"),
        ((301, {"Location": "https://[x"}), 1, "answers what is no HTTP; check the address"),
    ],
)
def test_what_does_not_pass_is_told_with_a_remedy_and_without_the_address(
    quick: Quick, answer: Answer, tries: int, said: str
) -> None:
    with receiving(*[answer] * tries) as receiver, pytest.raises(NotSent) as caught:
        webhook.post(quick, receiver.url, "{}")
    assert len(receiver.got) == tries
    assert str(caught.value).startswith(f"127.0.0.1:{receiver.port} {said}")
    assert PATH not in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_one_that_hangs_is_given_up_and_tried_again(quick: Quick) -> None:
    with receiving() as receiver:
        receiver.holding.set()
        with pytest.raises(NotSent, match=f"127.0.0.1:{receiver.port} did not answer in time; check") as caught:
            webhook.post(quick, receiver.url, "{}")
        assert len(receiver.got) > 1
    assert PATH not in str(caught.value)
    assert caught.value.__suppress_context__, "the library's own error has the whole address"


def test_one_that_is_not_there_is_told_by_its_host(quick: Quick) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(NotSent, match=f"^127.0.0.1:{port} cannot be reached; check the address") as caught:
        webhook.post(quick, f"http://127.0.0.1:{port}{PATH}", "{}")
    assert PATH not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("https://example.com/x", ""),
        ("https://example.com:8443/x?a=b", ""),
        ("http://localhost:8080/x", ""),
        ("http://[::1]/x", ""),
        ("http://example.com/s3cret", "is an address without TLS, at which others could read along; write https"),
        ("http://localhost.example.com/s3cret", "is an address without TLS"),
        ("ftp://example.com/s3cret", "is no URL"),
        ("s3cret", "is no URL"),
        ("", "is no URL"),
        ("https:///s3cret", "is no URL"),
        ("https://example.com:99999/s3cret", "is no URL"),
        ("https://[/s3cret", "is no URL"),
        ("https://example.com/s3cret\r\nX: y", "is no URL"),
        ("https://example.com/s3 cret", "is no URL"),
    ],
)
def test_what_is_no_address_of_a_webhook_is_not_asked(quick: Quick, url: str, fault: str) -> None:
    told = webhooks.fault(url)
    assert told.startswith(fault)
    assert bool(told) == bool(fault)
    assert "s3cret" not in told
    if fault:
        with pytest.raises(NotSent, match="the URL of the webhook is"):
            webhook.post(quick, url, "{}")
