"""The PNG writer against a strict reader of chunks and against Pillow."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from worker import png

PROFILE = b"\0" * 16 + b"RGB " + bytes(range(256)) * 300


def chunks(content: bytes) -> list[tuple[bytes, bytes]]:
    """The chunks of a PNG in order; every length and CRC must be right, and nothing may follow IEND."""
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    found, at = [], 8
    while at < len(content):
        (length,) = struct.unpack(">I", content[at : at + 4])
        kind, data = content[at + 4 : at + 8], content[at + 8 : at + 8 + length]
        (crc,) = struct.unpack(">I", content[at + 8 + length : at + 12 + length])
        assert crc == zlib.crc32(kind + data), kind
        found.append((kind, data))
        at += 12 + length
    assert at == len(content)
    return found


@st.composite
def images(draw: st.DrawFn) -> Image.Image:
    mode = draw(st.sampled_from(["L", "RGB"]))
    size = draw(st.integers(1, 70)), draw(st.integers(1, 70))
    seed = draw(st.integers(0, 2**32 - 1))
    smooth = draw(st.integers(1, 256))
    shape = (size[1], size[0]) if mode == "L" else (size[1], size[0], 3)
    pixels = np.random.default_rng(seed).integers(0, smooth, shape, np.uint8)
    return Image.frombytes(mode, size, pixels.tobytes())


@given(images(), st.one_of(st.none(), st.binary(min_size=1, max_size=2000)))
@settings(max_examples=75, deadline=None)
def test_every_image_comes_back_pixel_for_pixel_from_a_well_formed_file(
    image: Image.Image, profile: bytes | None
) -> None:
    content = png.encode(image, profile)

    kinds = [kind for kind, _ in chunks(content)]
    assert kinds == [b"IHDR", *([b"iCCP"] if profile else []), b"IDAT", b"IEND"]
    with Image.open(io.BytesIO(content)) as read:
        assert (read.mode, read.size, read.tobytes()) == (image.mode, image.size, image.tobytes())
        assert read.info.get("icc_profile") == profile


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_an_image_of_several_bands_has_no_seam_between_them(mode: str) -> None:
    width = 5_000
    bytes_a_row = width * len(mode)
    height = 2 * (png.BAND_BYTES // bytes_a_row) + 3
    pixels = np.random.default_rng(7).integers(0, 9, height * bytes_a_row, np.uint8)
    image = Image.frombytes(mode, (width, height), pixels.tobytes())

    with Image.open(io.BytesIO(png.encode(image))) as read:
        assert read.tobytes() == image.tobytes()


def test_a_row_wider_than_a_band_is_taken_alone() -> None:
    image = Image.effect_noise((png.BAND_BYTES + 10, 2), 40)

    with Image.open(io.BytesIO(png.encode(image))) as read:
        assert read.tobytes() == image.tobytes()


def test_a_large_profile_is_kept_whole() -> None:
    image = Image.new("RGB", (3, 2), (1, 2, 3))

    with Image.open(io.BytesIO(png.encode(image, PROFILE))) as read:
        assert read.info["icc_profile"] == PROFILE


def test_smooth_pictures_take_little_more_room_than_pillows() -> None:
    image = Image.merge("RGB", [Image.radial_gradient("L").rotate(turn) for turn in (0, 90, 45)]).resize((800, 600))
    pillows = io.BytesIO()
    image.save(pillows, "PNG")

    assert len(png.encode(image)) <= 1.25 * len(pillows.getvalue())
