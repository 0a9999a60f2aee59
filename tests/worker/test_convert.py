"""What a converted picture shows, against Pillow's own reading of the same JPEG."""

from __future__ import annotations

import io
import struct
import threading

import pytest
from PIL import Image, ImageCms, ImageDraw, ImageOps

from worker.convert import convert
from worker.failure import Failure
from worker.task import MAX_PIXELS

# Pillow warns of broken EXIF; convert_image.py silences it the same way.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")


def picture(mode: str = "RGB", size: tuple[int, int] = (64, 48)) -> Image.Image:
    """Something that looks different from every side."""
    image = Image.new("RGB", size, (200, 180, 40))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, size[0] // 2, size[1] // 3), (20, 60, 200))
    draw.ellipse((size[0] // 2, size[1] // 2, size[0] - 1, size[1] - 1), (220, 20, 30))
    return image.convert(mode)


def jpeg(image: Image.Image, **options: object) -> bytes:
    target = io.BytesIO()
    image.save(target, "JPEG", **options)
    return target.getvalue()


def opened(png: bytes) -> Image.Image:
    with Image.open(io.BytesIO(png)) as image:
        assert image.format == "PNG"
        image.load()
        return image


def failure(content: bytes, max_pixels: int = MAX_PIXELS) -> Failure:
    with pytest.raises(Failure) as caught:
        convert(content, max_pixels)
    assert caught.value.lasting
    assert caught.value.reason
    return caught.value


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"quality": 100, "subsampling": 0}])
@pytest.mark.parametrize("size", [(64, 48), (1, 1), (1, 300), (17, 9)])
def test_the_pixels_are_those_that_pillow_decodes(mode: str, options: dict[str, object], size: tuple[int, int]) -> None:
    content = jpeg(picture(mode, size), **options)

    png = opened(convert(content, MAX_PIXELS))

    decoded = Image.open(io.BytesIO(content))
    assert (png.mode, png.size, png.tobytes()) == (decoded.mode, decoded.size, decoded.tobytes())


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_is_applied_and_the_tag_is_gone(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = jpeg(picture(), exif=exif)

    png = opened(convert(content, MAX_PIXELS))

    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
    assert (png.size, png.tobytes()) == (upright.size, upright.tobytes())
    assert 0x0112 not in png.getexif()


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_turns_nothing(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation

    assert opened(convert(jpeg(picture(), exif=exif), MAX_PIXELS)).size == (64, 48)


@pytest.mark.parametrize("exif", [b"Exif\0\0", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff", b"Exif\0\0garbage" * 9])
def test_broken_exif_does_not_cost_the_pixels(exif: bytes) -> None:
    assert opened(convert(jpeg(picture(), exif=exif), MAX_PIXELS)).size == (64, 48)


def profile(space: str) -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile(space)).tobytes()  # type: ignore[arg-type]


def test_an_icc_profile_is_kept() -> None:
    srgb = profile("sRGB")

    assert opened(convert(jpeg(picture(), icc_profile=srgb), MAX_PIXELS)).info["icc_profile"] == srgb


@pytest.mark.parametrize("space", ["LAB", "XYZ"])
def test_a_profile_of_another_color_space_is_left_out(space: str) -> None:
    content = jpeg(picture(), icc_profile=profile(space))

    assert "icc_profile" not in opened(convert(content, MAX_PIXELS)).info


def test_grayscale_with_a_profile_for_rgb_stays_grayscale_without_it() -> None:
    png = opened(convert(jpeg(picture("L"), icc_profile=profile("sRGB")), MAX_PIXELS))

    assert png.mode == "L"
    assert "icc_profile" not in png.info


def test_cmyk_becomes_rgb() -> None:
    content = jpeg(picture("CMYK"), quality=95)

    png = opened(convert(content, MAX_PIXELS))

    assert (png.mode, png.tobytes()) == ("RGB", Image.open(io.BytesIO(content)).convert("RGB").tobytes())
    red, green, blue = png.getpixel((5, 5))  # type: ignore[misc]
    assert blue > 150 > red, "the picture is inverted"
    assert green < 150


def test_cmyk_with_a_damaged_profile_becomes_rgb_all_the_same() -> None:
    damaged = b"\0\0\0\x90" + b"\0" * 12 + b"CMYK" + b"\0" * 124

    assert opened(convert(jpeg(picture("CMYK"), icc_profile=damaged), MAX_PIXELS)).mode == "RGB"


def test_what_follows_the_picture_is_ignored() -> None:
    content = jpeg(picture())

    assert convert(content + b"\0" * 1000 + content, MAX_PIXELS) == convert(content, MAX_PIXELS)


def test_of_a_file_with_several_frames_the_first_is_taken() -> None:
    target = io.BytesIO()
    second = picture(size=(32, 32))
    picture().save(target, "MPO", save_all=True, append_images=[second])

    assert opened(convert(target.getvalue(), MAX_PIXELS)).size == (64, 48)


@pytest.mark.parametrize("kind", ["PNG", "GIF", "BMP", "WEBP", "TIFF", "PPM"])
def test_another_format_is_told_by_its_content(kind: str) -> None:
    target = io.BytesIO()
    picture().save(target, kind)

    assert failure(target.getvalue()).code == "not_jpeg"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"\xff", "not_jpeg"),
        (b"\xff\xd8", "not_jpeg"),
        (b"\xff\xd8\xff", "corrupt"),
        (b"\xff\xd8\xff\xd9", "corrupt"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "corrupt"),
        (b"<html>404</html>", "not_jpeg"),
    ],
)
def test_what_is_no_picture_is_a_failure_with_a_code(content: bytes, code: str) -> None:
    assert failure(content).code == code


