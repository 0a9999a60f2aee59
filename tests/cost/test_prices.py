"""Price lists: the local Azure's stand-in for the real one, servers that misbehave, and files."""

from __future__ import annotations

import json
import os
import re
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import certifi
import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler import prices
from reconciler.cost import Price
from reconciler.prices import retail
from tests.conftest import Azure

NOW = datetime(2026, 6, 1, tzinfo=UTC)
D2 = "Standard_D2s_v3"
WANTED = {"italynorth": {D2}}


def item(**more: Any) -> dict[str, Any]:
    return {
        "currencyCode": "USD",
        "tierMinimumUnits": 0.0,
        "retailPrice": 0.1,
        "armRegionName": "italynorth",
        "effectiveStartDate": "2024-01-01T00:00:00Z",
        "meterName": "D2s v3",
        "productName": "Virtual Machines DSv3 Series",
        "skuName": "D2s v3",
        "serviceName": "Virtual Machines",
        "unitOfMeasure": "1 Hour",
        "type": "Consumption",
        "isPrimaryMeterRegion": True,
        "armSkuName": D2,
        **more,
    }


def listed(*items: dict[str, Any], following: str | None = None) -> bytes:
    return json.dumps({"BillingCurrency": "USD", "Items": items, "NextPageLink": following}).encode()


Answer = tuple[int, bytes]


def _nested(one: Any) -> Any:
    keys = st.sampled_from(["asked", "hour", "spotHour", "sizes"])
    return st.lists(one, max_size=2) | st.dictionaries(keys, one, max_size=3)


