"""The cases of a kind, from `tests/cases/<kind>/`, and what they are run with.

`base.yaml` holds the spec that the cases of a kind start from, the `files` that this needs beside it, and the `entry`
of it that `key` cases are about; every other file is a list of cases. What a case does follows from what it says:

    desired   a spec gives this body; `put` is what creating it sends, and `at` the end of the id that it is sent to
    raw       what ARM shows has these differences (path → rule) from the spec, and this health and mark
    after     a spec that was applied as `before`, to which others added `theirs`, and that is now `after` gives this
              decision; `patch` is what it sends; with `after: null` what it asked for has left the spec
    key       a property of the entry is set, changed and taken out again: every differing path starts with `path`,
              under one rule
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler import marks
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.endpoints import Endpoints
from reconciler.cloud.operations import Answer
from reconciler.kind import Kind
from reconciler.kinds import KINDS, load
from reconciler.model import Desired
from reconciler.spec import Spec
from tests.documents import dumped, loaded

FOLDER = Path(__file__).parents[1] / "cases"
MINIMAL = {
    "apiVersion": "reconciler/v1",
    "name": "case",
    "azure": {"location": "italynorth", "resourceGroup": "rg-case"},
}


@dataclass(frozen=True)
class Case:
    """One case of one kind: what its file says of it, on what the `base.yaml` of its kind says."""

    kind: Kind
    file: str
    says: Mapping[str, Any]
    base: Mapping[str, Any]

    @property
    def name(self) -> str:
        return f"{self.kind.name}/{self.file}: {self.says.get('name') or self.says['key']}"


def cases(form: str) -> list[Case]:
    """The cases of every kind that say `form`."""
    return [case for kind in KINDS.values() for case in of(kind) if form in case.says]


def base_of(kind: Kind) -> Mapping[str, Any]:
    """What the cases of a kind start from."""
    path = FOLDER / kind.name / "base.yaml"
    base: Mapping[str, Any] = loaded(path.read_text()) if path.exists() else {}
    return base


def of(kind: Kind) -> Iterator[Case]:
    base = base_of(kind)
    for path in sorted((FOLDER / kind.name).glob("*.yaml")):
        for says in loaded(path.read_text()) if path.name != "base.yaml" else ():
            yield Case(kind, path.stem, says, base)


def merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`over` laid on `under`, map by map."""
    result = deepcopy(dict(under))
    for key, value in over.items():
        below = result.get(key)
        result[key] = merged(below, value) if isinstance(value, dict) and isinstance(below, dict) else value
    return result


def spec_of(case: Case, part: Mapping[str, Any], folder: Path) -> Spec:
    """The spec of the case with `part` laid over it."""
    for name in case.base.get("files", ()):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    path = folder / "spec.yaml"
    path.write_text(dumped(merged(merged(MINIMAL, case.base.get("spec", {})), part)))
    return load(path, {}, "local")


def with_property(case: Case, value: Any) -> dict[str, Any]:
    """The part of a spec that gives the entry of a `key` case this property."""
    part: dict[str, Any] = {case.says["key"]: value}
    for name in reversed(case.base["entry"].split("/")):
        part = {name: part}
    return part


def desired_of(case: Case, spec: Spec) -> Desired | None:
    """What the spec asks for of the case's kind, by the case's address where there are several."""
    found = list(case.kind.expand(spec))
    if "address" in case.says:
        found = [desired for desired in found if str(desired.address) == case.says["address"]]
    assert len(found) <= 1, f"say which address this case is about: {[str(desired.address) for desired in found]}"
    return found[0] if found else None


class Recording(Cloud):
    """A cloud that shows one resource at every id, and keeps what it is asked and sent."""

    def __init__(self, spec: Spec, raw: Mapping[str, Any]) -> None:
        account = spec.batch_account["name"] if spec.batch_account else None
        super().__init__(spec.azure, spec.name, account, Endpoints("https://case", 1, 120))
        self.raw = raw
        self.requests: list[tuple[str, str, Any]] = []
        self.api_versions: set[str | None] = set()

    def arm(self, method: str, path: str, body: Any = None, api_version: str | None = None, **query: str) -> Answer:
        self.requests.append((method, path, body))
        self.api_versions.add(api_version)
        return Answer(200, {}, {"id": path, **self.raw} if method == "GET" else None)


def unmarked(body: Mapping[str, Any]) -> dict[str, Any]:
    """A body that was sent, without our mark, which must be in its tags or in its metadata."""
    place = body if "tags" in body else body["properties"]
    name = "tags" if "tags" in body else "metadata"
    assert marks.mark_of(place[name]) is not None
    clean = {**place, name: marks.without_mark(place[name])}
    return clean if place is body else {**body, "properties": clean}
