"""The prices are those of Black and Scholes within the error that is told, and every walk counts once."""

import csv
import math
import subprocess
import sys
from pathlib import Path
from statistics import NormalDist
from xml.etree import ElementTree

from walk import RATE, SHARE, VOLATILITY, YEARS

STRIKES, SEEDS, WALKS = range(80, 121, 5), range(1, 11), 500
LIKELY = 4
"""How many standard errors a price may be away."""


def formula(strike: float) -> float:
    """What a European call is worth."""
    spread = VOLATILITY * math.sqrt(YEARS)
    d = (math.log(SHARE / strike) + RATE * YEARS) / spread + spread / 2
    phi = NormalDist().cdf
    return SHARE * phi(d) - strike * math.exp(-RATE * YEARS) * phi(d - spread)


def main(folder: Path) -> None:
    rows = [tuple(map(float, row)) for row in csv.reader((folder / "prices" / "prices.csv").open())]
    if [(strike, number) for strike, _, _, number in rows] != [(strike, len(SEEDS) * WALKS) for strike in STRIKES]:
        sys.exit("not every walk of every strike was counted once")
    away = max(abs(price - formula(strike)) / error for strike, price, error, _ in rows)
    if away > LIKELY:
        sys.exit(f"a price is {away:.1f} standard errors away from the formula")
    again = subprocess.run(
        [sys.executable, Path(__file__).with_name("walk.py"), "100", "7", str(WALKS)],
        capture_output=True,
        check=True,
    ).stdout
    if (folder / "walks" / "100" / "7.csv").read_bytes() != again:
        sys.exit("the walks of seed 7 come out otherwise here")
    ElementTree.parse(folder / "prices" / "prices.svg")  # noqa: S314 (an example's own picture)
    print(f"{len(rows)} prices from {len(rows) * len(SEEDS)} tasks, none more than {away:.1f} standard errors off")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
