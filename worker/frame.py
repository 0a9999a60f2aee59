"""What a JPEG says of its picture before anything is decoded: size, coding, and how many bytes there are for it.

A header is only a claim. A decoder that comes to the end of the data early fills the rest of the picture with grey
and says nothing, so a few bytes under a large header would become a large grey picture. Two things show it: the data
is shorter than the shortest code for so many blocks, or a decoder that is not told of the end asks for more.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

BASELINE, EXTENDED, PROGRESSIVE, LOSSLESS = 0xC0, 0xC1, 0xC2, 0xC3
LEAST_BITS = {BASELINE: 2, EXTENDED: 2, PROGRESSIVE: 1, LOSSLESS: 1}
"""Coding → bits of the shortest code for a block (a sample, if lossless). A Huffman code has a bit at least: one for
the first coefficient and one for the end of the block; progressive scans may code many ends at once. Arithmetic coding
is not in it, because its codes have no least length.
"""
PADDING = bytes(8)
"""What the decoder may read ahead of what it needs."""

_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_END, _SCAN = 0xD9, 0xDA
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
_MARKER = re.compile(rb"\xff([^\x00\xff])")
_DATA_ENDS = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")


@dataclass(frozen=True)
class Frame:
    """The first picture of a file. `blocks` are samples where it is lossless; `data` are the bytes of its scans, which
    end at `end`."""

    coding: int
    blocks: int
    scans: int
    data: int
    end: int

    @property
    def too_short(self) -> bool:
        """Whether no picture of this size fits into so few bytes."""
        return self.data * 8 < self.blocks * LEAST_BITS.get(self.coding, 0)

    @property
    def open_ended(self) -> bool:
        """Whether the decoder takes it without its end: then it asks for more where data is missing."""
        return self.scans == 1 and self.coding in (BASELINE, EXTENDED, LOSSLESS)


def read(jpeg: bytes) -> Frame | None:
    """The frame of a JPEG; None where there is no whole header, of which the decoder has its own words."""
    header, scans, data, at = b"", 0, 0, 2
    coding = 0
    while marker := _MARKER.search(jpeg, at):
        code, at = marker[1][0], marker.end()
        if code == _END:
            at = marker.start()
            break
        if code in _ALONE:
            continue
        length = int.from_bytes(jpeg[at : at + 2], "big")
        if code in _FRAMES and not header:
            coding, header = code, jpeg[at + 2 : at + length]
        at += max(length, 2)
        if code == _SCAN:
            ends = _DATA_ENDS.search(jpeg, at)
            end = ends.start() if ends else len(jpeg)
            scans, data, at = scans + 1, data + end - at, end
    blocks = _blocks(header, lossless=coding == LOSSLESS)
    return Frame(coding, blocks, scans, data, min(at, len(jpeg))) if blocks and scans else None


def _blocks(header: bytes, *, lossless: bool) -> int:
    """How many blocks, or samples, a frame has in all components; 0 if the header is broken."""
    if len(header) < 6:
        return 0
    height, width, count = struct.unpack(">HHB", header[1:6])
    factors = [(value >> 4, value & 15) for value in header[7 : 6 + 3 * count : 3]]
    if not count or len(factors) != count or not all(h and v for h, v in factors):
        return 0
    across, down = max(h for h, _ in factors), max(v for _, v in factors)
    side = 1 if lossless else 8
    return sum(-(-width * h // (across * side)) * -(-height * v // (down * side)) for h, v in factors)