@pytest.mark.parametrize("part", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("options", [{}, {"progressive": True}])
def test_a_truncated_picture_is_corrupt(part: float, options: dict[str, object]) -> None:
    content = jpeg(picture(size=(400, 300)), quality=95, **options)

    assert failure(content[: int(len(content) * part)]).code == "corrupt"


def test_no_cut_and_no_flipped_byte_raises_anything_but_a_failure() -> None:
    content = jpeg(
        picture(), exif=b"Exif\0\0MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0", icc_profile=profile("sRGB")
    )
    cut = (content[:end] for end in range(0, len(content), 7))
    flipped = (content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :] for at in range(2, len(content), 3))
    codes = set()
    for damaged in (*cut, *flipped):
        try:
            opened(convert(damaged, 1_000_000))
        except Failure as problem:
            codes.add(problem.code)
    assert "corrupt" in codes


def patched(content: bytes, *, precision: int = 8, width: int | None = None, height: int | None = None) -> bytes:
    """The JPEG with other words in its frame header."""
    at = content.index(b"\xff\xc0") + 4
    _, old_height, old_width = struct.unpack(">BHH", content[at : at + 5])
    header = struct.pack(">BHH", precision, height or old_height, width or old_width)
    return content[:at] + header + content[at + 5 :]


def test_more_pixels_than_allowed_are_refused_on_the_header_alone() -> None:
    problem = failure(patched(jpeg(picture()), width=65_500, height=65_500))

    assert problem.code == "too_large"
    assert problem.reason == "65500x65500 is more than 250 megapixels"


def test_the_limit_itself_is_allowed() -> None:
    content = jpeg(picture())

    assert convert(content, 64 * 48)
    assert failure(content, 64 * 48 - 1).code == "too_large"


def test_a_precision_without_a_decoder_is_unsupported() -> None:
    assert failure(patched(jpeg(picture()), precision=12)).code == "unsupported"


def test_threads_convert_side_by_side() -> None:
    contents = [jpeg(picture(size=(300 + index, 200))) for index in range(8)]
    sizes: dict[int, tuple[int, int]] = {}

    def work(index: int) -> None:
        sizes[index] = opened(convert(contents[index], MAX_PIXELS)).size

    threads = [threading.Thread(target=work, args=(index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sizes == {index: (300 + index, 200) for index in range(8)}
