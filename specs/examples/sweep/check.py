"""All 50,000 points are there once, with the steps that are counted here, and each is a pixel of the picture."""

import csv
import sys
import zlib
from decimal import Decimal
from pathlib import Path

WIDTH, HEIGHT, STEP, MOST = 250, 200, Decimal("0.012"), 100


def steps(re: float, im: float) -> int:
    x = y = 0.0
    for number in range(MOST):
        if x * x + y * y > 4:
            return number
        x, y = x * x - y * y + re, 2 * x * y + im
    return MOST


def main(folder: Path) -> None:
    wanted = {
        (re, im): steps(float(re), float(im))
        for re in (Decimal("-2.2") + STEP * column for column in range(WIDTH))
        for im in (Decimal("-1.2") + STEP * line for line in range(HEIGHT))
    }
    rows = [row for path in (folder / "points").iterdir() for row in csv.reader(path.open())]
    found = {(Decimal(re), Decimal(im)): int(number) for re, im, number in rows}
    if len(rows) != len(found) or found != wanted:
        other = sum(found.get(point) != number for point, number in wanted.items())
        sys.exit(f"{len(rows)} points of {len(wanted)}, {other} of them missing or with another number of steps")
    data = (folder / "picture" / "picture.png").read_bytes()
    begin = data.index(b"IDAT") + 4
    pixels = zlib.decompress(data[begin : data.index(b"IEND") - 8])
    black = sum(pixels[line * (WIDTH + 1) + 1 : (line + 1) * (WIDTH + 1)].count(0) for line in range(HEIGHT))
    inside = sum(number == MOST for number in wanted.values())
    if len(pixels) != HEIGHT * (WIDTH + 1) or black != inside:
        sys.exit("the picture is not that of the points")
    total = sum(found.values())
    print(f"{len(found):,} points once each, {total:,} steps in all as counted here, and a picture of {WIDTH}x{HEIGHT}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