@contextmanager
def serving(answer: Callable[[str], Answer]) -> Iterator[tuple[str, list[str]]]:
    """A price list that answers as it is told; its URL, and the requests that it has seen."""
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)
            status, body = answer(self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *told: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/prices", seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def local_url() -> str:
    return f"{os.environ['RECONCILE_RESOURCE_MANAGER']}/prices/api/retail/prices"


@pytest.mark.parametrize(
    ("items", "hour", "spot"),
    [
        ([item()], "0.1", None),
        ([item(), item(skuName="D2s v3 Spot", retailPrice=0.02)], "0.1", "0.02"),
        ([item(), item(skuName="D2s v3 Low Priority", meterName="D2s v3 Low Priority", retailPrice=0.03)], "0.1", None),
        ([item(), item(productName="Virtual Machines DSv3 Series Windows", retailPrice=0.2)], "0.1", None),
        ([item(productName="DSv3 Series Cloud Services")], None, None),
        ([item(productName="DSv3 Series CloudServices")], None, None),
        ([item(type="Reservation", unitOfMeasure="1 Hour")], None, None),
        ([item(unitOfMeasure="1 Month")], None, None),
        ([item(armSkuName="Standard_D4s_v3")], None, None),
        ([item(armSkuName="standard_d2s_V3")], "0.1", None),
        ([item(), item(retailPrice=0.3, effectiveStartDate="2026-05-01T00:00:00Z")], "0.3", None),
        ([item(), item(retailPrice=0.3, effectiveStartDate="2026-07-01T00:00:00Z")], "0.1", None),
        ([item(), item(retailPrice=0.3, isPrimaryMeterRegion=False)], "0.1", None),
        ([item(), item(retailPrice=0.3)], "0.3", None),
        ([item(retailPrice=0)], None, None),
        ([item(retailPrice="cheap")], None, None),
    ],
)
def test_of_several_meters_the_right_ones_are_chosen(
    items: list[dict[str, Any]], hour: str | None, spot: str | None
) -> None:
    chosen = retail.choose(items, D2, NOW)
    assert chosen == Price(Decimal(hour) if hour else None, Decimal(spot) if spot else None)


def test_the_local_price_list_has_a_price_for_its_sizes(azure: Azure, tmp_path: Path) -> None:
    wanted = {"italynorth": {D2, "Standard_Nobody"}}
    found = prices.current(wanted, local_url(), cloud="local", folder=tmp_path, seconds=60)
    assert found.of("italynorth", D2) == Price(Decimal("0.096"), Decimal("0.0192"))
    assert found.of("italynorth", "Standard_Nobody") == Price()
    assert found.notes == ()
    assert [path.name for path in tmp_path.iterdir()] == ["italynorth@local.json"]


def test_who_is_trusted_is_what_the_environment_says_now(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = {"armregion": {D2}}
    notes = []
    for name in (certifi.where(), os.environ["SSL_CERT_FILE"]):
        monkeypatch.setenv("SSL_CERT_FILE", name)
        with tempfile.TemporaryDirectory() as folder:
            found = prices.current(wanted, local_url(), cloud="local", folder=Path(folder), seconds=60)
        notes.append("".join(found.notes))
    assert "cannot be reached" in notes[0]
    assert notes[1] == ""


def test_the_local_price_list_has_pages_as_the_real_one(azure: Azure) -> None:
    query = {"$filter": "serviceName eq 'Virtual Machines' and armRegionName eq 'italynorth'"}
    items: list[dict[str, Any]] = []
    url, pages = str(httpx.URL(local_url(), params=query)), 0
    while url:
        body = httpx.get(url).json()
        items, url, pages = [*items, *body["Items"]], body["NextPageLink"], pages + 1
    assert pages > 1
    assert len({one["meterId"] for one in items}) == len(items)
    wrong = httpx.get(local_url(), params={"$filter": "armRegionName gt 'a'"})
    assert (wrong.status_code, wrong.json()["Error"]["Code"]) == (400, "BadRequest")


def test_every_page_is_read(tmp_path: Path) -> None:
    def answer(path: str) -> Answer:
        if "skip" in path:
            return 200, listed(item(skuName="D2s v3 Spot", retailPrice=0.02))
        return 200, listed(item(), following=f"{url}?skip=1")

    with serving(answer) as (url, seen):
        found = prices.current(WANTED, url, folder=tmp_path)
    assert found.of("italynorth", D2) == Price(Decimal("0.1"), Decimal("0.02"))
    assert len(seen) == 2


def test_known_prices_are_used_for_a_week_without_asking(tmp_path: Path) -> None:
    with serving(lambda path: (200, listed(item()))) as (url, seen):
        for days in (0, 6, 8):
            found = prices.current(WANTED, url, folder=tmp_path, now=NOW + timedelta(days=days))
            assert found.of("italynorth", D2).hour == Decimal("0.1")
        assert len(seen) == 2
        assert [path.name for path in tmp_path.iterdir()] == ["italynorth.json"]
        prices.current({"italynorth": {D2, "Standard_D4s_v3"}}, url, folder=tmp_path, now=NOW + timedelta(days=8))
    assert D2 not in seen[2]
    assert "Standard_D4s_v3" in seen[2]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ((500, b"no"), "127.0.0.1 answered with HTTP 500"),
        ((200, b"<html>"), "something that is no price list"),
        ((200, b"[]"), "something that is no price list"),
        ((200, b'{"Items": 3}'), "no price list in USD"),
        ((200, b'{"Items": [3]}'), "no price list in USD"),
        ((200, b'{"Items": [], "BillingCurrency": "EUR"}'), "no price list in USD"),
        ((200, listed(item(), following="https://127.0.0.1/more")), "points to another host"),
        ((200, listed(item(), following="http://elsewhere.example/more")), "points to another host"),
    ],
)
def test_a_broken_price_list_leaves_prices_unknown_and_is_left_alone_for_a_while(
    answer: Answer, says: str, tmp_path: Path
) -> None:
    with serving(lambda path: answer) as (url, seen):
        for _ in range(2):
            found = prices.current(WANTED, url, folder=tmp_path, now=NOW)
            assert found.of("italynorth", D2) == Price()
            assert len(found.notes) == 1
            assert found.notes[0].startswith("some prices are missing: ")
            assert says in found.notes[0]
        assert len(seen) == 1
        prices.current(WANTED, url, folder=tmp_path, now=NOW + timedelta(minutes=11))
    assert len(seen) == 2


def test_old_prices_are_used_offline_and_their_age_is_told(tmp_path: Path) -> None:
    with serving(lambda path: (200, listed(item()))) as (url, _):
        prices.current(WANTED, url, folder=tmp_path, now=NOW)
    found = prices.current(WANTED, url, folder=tmp_path, now=NOW + timedelta(days=9))
    assert found.of("italynorth", D2).hour == Decimal("0.1")
    assert found.notes[0].startswith("prices are 9 days old: 127.0.0.1 cannot be reached")


def test_a_price_list_that_fails_is_asked_once_for_all_regions(tmp_path: Path) -> None:
    with serving(lambda path: (503, b"")) as (url, seen):
        found = prices.current({"italynorth": {D2}, "westeurope": {D2}}, url, folder=tmp_path)
    assert len(seen) == 1
    assert found.notes == ("some prices are missing: 127.0.0.1 answered with HTTP 503",)


def test_prices_of_tomorrow_are_asked_for_again(tmp_path: Path) -> None:
    with serving(lambda path: (200, listed(item()))) as (url, seen):
        prices.current(WANTED, url, folder=tmp_path, now=NOW + timedelta(days=1))
        prices.current(WANTED, url, folder=tmp_path, now=NOW)
    assert len(seen) == 2


