"""A header is only a claim: what does not have the data for its size is corrupt, and memory is known beforehand."""

from __future__ import annotations

import io
import random
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from PIL import Image

from tests.worker.test_convert import failure, jpeg, opened, patched, picture
from worker import frame, memory
from worker.convert import PIXEL_BYTES, convert
from worker.failure import Failure
from worker.task import MAX_PIXELS

END = b"\xff\xd9"


def noise(size: tuple[int, int] = (400, 300), mode: str = "RGB") -> Image.Image:
    return Image.frombytes("L", size, random.Random(1).randbytes(size[0] * size[1])).convert(mode)


def claiming(content: bytes, width: int, height: int) -> bytes:
    """The JPEG, baseline or progressive, with another size in its header."""
    at = next(content.index(marker) for marker in (b"\xff\xc0\0", b"\xff\xc2\0") if marker in content) + 5
    return content[:at] + struct.pack(">HH", height, width) + content[at + 4 :]


@pytest.mark.parametrize("options", [{}, {"progressive": True}])
def test_a_small_file_with_a_large_header_is_corrupt_before_a_pixel_is_decoded(options: dict[str, object]) -> None:
    content = claiming(jpeg(picture(size=(64, 64)), **options), 15_800, 15_800)

    started = time.perf_counter()
    problem = failure(content)

    assert problem.code == "corrupt"
    assert "bytes of data cannot hold a picture of 15800x15800" in problem.reason
    assert time.perf_counter() - started < 0.2


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("height", [320, 600, 2000])
def test_a_header_that_asks_for_more_than_there_is_data_is_corrupt(mode: str, height: int) -> None:
    assert failure(claiming(jpeg(noise(mode=mode)), 400, height)).code == "corrupt"


@pytest.mark.parametrize("missing", [10, 100, 1000, 20_000])
@pytest.mark.parametrize("options", [{}, {"restart_marker_rows": 1}, {"subsampling": 0}])
@pytest.mark.parametrize("after", [END, END + b"garbage" * 99, b""])
def test_data_that_ends_early_is_corrupt_whether_it_says_so_or_not(
    missing: int, options: dict[str, object], after: bytes
) -> None:
    whole = jpeg(noise(), **options)
    cut = whole[: -2 - missing]
    while cut.endswith(b"\xff"):  # half of a pair that stands for a byte 255
        cut = cut[:-1]

    assert failure(cut + after).code == "corrupt"
    assert opened(convert(whole[:-2] + after, MAX_PIXELS)).tobytes() == opened(convert(whole, MAX_PIXELS)).tobytes()


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"optimize": True}, {"optimize": True, "quality": 1}])
@pytest.mark.parametrize("size", [(8, 8), (2000, 1500), (17, 1)])
def test_the_shortest_of_pictures_is_long_enough(mode: str, options: dict[str, object], size: tuple[int, int]) -> None:
    content = jpeg(Image.new(mode, size, 128 if mode == "L" else 0), **options)

    assert opened(convert(content, MAX_PIXELS)).size == size


def lossless(rows: list[list[int]]) -> bytes:
    """A lossless JPEG of grey samples: each is coded as its difference to the one on its left, or above."""
    bits = ""
    for y, row in enumerate(rows):
        for x, value in enumerate(row):
            left = row[x - 1] if x else (rows[y - 1][0] if y else 128)
            difference = value - left
            size = abs(difference).bit_length()
            low = difference if difference > 0 else difference + (1 << size) - 1
            bits += f"{size:04b}" + (f"{low:0{size}b}" if size else "")
    bits += "1" * (-len(bits) % 8)
    data = bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8)).replace(b"\xff", b"\xff\0")
    table = bytes([0, 0, 0, 0, 9, *[0] * 12]) + bytes(range(9))  # nine codes of four bits
    header = struct.pack(">BHHB", 8, len(rows), len(rows[0]), 1) + b"\1\x11\0"
    parts = [(0xC3, header), (0xC4, table), (0xDA, b"\1\1\0\1\0\0")]
    segments = b"".join(bytes([0xFF, code]) + struct.pack(">H", len(body) + 2) + body for code, body in parts)
    return b"\xff\xd8" + segments + data + END


