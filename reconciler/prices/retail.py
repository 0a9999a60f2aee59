"""Azure's public price list (learn.microsoft.com/rest/api/cost-management/retail-prices/azure-retail-prices).

It has many meters for a VM size in a region. Two are chosen, both Consumption per hour and already in effect:

dedicated   a product that is not for Windows, neither Spot nor Low Priority
spot        the same with a SKU name that ends with Spot

Cloud Services and Dedicated Host are other products, although they name the same sizes. Of several
meters that fit, primary meters of the region come first, then the newest, then the dearest, so that a plan does not
look cheaper than it is.
"""

from __future__ import annotations

import os
import ssl
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from reconciler.cost.prices import Price
from reconciler.errors import ReconcileError

URL = "https://prices.azure.com/api/retail/prices"
SECONDS = 3.0
"""How long the price list may take for all its pages together."""
OTHERS = ("windows", "cloudservices", "dedicatedhost")
"""Parts of the names of products that are not Linux machines."""
PAGES = 20
"""The most pages of an answer that are read; a few sizes fill less than one."""


TRUSTED = ("SSL_CERT_FILE", "SSL_CERT_DIR")
"""Variables that name certificates to trust. Source: httpx, environment variables."""


class Unavailable(ReconcileError):
    """The price list did not answer, or its answer has another shape."""


def fetch(url: str, region: str, sizes: Iterable[str], now: datetime, seconds: float = SECONDS) -> dict[str, Price]:
    """Size in lower case → its price in USD, for each of `sizes`. Raises Unavailable after `seconds` at the latest."""
    wanted = sorted(sizes)
    answer: list[dict[str, Price] | Unavailable] = []

    def ask() -> None:
        try:
            items = list(_items(url, _filter(region, wanted), seconds))
            answer.append({size.lower(): choose(items, size, now) for size in wanted})
        except Unavailable as error:
            answer.append(error)

    # a thread of its own, because a name that does not resolve or an answer that trickles in has no time-out
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    if not answer:
        raise Unavailable(f"{urlsplit(url).hostname} did not answer within {seconds:.1f} s")
    if isinstance(answer[0], Unavailable):
        raise answer[0]
    return answer[0]


def _filter(region: str, sizes: Iterable[str]) -> str:
    """An OData filter; this version of the API ignores letter case."""
    names = " or ".join(f"armSkuName eq '{_quoted(size)}'" for size in sizes)
    where = f"serviceName eq 'Virtual Machines' and armRegionName eq '{_quoted(region)}'"
    return f"{where} and priceType eq 'Consumption' and ({names})"


def _quoted(text: str) -> str:
    return text.replace("'", "''")


def _items(url: str, query: str, seconds: float) -> Iterator[Mapping[str, Any]]:
    """The items of every page, in USD."""
    import httpx

    end = time.monotonic() + seconds
    following: str | None = str(httpx.URL(url, params={"$filter": query}))
    host = urlsplit(url).hostname
    with httpx.Client(timeout=seconds, verify=_trust(*map(os.environ.get, TRUSTED))) as client:
        for _ in range(PAGES):
            if following is None:
                return
            if time.monotonic() > end:
                raise Unavailable(f"{host} did not answer within {seconds:.1f} s")
            try:
                answer = client.get(following)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise Unavailable(f"{host} cannot be reached: {str(error) or type(error).__name__}") from None
            items, following = _page(answer, host)
            yield from items
    if following is not None:
        raise Unavailable(f"{host} answered with more than {PAGES} pages")


@cache
def _trust(*named: str | None) -> ssl.SSLContext:
    """Whom connections trust, as the environment has `named` it: reading certificates takes longer than a request."""
    import httpx

    return httpx.create_ssl_context()


def _page(answer: Any, host: str | None) -> tuple[list[Mapping[str, Any]], str | None]:
    if answer.status_code != 200:
        raise Unavailable(f"{host} answered with HTTP {answer.status_code}")
    try:
        body = answer.json()
        items, following, currency = body["Items"], body.get("NextPageLink"), body.get("BillingCurrency", "USD")
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Unavailable(f"{host} answered with something that is no price list") from None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items) or currency != "USD":
        raise Unavailable(f"{host} answered with something that is no price list in USD")
    if following and (not isinstance(following, str) or not _same(following, str(answer.url))):
        raise Unavailable(f"{host} points to another host, which is not followed")
    return items, following or None


def _same(following: str, url: str) -> bool:
    """Whether a link leads to the host of the price list; real links also have a port."""
    ours, theirs = urlsplit(url), urlsplit(following)
    return (ours.scheme, ours.hostname) == (theirs.scheme, theirs.hostname)


def choose(items: Iterable[Mapping[str, Any]], size: str, now: datetime) -> Price:
    """The price of a size by its two meters; None where there is no meter."""
    mine = [item for item in items if str(item.get("armSkuName", "")).lower() == size.lower() and _counts(item, now)]
    spot = [item for item in mine if _words(item).endswith(" spot")]
    return Price(_best([item for item in mine if item not in spot]), _best(spot))


def _words(item: Mapping[str, Any]) -> str:
    return str(item.get("skuName", "")).lower()


def _counts(item: Mapping[str, Any], now: datetime) -> bool:
    product = str(item.get("productName", "")).lower().replace(" ", "")
    return (
        item.get("type") == "Consumption"
        and item.get("unitOfMeasure") == "1 Hour"
        and not item.get("tierMinimumUnits")
        and not any(word in product for word in OTHERS)
        and "low priority" not in f"{_words(item)} {item.get('meterName', '')}".lower()
        and _since(item) <= now.strftime("%Y-%m-%dT%H:%M:%SZ")
        and _amount(item) is not None
    )


def _since(item: Mapping[str, Any]) -> str:
    return str(item.get("effectiveStartDate", ""))


def _amount(item: Mapping[str, Any]) -> Decimal | None:
    """What an hour costs; None also for 0, because no machine is free."""
    try:
        amount = Decimal(str(item.get("retailPrice")))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and amount > 0 else None


def _best(items: list[Mapping[str, Any]]) -> Decimal | None:
    def rank(item: Mapping[str, Any]) -> tuple[bool, str, Decimal]:
        return item.get("isPrimaryMeterRegion") is True, _since(item), _amount(item) or Decimal(0)

    return _amount(max(items, key=rank)) if items else None
