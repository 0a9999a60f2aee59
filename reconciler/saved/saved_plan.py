"""A plan in a file, with all that says what it was made from, and a digest over everything.

The file is a JSON document per schemas/saved-plan.schema.json. It holds no more than the plan's own JSON shows, so no
secret. Whoever can write the file can make the digest anew: what proves that a file is the one that was reviewed is the
digest that the reviewer's run has printed, handed on beside the file.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from reconciler.cost import Cost
from reconciler.errors import Refused, WrongUsage
from reconciler.files import folder, write_whole
from reconciler.model import Plan
from reconciler.render import as_json
from reconciler.render import cost as costs

VERSION = 1
FORMAT = f"reconcile-plan/{VERSION}"
MARK = re.compile(rb'\s*\{\s*"format":\s*"reconcile-plan/(\d+)"')
"""How such a file begins, whole or not."""
NAMES = {"resource_group": "resourceGroup"}
"""What is called otherwise in the file."""


@dataclass(frozen=True, slots=True)
class Source:
    """What a plan was made from.

    spec      the path that was given, as it was given
    contents  a digest of what each section of it asks for: see `reconciler.spec.content`
    tool      the version of reconcile
    cloud     `public` or `local`
    subscription, resource_group  where it is carried out
    targets, excludes, rerun  what limited or extended it
    """

    spec: str
    contents: Mapping[str, str]
    tool: str
    cloud: str
    subscription: str
    resource_group: str
    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    rerun: tuple[str, ...] = ()

    @property
    def place(self) -> tuple[str, str, str]:
        return self.cloud, self.subscription, self.resource_group


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan with its source, when it was made (ISO 8601, UTC), and what it costs, if that is known."""

    plan: Plan
    source: Source
    made: str
    cost: Cost | None = None
    digest: str = field(default="", compare=False)
    """Of the file that it was read from."""

    def document(self) -> dict[str, Any]:
        """All of it but the digest."""
        cost = {"cost": costs.document(self.cost)} if self.cost else {}
        source = {NAMES.get(name, name): value for name, value in asdict(self.source).items()}
        return {"format": FORMAT, "made": self.made, "source": source, "plan": as_json.document(self.plan) | cost}


def sealed(saved: SavedPlan) -> SavedPlan:
    """The same with the digest of the file that it would be kept in."""
    return replace(saved, digest=digest_of(saved.document()))


def write(saved: SavedPlan, path: Path) -> str:
    """Write the file whole, and return its digest. Raises OSError."""
    body = saved.document()
    digest = digest_of(body)
    write_whole(path, json.dumps({"format": FORMAT, "digest": digest} | body, indent=2, ensure_ascii=True) + "\n")
    return digest


def is_saved(path: Path) -> bool:
    """Whether a file begins as a saved plan does. One that cannot be read does not."""
    try:
        with path.open("rb") as file:
            return MARK.match(file.read(200)) is not None
    except OSError:
        return False


def read(path: Path, digest: str = "") -> SavedPlan:
    """The plan in a file. Refused if it is not whole, was changed, or is not the one with this digest."""
    content = path.read_bytes()
    begins = MARK.match(content)
    if begins is None:
        raise WrongUsage(f"{path} is no saved plan; make one with: reconcile plan SPEC --out {path.name}")
    if int(begins[1]) != VERSION:
        raise Refused(f"{path} is a saved plan of format {int(begins[1])}, and {_later(VERSION)}")
    try:
        body = json.loads(content)
        told = body.pop("digest")
    except (ValueError, LookupError, AttributeError, RecursionError):
        raise Refused(f"{path} is cut off or damaged; {_ANEW}") from None
    if told != digest_of(body):
        raise Refused(f"{path} was changed after it was written: its digest is another; {_ANEW}")
    if digest and told != digest.removeprefix("sha256:"):
        raise Refused(f"{path} is not the plan with digest {digest}, but that with {told}; take the one reviewed")
    if (version := _version(body)) > as_json.VERSION:
        raise Refused(f"{path} holds a plan of version {version}, and {_later(as_json.VERSION)}")
    try:
        _check(body | {"digest": told})
        plan = as_json.read(json.dumps(body["plan"]))
        names = {written: name for name, written in NAMES.items()}
        source = Source(**{names.get(name, name): _read(value) for name, value in body["source"].items()})
        cost = costs.read(body["plan"]["cost"]) if "cost" in body["plan"] else None
        return SavedPlan(plan, source, str(body["made"]), cost, told)
    except (ValueError, LookupError, TypeError):
        raise Refused(f"{path} holds no plan that this reconcile understands; {_ANEW}") from None


_ANEW = "plan again, and have that reviewed"


def _version(body: Mapping[str, Any]) -> int:
    """The version of the plan in a document; 0 if it says none."""
    plan = body.get("plan")
    version = plan.get("version") if isinstance(plan, dict) else None
    return version if isinstance(version, int) else 0


def _later(known: int) -> str:
    return f"this reconcile knows {known}; take a later reconcile, or plan again and have that reviewed"


def _check(body: Mapping[str, Any]) -> None:
    """ValueError for a document that its schema does not allow, or whose steps cannot be done one after another."""
    from jsonschema import Draft202012Validator

    plan, saved = (
        json.loads((folder("schemas") / f"{name}.schema.json").read_text()) for name in ("plan", "saved-plan")
    )
    if not Draft202012Validator({**saved, "$defs": {"plan": plan}}).is_valid(body):
        raise ValueError("it is not as its schema says")
    steps, seconds = body["plan"]["steps"], body["plan"]["seconds"]
    TopologicalSorter({step["id"]: step["after"] for step in steps}).prepare()
    if not {step["id"] for step in steps} <= seconds.keys():
        raise ValueError("a step has no time")


def digest_of(body: Mapping[str, Any]) -> str:
    """A SHA-256 of the document as canonical JSON, in hex digits."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _read(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): str(entry) for key, entry in value.items()}
    return tuple(map(str, value)) if isinstance(value, list) else str(value)
