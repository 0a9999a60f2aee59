"""A plan in a file comes back as it was, or not at all."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from reconciler.errors import Refused, WrongUsage
from reconciler.model import Action, Address, Change, Decision, Diff, Plan, Rule, Step, Why
from reconciler.saved import saved_plan
from reconciler.saved.saved_plan import SavedPlan, Source

SCHEMAS = Path(__file__).parents[2] / "schemas"
POOL = Address("pool", "p")
CHANGE = Change("properties.nodes", 2, 3, Rule.LIVE, "nodes")
PLAN = Plan(
    "spec",
    (Decision(POOL, Action.UPDATE, Why.DIFFERS, "differs: \u2192 \ud800", Diff((CHANGE,)), grants=True),),
    (Step("pool/p", POOL, Action.UPDATE),),
    {POOL: "abc"},
    seconds={"pool/p": 30.0},
    needs={POOL: (Address("batch_account", "b"),)},
)
SOURCE = Source("specs/a.yaml", {"pools": "12" * 32}, "0.1.0", "local", "sub", "rg", targets=("pool/p",))
SAVED = SavedPlan(PLAN, SOURCE, "2026-11-27T10:00:00+00:00")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    saved_plan.write(SAVED, tmp_path / "plan.json")
    return tmp_path / "plan.json"


def test_it_comes_back_as_it_was(file: Path) -> None:
    read = saved_plan.read(file)
    assert read == SAVED
    assert saved_plan.read(file, f"sha256:{read.digest}") == SAVED
    assert saved_plan.is_saved(file)
    assert not saved_plan.is_saved(file.parent / "nothing")


def test_it_is_as_its_schema_says(file: Path) -> None:
    plan, saved = (json.loads((SCHEMAS / f"{name}.schema.json").read_text()) for name in ("plan", "saved-plan"))
    Draft202012Validator({**saved, "$defs": {"plan": plan}}).validate(json.loads(file.read_text()))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_byte_can_be_changed_in_silence(file: Path, data: st.DataObject) -> None:
    whole = file.read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    byte = data.draw(st.integers(32, 126))
    changed = file.parent / "changed.json"
    changed.write_bytes(whole[:at] + bytes([byte]) + whole[at + 1 :])
    with suppress(Refused, WrongUsage):
        assert saved_plan.read(changed) == SAVED, "only spaces may be others"


@pytest.mark.parametrize("part", [0.1, 0.5, 0.99])
def test_a_part_is_refused(file: Path, part: float) -> None:
    whole = file.read_text()
    file.write_text(whole[: int(len(whole) * part)])
    assert saved_plan.is_saved(file)
    with pytest.raises(Refused, match="is cut off or damaged; plan again"):
        saved_plan.read(file)


def test_what_is_not_the_reviewed_plan_is_refused(file: Path) -> None:
    with pytest.raises(Refused, match="is not the plan with digest 00"):
        saved_plan.read(file, "00")


def test_a_later_format_is_refused_and_another_file_is_none(file: Path) -> None:
    file.write_text(file.read_text().replace("reconcile-plan/1", "reconcile-plan/2"))
    with pytest.raises(Refused, match="a saved plan of format 2, and this reconcile knows 1"):
        saved_plan.read(file)
    file.write_text('{"apiVersion": "reconciler/v1"}')
    with pytest.raises(WrongUsage, match="is no saved plan; make one with: reconcile plan SPEC --out"):
        saved_plan.read(file)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("plan", "decisions", 0, "action"), "explode"),
        (("plan", "decisions"), {}),
        (("plan", "spec"), 5),
        (("plan", "steps", 0, "after"), ["pool/p"]),
        (("plan", "seconds"), {}),
        (("source", "more"), "x"),
        (("source", "contents"), "x"),
        (("made",), None),
        (("plan", "cost"), {}),
    ],
)
def test_what_its_digest_covers_may_still_be_no_plan(file: Path, path: tuple[str | int, ...], value: object) -> None:
    body = json.loads(file.read_text())
    inner = body
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    del body["digest"]
    file.write_text(json.dumps({"format": body.pop("format"), "digest": digested(body)} | body))
    with pytest.raises(Refused, match="holds no plan that this reconcile understands"):
        saved_plan.read(file)


def digested(body: dict[str, object]) -> str:
    return saved_plan.digest_of(body | {"format": saved_plan.FORMAT})
