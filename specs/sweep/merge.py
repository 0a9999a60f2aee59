"""Pi, from what the tasks of a sweep have counted: `merge.py FOLDER`."""

import sys
from pathlib import Path

counts = [tuple(map(int, path.read_text().split())) for path in Path(sys.argv[1]).iterdir()]
inside, number = map(sum, zip(*counts, strict=True))
print(f"pi is about {4 * inside / number:.4f}, from {number} points in {len(counts)} tasks")
