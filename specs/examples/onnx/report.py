"""Judges all predictions by the names of their pictures: writes report.json and confusion.svg."""

import json
from collections import Counter
from pathlib import Path

CELL, LEFT, TOP = 40, 60, 60

lines = [json.loads(line) for path in sorted(Path().glob("*.jsonl")) for line in path.read_text().splitlines()]
seen = {line["item"]: line["digit"] for line in lines}
shown = {item: int(Path(item).stem.rpartition("-")[2]) for item in seen}
pairs = Counter((shown[item], seen[item]) for item in seen)
counts = [[pairs[shows, says] for says in range(10)] for shows in range(10)]
right = sum(counts[digit][digit] for digit in range(10))
Path("report.json").write_text(json.dumps({"pictures": len(seen), "right": right, "confusion": counts}) + "\n")

most, parts = max(map(max, counts)), []
for shows, row in enumerate(counts):
    y = TOP + shows * CELL
    parts.append(f'<text x="{LEFT - 14}" y="{y + 25}">{shows}</text>')
    parts.append(f'<text x="{LEFT + shows * CELL + 16}" y="{TOP - 8}">{shows}</text>')
    for says, count in enumerate(row):
        x, strength = LEFT + says * CELL, (count / most) ** 0.5
        box = f'x="{x}" y="{y}" width="{CELL - 1}" height="{CELL - 1}" fill-opacity="{strength:.2f}"'
        parts.append(f'<rect {box} fill="{"#4477aa" if shows == says else "#cc3311"}"/>')
        if count:
            parts.append(f'<text x="{x + CELL / 2}" y="{y + 25}" text-anchor="middle">{count}</text>')
legend = f"{right:,} of {len(seen):,} right; across: what the model says, down: what is shown"
head = f'<text x="{LEFT}" y="22">{legend}</text>'
size = f'width="{LEFT + 10 * CELL + 60}" height="{TOP + 10 * CELL + 10}"'
style = '<rect width="100%" height="100%" fill="white"/><g font-family="sans-serif" font-size="13">'
whole = f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{style}{head}{"".join(parts)}</g></svg>'
Path("confusion.svg").write_text(whole + "\n")
