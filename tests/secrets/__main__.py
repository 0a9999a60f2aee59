"""`python -m tests.secrets`: plants every kind of secret wherever text may stand, and counts what becomes of it."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from reconciler.errors import SpecError
from reconciler.kinds import load
from reconciler.secret import MARK
from tests.secrets.kinds import made
from tests.secrets.places import places, planted
from tests.secrets.shown import shown


def main() -> None:
    kinds, spots = made(), tuple(places())
    tried = refused = told = views = hidden = leaked = 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "spec.yaml"
        for planting in kinds.values():
            for place in spots:
                path.write_text(json.dumps(planted(place, planting.text)))
                tried += 1
                try:
                    load(path, {})
                except SpecError as error:
                    refused += any("looks like" in problem.message for problem in error.problems)
                    told += planting.secret in str(error)
            for text in shown(planting.text).values():
                views += 1
                hidden += MARK in text
                leaked += planting.secret in text or json.dumps(planting.secret)[1:-1] in text
    cut = views - hidden - leaked
    print(f"{len(kinds)} kinds of secrets in {len(spots)} places of a spec: {tried:,} planted, {refused:,} refused,")
    print(f"{told} shown in a message. In {views:,} outputs of commands: {hidden:,} hidden, {cut:,} cut off before")
    print(f"they came to it, {leaked} shown.")


if __name__ == "__main__":
    main()
