"""`reconcile import --shipyard` as a person meets it, and that nothing in a configuration makes it break."""

from __future__ import annotations

import copy
import os
import tempfile
from contextlib import suppress
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.errors import ReconcileError
from reconciler.importing import shipyard
from reconciler.kinds import load
from reconciler.render import as_yaml
from reconciler.spec.document import dotted
from reconciler.spec.load import LOCAL_SUBSCRIPTION
from tests.cli.command import reconcile
from tests.conftest import Azure
from tests.documents import loaded
from tests.importing import configurations
from tests.importing.configurations import JOB, POOL, TASK, TODAY, where
from tests.render.test_as_text import golden

CHECKOUT = Path(__file__).parents[2]
RECIPES = CHECKOUT.parent / "shared/shipyard"
MOVED = CHECKOUT / "tests/cases/shipyard/render"


def test_the_written_spec_reads_as_a_person_would_write_it(tmp_path: Path) -> None:
    file = tmp_path / "render.yaml"
    done = reconcile("import", "--shipyard", str(MOVED), "-o", str(file), AZURE_SUBSCRIPTION_ID="")
    assert (done.returncode, done.stderr) == (0, "")
    golden("shipyard.txt", done.stdout.replace(str(file), "FILE").rstrip("\n"))
    golden("shipyard.yaml", file.read_text().replace(str(MOVED), "FOLDER").rstrip("\n"))
    assert reconcile("validate", str(file), AZURE_SUBSCRIPTION_ID=LOCAL_SUBSCRIPTION).returncode == 0
    again = reconcile("import", "--shipyard", str(MOVED), AZURE_SUBSCRIPTION_ID="")
    assert again.stdout == file.read_text()


def test_a_file_is_not_overwritten_unless_that_is_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "render.yaml"
    file.write_text("mine")
    done = reconcile("import", "--shipyard", str(MOVED), "-o", str(file))
    assert done.returncode == 4
    assert f"{file} is there already; --force overwrites it" in done.stderr
    assert file.read_text() == "mine"
    assert reconcile("import", "--shipyard", str(MOVED), "-o", str(file), "--force").returncode == 0


def test_credentials_are_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "credentials.yaml")  # whoever opens it waits for ever
    (tmp_path / "pool.yaml").write_text(POOL)
    done = reconcile("import", "--shipyard", str(tmp_path), "--location", "uksouth", "--name", "mine")
    assert done.returncode == 0
    assert "location: uksouth\n" in done.stdout
    assert "name: mine\n" in done.stdout


def test_several_configurations_need_a_folder(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / "in" / "config" / name).mkdir(parents=True)
        (tmp_path / "in" / "config" / name / "pool.yaml").write_text(POOL)
    (tmp_path / "in" / "config" / "two" / "jobs.yaml").write_text(f"{JOB}{TASK}    command: date\n")
    (tmp_path / "in" / "config.yaml").write_text("global_resources: {docker_images: [busybox]}\n")
    source = str(tmp_path / "in")
    done = reconcile("import", "--shipyard", source, "-o", str(tmp_path / "one.yaml"))
    assert done.returncode == 1
    both = f"{source}/config/one, {source}/config/two"
    assert f"{source} has 2 configurations: {both}; name one of these folders, or write a spec of each" in done.stderr
    out = tmp_path / "specs"
    out.mkdir()
    assert reconcile("import", "--shipyard", source, "-o", str(out)).returncode == 0
    assert sorted(path.name for path in out.iterdir()) == ["in-one.yaml", "in-two.yaml"]
    assert "name: in-one\n" in reconcile("import", "--shipyard", f"{source}/config/one").stdout
    assert "jobs:" not in (out / "in-one.yaml").read_text()
    assert "containers:\n      images:\n        - busybox\n" in (out / "in-one.yaml").read_text()


def test_what_a_person_has_to_fill_in_is_named(tmp_path: Path) -> None:
    (tmp_path / "pool.yaml").write_text("pool_specification: {id: p}\n")
    file = tmp_path / "out.yaml"
    done = reconcile("import", "--shipyard", str(tmp_path), "-o", str(file))
    assert done.returncode == 2
    assert "To fill in: pools.p: has no vmSize, which is required" in done.stdout
    assert "# Not valid before this is mended:\n#   pools.p: has no vmSize, which is required" in file.read_text()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "say which --resource-group, or --shipyard FOLDER"),
        (("--resource-group", "a", "--location", "b"), "--location"),
        (("--shipyard", ".", "--pool", "p"), "--pool chooses among live pools"),
        (("--shipyard", ".", "--tasks"), "--tasks is about live jobs"),
    ],
)
def test_options_that_do_not_go_together(arguments: tuple[str, ...], says: str) -> None:
    done = reconcile("import", *arguments)
    assert done.returncode == 4
    assert says in done.stderr