def test_a_lossless_jpeg_of_eight_bits_becomes_the_same_pixels() -> None:
    rows = [[(7 * x + 5 * y * y) % 256 for x in range(23)] for y in range(11)]
    content = lossless(rows)

    png = opened(convert(content, MAX_PIXELS))

    assert png.tobytes() == b"".join(map(bytes, rows))
    assert failure(content[:-40] + END).code == "corrupt"


XMP = (
    b"http://ns.adobe.com/xap/1.0/\0"
    + b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description tiff:Orientation="6"
 xmlns:tiff="http://ns.adobe.com/tiff/1.0/"/></rdf:RDF></x:xmpmeta>"""
)


@pytest.mark.parametrize(("exif", "size"), [(None, (48, 64)), (3, (64, 48))])
def test_xmp_tells_the_orientation_where_exif_does_not(exif: int | None, size: tuple[int, int]) -> None:
    known = Image.Exif()
    if exif:
        known[0x0112] = exif
    content = jpeg(picture(), exif=known)
    content = content[:2] + b"\xff\xe1" + struct.pack(">H", len(XMP) + 2) + XMP + content[2:]

    assert opened(convert(content, MAX_PIXELS)).size == size


@pytest.mark.parametrize("header", [b"", b"\x08\0\1", b"\x08\0\x10\0\x10\0", b"\x08\0\x10\0\x10\1\1\0\0"])
def test_a_broken_frame_is_left_to_the_decoder(header: bytes) -> None:
    content = b"\xff\xd8\xff\xc0" + struct.pack(">H", len(header) + 2) + header + b"\xff\xda\0\2data" + END

    assert frame.read(content) is None
    assert failure(content).code in ("corrupt", "unsupported")


def test_more_memory_than_there_is_fails_and_names_both() -> None:
    with pytest.raises(Failure) as caught:
        convert(patched(jpeg(noise((2000, 1000)))), MAX_PIXELS, memory.Memory(20_000_000))
    assert (caught.value.code, caught.value.lasting) == ("no_memory", False)
    assert caught.value.reason == "2000x1000 needs 24 MB, the node has 20 MB for it"


def test_pictures_that_do_not_fit_together_wait_for_one_another() -> None:
    room = memory.Memory(10)
    order: list[str] = []
    inside, leave = threading.Event(), threading.Event()

    def first() -> None:
        with room.lent(6):
            inside.set()
            leave.wait(30)
            order.append("first")

    def second() -> None:
        with room.lent(5):
            order.append("second")

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    threads[0].start()
    assert inside.wait(30)
    threads[1].start()
    with room.lent(4):
        order.append("small")
    leave.set()
    for thread in threads:
        thread.join()
    assert order == ["small", "first", "second"]


def test_what_is_free_is_a_number_of_bytes() -> None:
    assert 2**20 < memory.free() < 2**50


MEASURE = """
import resource, sys
from pathlib import Path
from worker.convert import convert
small, large = (Path(name).read_bytes() for name in sys.argv[1:])
convert(small, 10**9)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
convert(large, 10**9)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024)
"""


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_no_picture_takes_more_memory_than_it_asks_for(tmp_path: Path, mode: str) -> None:
    side = 2500
    exif = Image.Exif()
    exif[0x0112] = 6
    target = io.BytesIO()
    noise((side, side), mode).save(target, "JPEG", quality=90, exif=exif, subsampling=0 if mode == "RGB" else -1)
    (tmp_path / "large.jpg").write_bytes(target.getvalue())
    (tmp_path / "small.jpg").write_bytes(jpeg(picture(mode)))
    command = [sys.executable, "-c", MEASURE, str(tmp_path / "small.jpg"), str(tmp_path / "large.jpg")]

    took = int(
        subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]).stdout
    )

    assert took / side**2 < PIXEL_BYTES[mode]
