"""Writes what 40 customers bought in November, a CSV file each: `python inputs.py FOLDER`."""

import csv
import random
import sys
from pathlib import Path

NAMES = ("Alder", "Birch", "Cedar", "Elm", "Fir", "Hazel", "Larch", "Maple", "Oak", "Pine")
TRADES = ("& Sons", "Logistics", "Motors", "Textiles")
GOODS = {"Bolts, box": 1_250, "Hinge": 275, "Motor 12 V": 12_990, "Steel plate": 4_480, "Varnish, 1 l": 1_899}
"""What is sold, and its price in cents."""


def customers() -> dict[str, list[tuple[str, str, int, int]]]:
    """Name to what was bought: day, what, how many, and the price of one in cents."""
    luck, bought = random.Random("customers"), {}
    for number, name in enumerate(f"{name} {trade}" for name in NAMES for trade in TRADES):
        days = sorted(luck.choices(range(1, 31), k=3 + number % 25))
        bought[name] = [(f"2026-11-{day:02}", *luck.choice([*GOODS.items()])) for day in days]
        bought[name] = [(day, what, luck.randint(1, 12), cents) for day, what, cents in bought[name]]
    return bought


def file_name(customer: str) -> str:
    return customer.lower().replace(" & ", "-").replace(" ", "-") + ".csv"


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for customer, lines in customers().items():
        with (folder / file_name(customer)).open("w", newline="") as file:
            rows = [(customer, day, what, many, f"{cents / 100:.2f}") for day, what, many, cents in lines]
            csv.writer(file).writerows([("customer", "day", "what", "quantity", "price"), *rows])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
