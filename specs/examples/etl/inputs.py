"""Writes a year of orders, as raw as they come: `python inputs.py FOLDER` makes FOLDER/orders.csv.

Some are sent twice, some are cancelled, some have no price, and countries are spelled as people type them.
"""

import csv
import random
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

ORDERS = 48_000
COUNTRIES = {"SE": 4, "IT": 5, "DE": 8, "FR": 6, "PL": 3}
"""Country to its share of the orders."""
PRODUCTS = {"bolt": 35, "bracket": 480, "hinge": 275, "motor": 12_990}
"""Product to its price in cents."""
HEAD = ("order", "day", "country", "product", "quantity", "price", "status")


def orders() -> Iterator[tuple[str, ...]]:
    luck, first = random.Random("orders"), date(2026, 1, 1)
    for number in range(ORDERS):
        country = luck.choices(list(COUNTRIES), list(COUNTRIES.values()))[0]
        product = luck.choice(list(PRODUCTS))
        cents = PRODUCTS[product] * luck.choice((90, 100, 100, 105)) // 100
        line = (
            f"{number:06}",
            (first + timedelta(days=max(luck.randrange(365), luck.randrange(-400, 365)))).isoformat(),
            luck.choice((country, country, country.lower(), f" {country} ")),
            product,
            str(luck.randint(1, 9)),
            f"{cents // 100}.{cents % 100:02}" if luck.random() > 0.01 else "",
            luck.choices(("paid", "cancelled"), (95, 5))[0],
        )
        yield line
        if luck.random() < 0.02:
            yield line


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "orders.csv").open("w", newline="") as file:
        csv.writer(file).writerows([HEAD, *orders()])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