@settings(deadline=None, max_examples=25)  # each asks a port that refuses
@given(st.recursive(st.none() | st.integers() | st.text() | st.just("2026-01-01"), _nested, max_leaves=6))
def test_whatever_was_kept_prices_come_without_a_failure(found: Any) -> None:
    kept = {"sizes": {"standard_d2s_v3": found}, "failed": found, "why": found}
    for document in (found, {"sizes": found}, kept, {"sizes": {"standard_d2s_v3": {"asked": found, "hour": found}}}):
        with tempfile.TemporaryDirectory() as name:
            (Path(name) / "italynorth.json").write_text(json.dumps(document))
            told = prices.current(WANTED, "http://127.0.0.1:9/", folder=Path(name), now=NOW)
        assert told.of("italynorth", D2).spot_hour is None


def test_a_price_list_that_does_not_answer_is_not_waited_for(tmp_path: Path) -> None:
    release = threading.Event()

    def answer(path: str) -> Answer:
        release.wait(30)
        return 200, listed(item())

    with serving(answer) as (url, _):
        started = datetime.now(UTC)
        found = prices.current(WANTED, url, folder=tmp_path, seconds=0.2)
        took = datetime.now(UTC) - started
        release.set()
    assert took < timedelta(seconds=5)
    assert "did not answer within 0.2 s" in found.notes[0] or "cannot be reached" in found.notes[0]
    assert found.of("italynorth", D2) == Price()


@pytest.mark.parametrize("text", ["", "[]", '{"sizes": 3}', '{"sizes": {"standard_d2s_v3": 3}}', "\x00"])
def test_kept_prices_that_cannot_be_read_are_asked_for_again(text: str, tmp_path: Path) -> None:
    (tmp_path / "italynorth.json").write_text(text)
    with serving(lambda path: (200, listed(item()))) as (url, seen):
        assert prices.current(WANTED, url, folder=tmp_path).of("italynorth", D2).hour == Decimal("0.1")
    assert len(seen) == 1


def test_a_folder_that_cannot_be_written_to_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with serving(lambda path: (200, listed(item()))) as (url, _):
        found = prices.current(WANTED, url, folder=tmp_path / "file")
    assert found.of("italynorth", D2).hour == Decimal("0.1")


def test_a_quotation_mark_in_a_size_stays_within_the_filter() -> None:
    assert "armSkuName eq 'a'' or 1 eq 1'" in retail._filter("r", ["a' or 1 eq 1"])


def test_a_price_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "prices.yaml"
    path.write_text("currency: eur\nsizes: {Standard_D2s_v3: {hour: 0.09, spotHour: 0}}\nimageGbMonth: 0.05\n")
    found = prices.read(path)
    assert found.currency == "EUR"
    assert (found.image_gb_month, found.image_gb) == (Decimal("0.05"), Decimal(30))
    assert found.disk_month is None
    assert found.of("anywhere", D2) == Price(Decimal("0.09"), Decimal(0))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("- a", "must be a mapping"),
        ("size: {}", "has an unknown key size; it may have currency, sizes"),
        ("currency: dollars", "currency must be three letters"),
        ("sizes: {A: 3}", "sizes.A must be a mapping"),
        ("sizes: {A: {hours: 3}}", "sizes.A has an unknown key hours"),
        ("sizes: {A: {hour: -3}}", "sizes.A.hour must be a number that is not negative"),
        ("sizes: {A: {hour: .nan}}", "sizes.A.hour must be a number"),
        ("sizes: {A: {hour: true}}", "sizes.A.hour must be a number"),
        ("a: [", "cannot read"),
    ],
)
def test_a_wrong_price_file_is_told_with_the_place(text: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "prices.yaml"
    path.write_text(text)
    with pytest.raises(prices.PricesError, match=re.escape(says)):
        prices.read(path)
    with pytest.raises(prices.PricesError, match="No such file"):
        prices.read(tmp_path / "nowhere")


def test_prices_of_before_are_remembered_without_asking(tmp_path: Path) -> None:
    old = {"sizes": {D2.lower(): {"hour": "0.1", "spotHour": None, "asked": "2020-01-01T00:00:00+00:00"}}}
    (tmp_path / "italynorth@local.json").write_text(json.dumps(old))
    assert prices.remembered("italynorth", "local", tmp_path).of("italynorth", D2) == Price(Decimal("0.1"), None)
    assert prices.remembered("italynorth", "public", tmp_path).of("italynorth", D2) == Price()
