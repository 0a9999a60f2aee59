"""What an option is worth at each strike, from what the tasks of a sweep have found: strike, price, error, walks."""

import csv
import math
from pathlib import Path

sums: dict[float, list[float]] = {}
for path in sorted(Path().glob("*/*.csv")):
    strike, *parts = map(float, next(csv.reader(path.open())))
    sums[strike] = [a + b for a, b in zip(sums.get(strike, (0, 0, 0)), parts, strict=True)]
for strike, (number, paid, squared) in sorted(sums.items()):
    price = paid / number
    print(strike, price, math.sqrt((squared / number - price**2) / number), int(number), sep=",")
