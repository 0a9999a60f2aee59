"""What a spec may say, and what is said of one that is wrong: the place, the fault and the remedy."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from reconciler.errors import Problem, SpecError
from reconciler.kinds import load
from reconciler.spec import reading, schema
from tests.documents import dumped, loaded

CHECKOUT = Path(__file__).parents[2]
HEAD = """\
apiVersion: reconciler/v1
name: test
azure: {subscription: 00000000-1111-2222-3333-444444444444, location: italynorth, resourceGroup: rg-test}
adopt: []
"""
CASES = loaded((CHECKOUT / "tests/cases/spec/problems.yaml").read_text())
ENVIRON = {"AZURE_SUBSCRIPTION_ID": "00000000-1111-2222-3333-444444444444"}


def write(folder: Path, text: str, name: str = "spec.yaml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def said(path: Path, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(SpecError) as caught:
        load(path, environ or {})
    return [str(problem).replace(f"{path}:", "", 1) for problem in caught.value.problems]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_wrong_spec_is_told_all_its_problems_with_place_and_remedy(case: dict[str, Any], tmp_path: Path) -> None:
    head = HEAD.replace("adopt: []\n", "# nothing\n") if "adopt:" in case["text"] else HEAD
    problems = said(write(tmp_path, head + case["text"]))
    if "contains" in case:
        assert len(problems) == 1
        assert case["contains"] in problems[0]
    else:
        assert problems == [one.replace("{folder}", str(tmp_path)) for one in case["problems"]]


@pytest.mark.parametrize("path", sorted((CHECKOUT / "specs").glob("*.yaml")), ids=lambda path: path.name)
def test_every_example_is_valid(path: Path) -> None:
    assert load(path, ENVIRON).name


def test_the_schema_is_a_schema() -> None:
    for path in (CHECKOUT / "schemas").glob("*.json"):
        Draft202012Validator.check_schema(json.loads(path.read_text()))


def test_a_base_is_laid_under_and_places_stay_true(tmp_path: Path) -> None:
    write(tmp_path, HEAD + "batchAccount: {name: base1, publicNetworkAccess: Disabled}\n", "base.yaml")
    spec = load(write(tmp_path, "extends: base.yaml\nbatchAccount: {name: over1}\n"), {})
    written = {"name": "over1", "publicNetworkAccess": "Disabled"}
    assert spec.batch_account == {**schema.defaults("batch_account"), **written}
    wrong = write(tmp_path, "extends: base.yaml\nazure: {location: 5}\n")
    assert said(wrong) == ["2:19 azure.location: must be text, not 5; put it in quotes"]
    base = write(tmp_path, HEAD + "nonsense: 1\n", "base.yaml")
    with pytest.raises(SpecError, match="is not a known key") as caught:
        load(write(tmp_path, "extends: [base.yaml]\n"), {})
    assert caught.value.problems[0].file == str(base)


def test_extending_in_a_circle_and_extending_nothing_are_problems(tmp_path: Path) -> None:
    write(tmp_path, "extends: spec.yaml\n", "base.yaml")
    with pytest.raises(SpecError, match="extends itself"):
        load(write(tmp_path, "extends: base.yaml\n" + HEAD), {})
    assert "there is no such file" in said(write(tmp_path, "extends: nowhere.yaml\n" + HEAD))[0]


@pytest.mark.parametrize("extends", ["3", "''", "[base.yaml, 3]", "{base: base.yaml}"])
def test_what_is_extended_is_a_file_or_a_list_of_files(tmp_path: Path, extends: str) -> None:
    write(tmp_path, HEAD, "base.yaml")
    (told,) = said(write(tmp_path, f"extends: {extends}\n{HEAD}"))
    assert told.endswith("extends: must be a file name or a list of file names")


def test_variables_are_replaced_once_and_never_read_as_yaml(tmp_path: Path) -> None:
    text = HEAD + "batchAccount: {name: abc, tags: {a: '${A}', b: '${B:-none}', c: '$${A}'}}\n"
    spec = load(write(tmp_path, text), {"A": "x: ${B}\n- y"})
    assert spec.batch_account is not None
    assert spec.batch_account["tags"] == {"a": "x: ${B}\n- y", "b": "none", "c": "${A}"}


def test_a_plain_variable_may_be_a_number(tmp_path: Path) -> None:
    text = HEAD + "batchAccount: {name: abc}\npools:\n  p:\n    vmSize: Standard_D2s_v3\n    image: ubuntu-22.04\n"
    spec = load(write(tmp_path, text + "    nodes: ${NODES:-3}\n"), {})
    assert spec.pools["p"]["nodes"] == {"dedicated": 3, "spot": 0}


def test_the_cloud_can_be_overridden_and_the_local_one_needs_no_subscription(tmp_path: Path) -> None:
    path = write(tmp_path, HEAD)
    assert load(path, {}).azure.cloud == "public"
    assert load(path, {}, "local").azure.cloud == "local"
    bare = HEAD.replace("subscription: 00000000-1111-2222-3333-444444444444, ", "")
    assert "has no subscription" in said(write(tmp_path, bare))[0]
    assert load(write(tmp_path, bare), {}, "local").azure.subscription


@pytest.mark.parametrize("environ", [{}, {"AZURE_SUBSCRIPTION_ID": ""}, ENVIRON], ids=["none", "empty", "of Azure"])
def test_the_local_cloud_needs_no_environment_and_heeds_none_of_azure(environ: dict[str, str], tmp_path: Path) -> None:
    asked = HEAD.replace(ENVIRON["AZURE_SUBSCRIPTION_ID"], '"${AZURE_SUBSCRIPTION_ID}"') + "batchAccount:\n"
    asked += "  name: abc\n  tags:\n    of: ${AZURE_SUBSCRIPTION_ID}\n"
    local = "00000000-0000-0000-0000-000000000000"
    base = write(tmp_path, asked, "base.yaml")
    over = write(tmp_path, "extends: base.yaml\nazure: {cloud: local}\n")
    for spec in (load(base, environ, "local"), load(over, environ)):
        assert spec.azure.subscription == local
        assert spec.batch_account is not None
        assert spec.batch_account["tags"] == {"of": local}
    if not environ.get("AZURE_SUBSCRIPTION_ID"):
        assert all("AZURE_SUBSCRIPTION_ID is not set" in one for one in said(base, environ))


def test_a_local_azure_at_an_address_has_the_subscription_that_goes_with_it(tmp_path: Path) -> None:
    environ = {**ENVIRON, "RECONCILE_RESOURCE_MANAGER": "https://localhost:1"}
    assert load(write(tmp_path, HEAD), environ, "local").azure.subscription == ENVIRON["AZURE_SUBSCRIPTION_ID"]


def test_reading_a_spec_imports_no_sdk_and_no_way_to_azure() -> None:
    program = (
        "import sys, pathlib; from reconciler.kinds import load; "
        f"load(pathlib.Path('specs/prod.yaml'), {ENVIRON!r}); "
        "print([name for name in sys.modules if name.split('.')[0] in ('azure', 'rich', 'requests')"
        " or name.startswith('reconciler.cloud')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=CHECKOUT)
    assert done.stdout.strip() == "[]"


GOOD = loaded((CHECKOUT / "specs/local.yaml").read_text())


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """The example spec with one value anywhere replaced, removed or renamed."""
    spec = json.loads(json.dumps(GOOD))
    parent: Any = spec
    while True:
        key = draw(st.sampled_from(sorted(parent) if isinstance(parent, dict) else range(len(parent))))
        if not isinstance(parent[key], (dict, list)) or not parent[key] or draw(st.booleans()):
            break
        parent = parent[key]
    scalars: st.SearchStrategy[Any] = st.none() | st.integers(-5, 5) | st.text(max_size=5)
    junk = scalars | st.sampled_from([[], {"x": 1}, ["", 0]])
    match draw(st.sampled_from(["replace", "remove", "rename"])):
        case "remove":
            del parent[key]
        case "rename" if isinstance(parent, dict):
            parent[f"{key}x"] = parent.pop(key)
        case _:
            parent[key] = draw(junk)
    return dumped(spec)


@settings(deadline=None, max_examples=75)
@given(damaged())
def test_any_damage_is_a_spec_or_a_list_of_problems(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = write(tmp_path_factory.mktemp("damaged"), text)
    problems: tuple[Problem, ...] = ()
    try:
        load(path, {})
    except SpecError as error:
        problems = error.problems
    assert all(problem.file == str(path) and problem.line >= 1 for problem in problems)


@settings(deadline=None, max_examples=75)
@given(st.text(max_size=60) | st.binary(max_size=60))
def test_no_text_is_worse_than_a_problem(tmp_path_factory: pytest.TempPathFactory, text: str | bytes) -> None:
    path = tmp_path_factory.mktemp("text") / "spec.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    with pytest.raises(SpecError):
        load(path, {})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7" * 300, int("7" * 300)),
        ("7" * 301, "7" * 301),
        ("-1.5e3", -1500.0),
        ("1e999", "1e999"),
        ("0o17", "0o17"),
        ("~", None),
        ("TRUE", True),
        ("True", True),
        ("tRUE", "tRUE"),
        ("", None),
    ],
)
def test_what_a_plain_scalar_is(text: str, value: object) -> None:
    assert reading.resolved(text) == value
    assert type(reading.resolved(text)) is type(value)


@pytest.mark.parametrize(
    ("entry", "problems"),
    [
        ("{existing: true}", []),
        ("{existing: false}", ["6:16 applications.theirs: has no packages, which is required"]),
        ("{packages: {}}", ["6:35 applications.theirs.packages: must not be empty"]),
    ],
)
def test_an_application_needs_packages_unless_it_is_of_others(tmp_path: Path, entry: str, problems: list[str]) -> None:
    account = "batchAccount: {name: abc, existing: true}\n"
    path = write(tmp_path, f"{HEAD}{account}applications: {{theirs: {entry}}}\n")
    assert (said(path) if problems else [str(one) for one in load(path, {}).warnings]) == problems


TASK = "tasks: {t: {command: x}}, staging: storage/saone/staging"
LIMITED = """\
batchAccount: {name: abc}
storage: {saone: {containers: [staging]}}
pools: {p: {vmSize: Standard_D2s_v5, image: ubuntu-24.04, nodes: 1, idle: {after: PT1H}}}
jobs:
"""


@pytest.mark.parametrize(
    ("first", "own", "warned"),
    [
        ("maxWallClockTime: PT8H, ", "PT12H", ""),
        ("maxWallClockTime: PT12H, ", "PT12H", "jobs/first, whose own is PT12H"),
        ("", "P9D", "jobs/first, which has none"),
    ],
)
def test_a_limit_that_may_run_out_while_its_job_waits_is_warned_of(
    tmp_path: Path, first: str, own: str, warned: str
) -> None:
    jobs = f"  first: {{{first}pool: pools/p, {TASK}}}\n"
    jobs += f"  then: {{maxWallClockTime: {own}, pool: pools/p, dependsOn: [jobs/first], {TASK}}}\n"
    warnings = [str(one) for one in load(write(tmp_path, HEAD + LIMITED + jobs), {}, today=date(2026, 6, 1)).warnings]
    assert len(warnings) == bool(warned)
    assert all("then.maxWallClockTime: counts from" in one and warned in one for one in warnings)
