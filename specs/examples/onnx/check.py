"""Computes every prediction in plain Python and compares: `check.py FOLDER`, with model/, predictions/ and report/."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import inputs


def main(folder: Path) -> str:
    first, second = json.loads((folder / "model" / "weights.json").read_text())
    lines = [path.read_text().splitlines() for path in sorted((folder / "predictions").glob("*.jsonl"))]
    said = {line["item"]: line for line in (json.loads(text) for part in lines for text in part)}
    pictures = dict(inputs.pictures())
    assert said.keys() == pictures.keys(), f"{len(said)} predictions for {len(pictures)} pictures"
    for name, pixels in pictures.items():
        scores = through([max(total, 0) for total in through(pixels, first)], second)
        best = scores.index(max(scores))
        same = best == said[name]["digit"] and abs(max(scores) - said[name]["score"]) <= 1e-5 * abs(max(scores))
        assert same, f"{name} is {best} with {max(scores)}, not {said[name]}"
    right = sum(name[-5] == str(line["digit"]) for name, line in said.items())
    report = json.loads((folder / "report" / "report.json").read_text())
    assert (report["pictures"], report["right"]) == (len(said), right), f"the report is wrong: {right} are right"
    assert right >= 0.9 * len(said), f"only {right} of {len(said)} are right"
    return f"{len(said):,} predictions of {len(lines)} tasks are those of the model; {right:,} are right"


def through(values: Sequence[int], layer: list[list[int]]) -> list[int]:
    """The sums of a layer of the model."""
    columns = zip(*layer, strict=True)
    return [sum(value * weight for value, weight in zip(values, column, strict=True)) for column in columns]


if __name__ == "__main__":
    print(main(Path(sys.argv[1])))
