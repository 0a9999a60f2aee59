"""Test images: JPEGs of many sizes, modes and qualities, the same for the same seed."""

from __future__ import annotations

import io
import math
import random
from collections.abc import Iterator

SIZES = ((320, 240), (640, 480), (800, 600), (1024, 768), (1600, 1200))


def generate(count: int, prefix: str, seed: int = 0) -> Iterator[tuple[str, bytes]]:
    """(blob name, JPEG) of `count` images: names are `prefix` and a number."""
    digits = max(4, len(str(count)))
    for number in range(count):
        yield f"{prefix}{number:0{digits}}.jpg", _image(random.Random(f"{seed}/{number}"), number)  # noqa: S311


def _image(chance: random.Random, number: int) -> bytes:
    """One image: a gradient, some shapes, its number; now and then grey, CMYK, rotated or progressive."""
    from PIL import Image, ImageDraw

    width, height = chance.choice(SIZES)
    image = Image.linear_gradient("L").resize((width, height))
    colour = Image.merge("RGB", (image, image.transpose(Image.Transpose.ROTATE_180), image.point(_wave(chance))))
    draw = ImageDraw.Draw(colour)
    for _ in range(chance.randint(5, 40)):
        x, y, size = chance.randrange(width), chance.randrange(height), chance.randint(5, width // 4)
        shade = tuple(chance.randrange(256) for _ in range(3))
        draw.ellipse((x, y, x + size, y + size), fill=shade)
    draw.text((10, 10), f"test image {number}", fill=(255, 255, 255))
    mode = chance.choices(("RGB", "L", "CMYK"), (8, 1, 1))[0]
    exif = Image.Exif()
    exif[0x0112] = chance.choices((1, 3, 6, 8), (7, 1, 1, 1))[0]
    out = io.BytesIO()
    options = {"quality": chance.randint(60, 95), "progressive": chance.random() < 0.3}
    colour.convert(mode).save(out, "JPEG", exif=exif, **options)
    return out.getvalue()


def _wave(chance: random.Random) -> list[int]:
    period = chance.uniform(10, 60)
    return [int(127 + 127 * math.sin(level / period)) for level in range(256)]