def test_a_folder_that_is_none() -> None:
    done = reconcile("import", "--shipyard", "nowhere")
    assert (done.returncode, done.stdout) == (1, "")
    assert "nowhere is no folder; name the one that holds pool.yaml and jobs.yaml" in done.stderr


def test_a_plan_of_it_makes_all_of_it(azure: Azure, tmp_path: Path) -> None:
    file = tmp_path / "render.yaml"
    more = ("--location", "westeurope", "--resource-group", "rg-moved", "--cloud", "local")
    assert reconcile("import", "--shipyard", str(MOVED), "-o", str(file), *more).returncode == 0
    plan = reconcile("plan", str(file), "--no-cost")
    assert "refused" not in plan.stdout
    assert "+ tasks/render" in plan.stdout
    assert plan.returncode == 0


WHOLE: dict[str, Any] = {name: loaded((MOVED / name).read_text()) for name in ("pool.yaml", "jobs.yaml", "config.yaml")}
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**12), 10**12),
    st.floats(allow_nan=False),
    st.text(max_size=8),
    st.sampled_from(
        ["", "{}", "{0}", "{{x}}", "$A", "a'b", "1:2", "00:00:00", "docker://", "x.azurecr.io/a", "\u2028"]
    ),
    st.lists(st.integers(0, 3), max_size=3),
    st.dictionaries(st.sampled_from(["id", "a", "name"]), st.integers(0, 3), max_size=2),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all that is in a value."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, part in parts for found in [(*path, key), *places(part, (*path, key))]]


def changed(whole: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    made = copy.deepcopy(whole)
    inner: Any = made
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return made


@given(st.lists(st.tuples(st.sampled_from(places(WHOLE)[3:]), ODD), min_size=1, max_size=2))
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
def test_any_change_gives_a_spec_or_told_problems(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
    whole = WHOLE
    for path, value in changes:
        try:
            whole = changed(whole, path, value)
        except (KeyError, IndexError, TypeError):
            continue  # a change before has taken that place away
    with tempfile.TemporaryDirectory() as folder:
        text = {name: yaml.safe_dump(value, allow_unicode=True) for name, value in whole.items()}
        try:
            made = configurations.made(Path(folder), text)
        except ReconcileError:  # told
            return
        file = Path(folder) / "spec.yaml"
        file.write_text(as_yaml.spec(made.value), encoding="utf-8")
        if not made.wrong:
            assert load(file, {}, today=TODAY).pools


TEXTS = {name: (MOVED / name).read_text() for name in WHOLE}


@given(
    st.sampled_from(sorted(TEXTS)),
    st.integers(0, 1500),
    st.integers(0, 12),
    st.text(st.characters(codec="utf-8"), max_size=6),
)
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
def test_any_text_gives_a_spec_or_told_problems(name: str, start: int, length: int, put: str) -> None:
    text = TEXTS[name]
    files = {**TEXTS, name: text[:start] + put + text[start + length :]}
    with tempfile.TemporaryDirectory() as folder, suppress(ReconcileError):
        configurations.made(Path(folder), files)


@pytest.mark.skipif(not RECIPES.is_dir(), reason=f"{RECIPES} is not there: the recipes of Batch Shipyard are not tried")
def test_recipes_of_its_users_become_valid_specs() -> None:
    found = shipyard.configurations(RECIPES)
    assert len(found) >= 40
    for configuration in found:
        made = shipyard.made(configuration, where(), date(2026, 11, 27))
        assert made.wrong == (), configuration.where


ALL = {name: loaded((MOVED.with_name("whole") / name).read_text()) for name in TEXTS}
"""Every key that Shipyard documents."""
SAME = ("version", "native", "is_file_share", "host_path", "shared_data_volumes")
"""Keys that are there with what is usual, or that mean what the global settings say already."""


def outcome(folder: Path, whole: dict[str, Any]) -> tuple[Any, ...]:
    """The spec, and all that is told but for the lines."""
    made = configurations.made(folder, {name: yaml.safe_dump(value, sort_keys=False) for name, value in whole.items()})
    told = [(note.path, note.words) for note in (*made.told.changed, *made.told.left)]
    return made.value, sorted(made.told.open.items()), sorted(told), made.wrong


@cache
def whole_outcome() -> tuple[Any, ...]:
    with tempfile.TemporaryDirectory() as folder:
        return outcome(Path(folder), ALL)


def without(whole: dict[str, Any], path: tuple[Any, ...]) -> dict[str, Any]:
    made = copy.deepcopy(whole)
    inner: Any = made
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    return made


@given(st.sampled_from([path for path in places(ALL)[3:] if len(path) > 2 and isinstance(path[-1], str)]))
@settings(max_examples=12)
def test_no_key_is_lost_in_silence(path: tuple[Any, ...]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        before, after = whole_outcome(), outcome(Path(folder), without(ALL, path))
    above = [dotted(path[1:end]) for end in range(2, len(path))]
    told = {where for where, words in before[2] if words.startswith("left out")}
    assert before != after or told & set(above) or path[-1] in SAME, path
