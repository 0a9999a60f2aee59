"""One picture of all test runs: `report.py` reads VERSION/ZONE.xml, JUnit's reports, and writes matrix.svg."""

from pathlib import Path
from xml.etree import ElementTree

WIDE, HIGH = 180, 40


def told(path: Path) -> tuple[str, str]:
    """The colour of a run, and how many of its tests passed and were skipped."""
    suite = ElementTree.parse(path).getroot()[0].attrib  # noqa: S314 (what our own tests wrote)
    tests, skipped, bad = int(suite["tests"]), int(suite["skipped"]), int(suite["failures"]) + int(suite["errors"])
    said = f"{tests - skipped - bad} passed, {skipped} skipped" if not bad else f"{bad} of {tests} failed"
    return "#cfe8cf" if not bad else "#f2c0c0", said


def text(column: int, line: int, said: str) -> str:
    return f'<text x="{column * WIDE + 10}" y="{line * HIGH + 25}">{said}</text>'


def main() -> None:
    runs = {
        (path.parts[0], path.relative_to(path.parts[0]).with_suffix("")): told(path) for path in Path().rglob("*.xml")
    }
    versions, zones = (sorted({run[axis] for run in runs}) for axis in (0, 1))
    drawn = [text(0, 0, "python-dateutil"), *(text(0, line, zone) for line, zone in enumerate(zones, 1))]
    drawn += [text(column, 0, version) for column, version in enumerate(versions, 1)]
    for (version, zone), (colour, said) in runs.items():
        column, line = versions.index(version) + 1, zones.index(zone) + 1
        place = f'x="{column * WIDE}" y="{line * HIGH}" width="{WIDE - 4}" height="{HIGH - 4}"'
        drawn += [f'<rect {place} rx="4" fill="{colour}"/>', text(column, line, said)]
    size = f'width="{(len(versions) + 1) * WIDE}" height="{(len(zones) + 1) * HIGH}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="14">'
    Path("matrix.svg").write_text(
        "\n".join([head, '<rect width="100%" height="100%" fill="white"/>', *drawn, "</svg>\n"])
    )


if __name__ == "__main__":
    main()
