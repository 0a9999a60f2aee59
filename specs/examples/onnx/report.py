"""Judges all predictions by the names of their pictures: writes report.json and confusion.svg."""

import json
from pathlib import Path

CELL, LEFT, TOP = 40, 60, 60

lines = [json.loads(line) for path in sorted(Path().glob("*.jsonl")) for line in path.read_text().splitlines()]
seen = {line["item"]: line["digit"] for line in lines}
shown = {item: int(Path(item).stem.rpartition("-")[2]) for item in seen}
counts = [[sum(shown[item] == true and seen[item] == said for item in seen) for said in range(10)] for true in range(10)]
right = sum(counts[digit][digit] for digit in range(10))
Path("report.json").write_text(json.dumps({"pictures": len(seen), "right": right, "confusion": counts}, indent=1) + "\n")

most, parts = max(map(max, counts)), []
for true, row in enumerate(counts):
    y = TOP + true * CELL
    parts.append(f'<text x="{LEFT - 14}" y="{y + 25}">{true}</text><text x="{LEFT + true * CELL + 16}" y="{TOP - 8}">{true}</text>')
    for said, count in enumerate(row):
        x, strength = LEFT + said * CELL, (count / most) ** 0.5
        colour = "#4477aa" if true == said else "#cc3311"
        parts.append(f'<rect x="{x}" y="{y}" width="{CELL - 1}" height="{CELL - 1}" fill="{colour}" fill-opacity="{strength:.2f}"/>')
        if count:
            parts.append(f'<text x="{x + CELL / 2}" y="{y + 25}" text-anchor="middle">{count}</text>')
head = f'<text x="{LEFT}" y="22">{right:,} of {len(seen):,} right; across: what the model says, down: what is shown</text>'
size = f'width="{LEFT + 10 * CELL + 60}" height="{TOP + 10 * CELL + 10}"'
style = '<rect width="100%" height="100%" fill="white"/><g font-family="sans-serif" font-size="13">'
Path("confusion.svg").write_text(f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{style}{head}{"".join(parts)}</g></svg>\n')
