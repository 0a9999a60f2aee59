"""A JPEG becomes a PNG that shows the same picture: upright, in its own colors, grayscale where it was grayscale.

The first frame counts (camera files hold a preview or a gain map behind it). The orientation that EXIF, or else XMP,
tells is applied and no EXIF is kept. An ICC profile is kept. CMYK goes to sRGB, through the embedded profile when there
is one that can be used. Pixels, memory and whether there is data enough are checked on the header, before any pixel is
decoded; whatever goes wrong ends as a Failure.
"""

from __future__ import annotations

import io
from contextlib import nullcontext

from PIL import Image, ImageCms
from PIL.JpegImagePlugin import JpegImageFile

from worker import frame, png
from worker.failure import Failure
from worker.memory import Memory

PIXEL_BYTES = {"L": 4, "RGB": 12, "CMYK": 14}
"""Mode → the most bytes that a pixel takes on its way: as coefficients and decoded, or decoded, filtered and packed."""

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ORIENTATION = 0x0112
_COLOR_SPACES = {"L": b"GRAY", "RGB": b"RGB ", "CMYK": b"CMYK"}


def convert(jpeg: bytes, max_pixels: int, memory: Memory | None = None) -> bytes:
    """The PNG of a JPEG; raises Failure with a code of content, or `no_memory` where `memory` is too small for it."""
    if not jpeg:
        raise Failure("empty", "the blob has no content")
    if not jpeg.startswith(b"\xff\xd8\xff"):
        raise Failure("not_jpeg", f"the content begins with {jpeg[:8]!r}, which is not a JPEG")
    known = frame.read(jpeg)
    image = _open(jpeg[: known.end] + frame.PADDING if known and known.open_ended else jpeg)
    size = f"{image.width}x{image.height}"
    pixels = image.width * image.height
    if pixels > max_pixels:
        raise Failure("too_large", f"{size} is more than {max_pixels / 1e6:g} megapixels")
    if known and known.too_short:
        raise Failure("corrupt", f"{known.data} bytes of data cannot hold a picture of {size}")
    needed = pixels * PIXEL_BYTES.get(image.mode, max(PIXEL_BYTES.values()))
    if memory and needed > memory.size:
        raise Failure(
            "no_memory", f"{size} needs {needed / 1e6:.0f} MB, the node has {memory.size / 1e6:.0f} MB for it"
        )
    with memory.lent(needed) if memory else nullcontext():
        try:
            return _converted(image)
        except MemoryError as error:
            raise Failure("no_memory", f"{size} needs more memory than the node has left") from error
        # Decoders meet bytes that nobody foresaw; whatever they raise is about this file and must not end the task.
        except Exception as error:
            raise Failure("corrupt", _reason(error)) from error


def _open(jpeg: bytes) -> JpegImageFile:
    try:
        # Not Image.open: it would take the other formats too, and look into the later frames of camera files.
        return JpegImageFile(io.BytesIO(jpeg))
    except Exception as error:
        reason = _reason(error)
        # Pillow's words for a precision or a number of components that it has no decoder for.
        code = "unsupported" if reason.startswith("cannot handle") else "corrupt"
        raise Failure(code, reason) from error


def _converted(image: JpegImageFile) -> bytes:
    orientation = _orientation(image)
    profile = _profile(image)
    pixels: Image.Image = image
    pixels.load()
    if image.mode == "CMYK":
        pixels, profile = _srgb(image, profile), None
    if orientation in _TURNS:
        pixels = pixels.transpose(_TURNS[orientation])
    if pixels is not image:
        image.close()  # its pixels would be in memory beside the others
    return png.encode(pixels, profile)


def _orientation(image: JpegImageFile) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # EXIF is broken in more ways than Pillow names, and none of them is a reason to lose the pixels
        return 1


def _profile(image: JpegImageFile) -> bytes | None:
    """The embedded ICC profile if it describes the image's own color space, as PNG demands."""
    profile = image.info.get("icc_profile")
    fits = isinstance(profile, bytes) and profile[16:20] == _COLOR_SPACES.get(image.mode)
    return profile if fits else None


def _srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """CMYK as sRGB; Pillow has undone Adobe's inversion and YCCK when it decoded."""
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError):  # a damaged profile: as if there were none
            converted = None
        if converted is not None:
            return converted
    return image.convert("RGB")


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
