"""Makes a table and a plot of what was called in all samples: `merge.py FOLDER` writes samples.tsv and coverage.svg."""

import json
import sys
from pathlib import Path

WIDE, HIGH, LEFT = 720, 78, 90
COLOURS = ("#4477aa", "#228833", "#aa3377", "#cc6633", "#008b8b", "#666666")


def row(number: int, sample: dict) -> str:
    """The coverage of one sample, as an area, with a mark at each variant."""
    cover, colour = sample["coverage"], COLOURS[number % len(COLOURS)]
    floor, step, top = (number + 1) * HIGH, WIDE / len(cover), max(cover)
    heights = " ".join(f"{LEFT + n * step:.1f},{floor - 44 * depth / top:.1f}" for n, depth in enumerate(cover))
    genome = len(cover) * 1_000
    marks = "".join(
        f'<path d="M{LEFT + WIDE * found["position"] / genome:.1f},{floor + 2}v5" stroke="#222"/>'
        for found in sample["variants"]
    )
    text = f"{sample['mapped']:,} reads, {sum(cover) / len(cover):.1f}x"
    return (
        f'<text x="4" y="{floor - 14}">{sample["sample"]}</text><text x="{LEFT + WIDE}" y="{floor - 52}" '
        f'text-anchor="end" fill="#666">{text}</text><polygon fill="{colour}" fill-opacity="0.75" '
        f'points="{LEFT},{floor} {heights} {LEFT + WIDE},{floor}"/>{marks}'
    )


def main(folder: Path) -> None:
    samples = sorted((json.loads(path.read_text()) for path in folder.glob("*.json")), key=lambda one: one["sample"])
    lines = ["sample\treads\tmapped\tcoverage\tvariants"]
    for one in samples:
        mean = sum(one["coverage"]) / len(one["coverage"])
        lines.append(f"{one['sample']}\t{one['reads']}\t{one['mapped']}\t{mean:.1f}\t{len(one['variants'])}")
    Path("samples.tsv").write_text("\n".join([*lines, ""]))
    size = f'width="{LEFT + WIDE + 10}" height="{len(samples) * HIGH + 34}"'
    rows = "".join(row(number, sample) for number, sample in enumerate(samples))
    legend = "coverage along the genome; ticks are variants"
    below = f'<text x="{LEFT}" y="{len(samples) * HIGH + 26}" fill="#666">{legend}</text>'
    style = '<rect width="100%" height="100%" fill="white"/><g font-family="sans-serif" font-size="12">'
    Path("coverage.svg").write_text(f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{style}{rows}{below}</g></svg>\n')


if __name__ == "__main__":
    main(Path(sys.argv[1]))
