"""Solves the same equation on one core and compares: `check.py FOLDER`, with results/ in FOLDER."""

import sys
from pathlib import Path

import numpy as np

SIZE, STEPS, RANKS, NEAR = 240, 1000, 3, 1e-5


def main(results: Path) -> str:
    head, *lines = (results / "field.txt").read_text().splitlines()
    assert head == f"{RANKS} ranks, {STEPS} steps", f"field.txt is of {head}"
    field = np.array([[float(text) for text in line.split()] for line in lines])
    alone = np.zeros((SIZE, SIZE))
    alone[:, 0] = 100
    hot = (slice(61, 120), slice(201, 206))
    alone[hot] = 100
    for _ in range(STEPS):
        alone[1:-1, 1:-1] = (alone[:-2, 1:-1] + alone[2:, 1:-1] + alone[1:-1, :-2] + alone[1:-1, 2:]) / 4
        alone[hot] = 100
    assert field.shape == alone.shape, f"field.txt has {field.shape} temperatures"
    most = abs(field - alone).max()
    assert most < NEAR, f"a temperature is {most:g} away from that of one core"
    assert (results / "heat.png").read_bytes().startswith(b"\x89PNG"), "heat.png is no PNG"
    return f"{field.size:,} temperatures by {RANKS} ranks are those of one core to within {NEAR:g}"


if __name__ == "__main__":
    print(main(Path(sys.argv[1]) / "results"))
