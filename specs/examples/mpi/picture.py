"""Paints temperatures of 0 to 100 from blue to yellow: `picture.py FIELD PNG`; FIELD has a line before them."""

import struct
import sys
import zlib
from pathlib import Path

COLOURS = ((20, 20, 90), (120, 30, 130), (220, 60, 70), (255, 160, 40), (255, 250, 170))
"""From cold to hot, evenly apart."""


def colour(heat: float) -> bytes:
    place = min(max(heat, 0), 99.999) / 100 * (len(COLOURS) - 1)
    cold, hot, part = COLOURS[int(place)], COLOURS[int(place) + 1], place % 1
    return bytes(round(a + (b - a) * part) for a, b in zip(cold, hot, strict=True))


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def main(field: Path, png: Path) -> None:
    rows = [[float(text) for text in line.split()] for line in field.read_text().splitlines()[1:]]
    lines = b"".join(b"\0" + b"".join(map(colour, row)) for row in rows)
    head = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(lines, 9)) + chunk(b"IEND", b"")
    png.write_bytes(b"\x89PNG\r\n\x1a\n" + parts)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
