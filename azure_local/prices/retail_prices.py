"""Azure's public price list, for the sizes of the catalogue: no token, no api-version, pages by NextPageLink.

As in the real one, there are meters that a reader must tell apart: Linux and Windows, Spot and Low Priority. The prices
are round numbers near Azure's, the same in every region.
"""

from __future__ import annotations

import re
import uuid
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from azure_local.azure import Azure, Door, Service
from azure_local.common import REGIONS
from azure_local.compute.catalogue import SIZES, Size, size

PATH = "/prices/api/retail/prices"
PAGE = 100
CORE_HOUR = {
    "standardDSv3Family": "0.048",
    "standardDv3Family": "0.048",
    "standardDSv4Family": "0.048",
    "standardDSv5Family": "0.048",
    "standardDDSv5Family": "0.0565",
    "standardESv5Family": "0.063",
    "standardFSv2Family": "0.0423",
    "Standard NCASv3_T4 Family": "0.1315",
}
"""USD per core and hour, by quota family."""
KINDS = (("", "", 1.0), ("", " Spot", 0.2), ("", " Low Priority", 0.21), (" Windows", "", 1.9))
"""Words in the product's name, words in the SKU's name, and their share of the price."""
FILTERED = {"armRegionName", "armSkuName", "meterName", "productName", "serviceName", "skuName", "type"}
CLAUSE = re.compile(r"\(?(\w+) eq '((?:[^']|'')*)'\)?")


def serves(path: str) -> bool:
    return path == PATH


async def serve(azure: Azure, request: Request) -> Response:
    accepted = _accepted(request.query_params.get("$filter", ""))
    if accepted is None:
        return JSONResponse({"Error": {"Code": "BadRequest", "Message": "Invalid OData parameters supplied"}}, 400)
    prices = [price for region in REGIONS for size in SIZES if region in size.regions for price in _items(size, region)]
    prices = [price for price in prices if all(str(price[key]).lower() in values for key, values in accepted.items())]
    skip, top = int(request.query_params.get("$skip", "0")), int(request.query_params.get("$top", PAGE))
    shown = prices[skip : skip + top]
    following = None
    if skip + top < len(prices):
        query = {**request.query_params, "$skip": str(skip + top)}
        following = f"{azure.front}{PATH}?{urlencode(query)}"
    body = {
        "BillingCurrency": "USD",
        "CustomerEntityId": "Default",
        "CustomerEntityType": "Retail",
        "Items": shown,
        "NextPageLink": following,
        "Count": len(shown),
    }
    return JSONResponse(body)


def _accepted(text: str) -> dict[str, set[str]] | None:
    """Property → accepted values in lower case; None for a filter that is not `a eq 'x' and (b eq 'y' or b eq 'z')`."""
    accepted: dict[str, set[str]] = {}
    for part in text.split(" and ") if text else []:
        for clause in part.split(" or "):
            match = CLAUSE.fullmatch(clause.strip())
            if match is None:
                return None
            key = "type" if match[1] == "priceType" else match[1]
            accepted.setdefault(key, set()).add(match[2].replace("''", "'").lower())
    return accepted if set(accepted) <= FILTERED else None


def rate(name: str, *, spot: bool) -> float:
    """USD per hour of a VM with Linux; 0 for a size that is not in the catalogue."""
    known = size(name)
    return round(_price(known, 0.2 if spot else 1.0), 6) if known else 0.0


def _price(size: Size, share: float) -> float:
    return float(CORE_HOUR[size.family]) * size.cores * share


def _items(size: Size, region: str) -> list[dict[str, Any]]:
    return [_item(size, region, *kind) for kind in KINDS]


def _item(size: Size, region: str, system: str, kind: str, share: float) -> dict[str, Any]:
    words = size.name.removeprefix("Standard_").replace("_", " ")
    series = re.sub(r"\d+", "", size.name.split("_")[1], count=1)
    amount = round(_price(size, share), 6)
    meter = uuid.uuid5(uuid.NAMESPACE_URL, f"{region}/{size.name}{system}{kind}")
    version = "".join(size.name.split("_")[2:])
    return {
        "currencyCode": "USD",
        "tierMinimumUnits": 0.0,
        "retailPrice": amount,
        "unitPrice": amount,
        "armRegionName": region,
        "location": region,
        "effectiveStartDate": "2024-01-01T00:00:00Z",
        "meterId": str(meter),
        "meterName": f"{words}{kind}",
        "productId": f"DZH{meter.hex[:9].upper()}",
        "skuId": f"DZH{meter.hex[:9].upper()}/{meter.hex[9:13].upper()}",
        "productName": f"Virtual Machines {series}{version} Series{system}",
        "skuName": f"{words}{kind}",
        "serviceName": "Virtual Machines",
        "serviceId": "DZH313Z7MMC8",
        "serviceFamily": "Compute",
        "unitOfMeasure": "1 Hour",
        "type": "Consumption",
        "isPrimaryMeterRegion": True,
        "armSkuName": size.name,
    }


SERVICE = Service(door=Door("prices", serves, serve, lambda path: "prices"))
"""It is public: no token is needed."""
