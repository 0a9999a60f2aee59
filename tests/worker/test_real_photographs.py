"""Photographs and broken files as cameras, editors and fuzzers made them; more of them where `shared/jpeg` is."""

from __future__ import annotations

import csv
import io
import resource
import time
from pathlib import Path

import pytest
from PIL import Image, ImageOps
from PIL.JpegImagePlugin import JpegImageFile

from worker.convert import convert
from worker.failure import Failure
from worker.task import MAX_PIXELS

KEPT = Path(__file__).parent / "photographs"
MORE = Path(__file__).parents[2].parent / "shared" / "jpeg"


def rows(folder: Path) -> dict[str, dict[str, str]]:
    """File name → what the folder's manifest says of it."""
    return {row["file"]: row for row in csv.DictReader((folder / "manifest.csv").read_text().splitlines())}


ROWS = list(({**rows(MORE), **rows(KEPT)} if MORE.exists() else rows(KEPT)).values())
# A 12-bit JPEG is whole; the manifest's word for it does not tell that from damage, the code does.
MORE_EXACT = {"monkey12.jpg": "unsupported", "huge_dims_65500.jpg": "too_large"}

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")


def content(name: str) -> bytes:
    return (KEPT / name if (KEPT / name).exists() else MORE / name).read_bytes()


def outcome(name: str) -> tuple[str, bytes]:
    try:
        return "convert_ok", convert(content(name), MAX_PIXELS)
    except Failure as failure:
        return f"error_{failure.code}", b""


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["file"])
def test_each_file_ends_as_its_manifest_says(row: dict[str, str]) -> None:
    name, expected = row["file"], row["expected"]

    got, _ = outcome(name)

    if name in MORE_EXACT:
        assert got == f"error_{MORE_EXACT[name]}"
    elif expected.startswith("convert_ok_or_error"):
        assert got in ("convert_ok", "error_corrupt")
    else:
        assert got == expected


@pytest.mark.parametrize("row", [row for row in ROWS if row["expected"] == "convert_ok"], ids=lambda row: row["file"])
def test_each_picture_is_upright_and_shows_what_pillow_shows(row: dict[str, str]) -> None:
    _, png = outcome(row["file"])

    with Image.open(io.BytesIO(png)) as image:
        pixels = image.tobytes()
        assert image.format == "PNG"
        assert f"{image.width}x{image.height}" == row["oriented_size"]
        assert image.mode == ("RGB" if row["mode"] == "CMYK" else row["mode"])
        kept = image.info.get("icc_profile")
    original = JpegImageFile(io.BytesIO(content(row["file"])))
    if original.mode != "CMYK":
        assert kept == original.info.get("icc_profile")
        assert pixels == upright(original).tobytes()


def upright(image: JpegImageFile) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except (SyntaxError, ValueError, TypeError):
        return image


@pytest.mark.skipif(not MORE.exists(), reason="shared/jpeg is not beside the checkout")
@pytest.mark.parametrize("name", rows(KEPT))
def test_what_is_kept_is_as_it_was_found(name: str) -> None:
    assert (KEPT / name).read_bytes() == (MORE / name).read_bytes()
    assert rows(KEPT)[name] == rows(MORE)[name]


def test_sixty_five_thousand_pixels_square_in_six_kilobytes_cost_neither_time_nor_memory() -> None:
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()

    assert outcome("huge_dims_65500.jpg")[0] == "error_too_large"

    assert time.perf_counter() - started < 1.0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000
