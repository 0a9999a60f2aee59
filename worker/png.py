"""PNG files from 8-bit pixels, grayscale or RGB: written for speed, exact in every pixel.

Each row is stored as its difference to the row above (filter Up), taken by numpy, and all is compressed by libdeflate
at level 1: about a tenth of Pillow's time for files some 10 % larger. libdeflate compresses in one call, so the
filtered pixels and the result are in memory together; the image is read in bands so that no third copy is.
"""

from __future__ import annotations

import struct

import deflate
import numpy as np
from PIL import Image

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOR_TYPES = {"L": 0, "RGB": 2}
FILTER_UP = 2
LEVEL = 1
BAND_BYTES = 4 * 1024 * 1024


def encode(image: Image.Image, icc_profile: bytes | None = None) -> bytes:
    """The PNG file of an image of mode L or RGB, at least 1x1."""
    header = struct.pack(">IIBBBBB", image.width, image.height, 8, COLOR_TYPES[image.mode], 0, 0, 0)
    parts = [SIGNATURE, *_chunk(b"IHDR", header)]
    if icc_profile:
        parts += _chunk(b"iCCP", b"ICC profile\0\0" + deflate.zlib_compress(icc_profile, LEVEL))
    parts += _chunk(b"IDAT", deflate.zlib_compress(_filtered(image), LEVEL))
    parts += _chunk(b"IEND", b"")
    return b"".join(parts)


def _filtered(image: Image.Image) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    width = image.width * len(image.getbands())
    rows = np.empty((image.height, 1 + width), np.uint8)
    rows[:, 0] = FILTER_UP
    above = np.zeros((1, width), np.uint8)
    step = max(1, BAND_BYTES // width)
    for top in range(0, image.height, step):
        bottom = min(top + step, image.height)
        raw = image.crop((0, top, image.width, bottom)).tobytes()
        band = np.frombuffer(raw, np.uint8).reshape(bottom - top, width)
        np.subtract(band[:1], above, out=rows[top : top + 1, 1:])
        np.subtract(band[1:], band[:-1], out=rows[top + 1 : bottom, 1:])
        above = band[-1:]
    return rows


def _chunk(kind: bytes, data: bytes | bytearray) -> tuple[bytes, bytes | bytearray, bytes]:
    return struct.pack(">I", len(data)) + kind, data, struct.pack(">I", deflate.crc32(data, deflate.crc32(kind)))
