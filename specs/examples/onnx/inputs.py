"""Writes 1,000 pictures of digits, PGM files that are named after what they show: `python inputs.py FOLDER`."""

import random
import sys
from collections.abc import Iterator
from pathlib import Path

from digits import SIZE, picture

PICTURES = 1_000


def pictures() -> Iterator[tuple[str, bytes]]:
    """The name of each, with its digit at the end, and its pixels."""
    luck = random.Random("pictures")
    for number in range(PICTURES):
        digit = luck.randrange(10)
        yield f"{number:04}-{digit}.pgm", picture(digit, luck)


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, pixels in pictures():
        (folder / name).write_bytes(f"P5 {SIZE} {SIZE} 255\n".encode() + pixels)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
