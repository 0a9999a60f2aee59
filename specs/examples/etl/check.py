"""Adds the raw orders up in plain Python and compares: `check.py FOLDER`, with clean/ and totals/ in FOLDER."""

import csv
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import inputs


def main(folder: Path) -> str:
    expected: Counter[tuple[str, str]] = Counter()
    number: Counter[tuple[str, str]] = Counter()
    for _, day, country, _, quantity, price, status in {*inputs.orders()}:
        if status == "paid" and price:
            key = (day[:7], country.strip().upper())
            expected[key] += int(quantity) * int(price.replace(".", ""))
            number[key] += 1
    with (folder / "totals" / "totals.csv").open(newline="") as file:
        rows = {(row["month"], row["country"]): row for row in csv.DictReader(file)}
    assert rows.keys() == expected.keys(), f"totals.csv has {len(rows)} lines and not {len(expected)}"
    for key, row in rows.items():
        assert int(Decimal(row["total"]) * 100) == expected[key], f"{key}: {row['total']}, not {expected[key] / 100}"
        assert int(row["orders"]) == number[key], f"{key}: {row['orders']} orders, not {number[key]}"
    parts = [*(folder / "clean").rglob("*.parquet")]
    assert len(parts) == 12, f"{len(parts)} months and not 12"
    assert all(part.read_bytes()[:4] == part.read_bytes()[-4:] == b"PAR1" for part in parts), "a part is no Parquet"
    raw = sum(1 for _ in inputs.orders())
    whole = f"{sum(expected.values()) / 100:,.2f}"
    return f"{sum(number.values()):,} of {raw:,} orders are clean, and their {len(rows)} totals are right: {whole} EUR"


if __name__ == "__main__":
    print(main(Path(sys.argv[1])))
