"""A secret in a spec is refused at its place, whatever kind it is and wherever it stands, and never shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.errors import SpecError
from reconciler.kinds import SECTIONS, load
from reconciler.spec import secrets
from reconciler.spec.document import Document, dotted
from tests.documents import loaded
from tests.secrets.kinds import made
from tests.secrets.places import HEAD, KEY, places, planted

CHECKOUT = Path(__file__).parents[2]
KINDS = made()
PLACES = tuple(places())
CASES = loaded((CHECKOUT / "tests/cases/spec/secrets.yaml").read_text())


def said(path: Path, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(SpecError) as caught:
        load(path, environ or {})
    return [str(problem).removeprefix(f"{path}:") for problem in caught.value.problems]


def written(folder: Path, document: Any) -> Path:
    path = folder / "spec.yaml"
    path.write_text(document if isinstance(document, str) else json.dumps(document, indent=1))
    return path


def test_there_are_many_kinds_and_many_places() -> None:
    assert len(KINDS) >= 20
    assert len(PLACES) > 150
    assert ("pools", "entry1", "startTask", "commandLine") in PLACES
    assert ("pools", "entry1", "startTask", "environmentSettings", KEY) in PLACES
    assert ("pools", "entry1", "extensions", 0, "settings") in PLACES


@pytest.mark.parametrize("kind", KINDS)
def test_a_secret_is_refused_wherever_text_may_stand(kind: str) -> None:
    planting = KINDS[kind]
    for place in PLACES:
        problems = secrets.problems(Document("spec.yaml", planted(place, planting.text)))
        assert len(problems) == 1, place
        assert "looks like" in problems[0].message
        assert planting.secret not in str(problems[0])


def test_the_whole_check_of_a_spec_tells_it_with_its_place_and_shows_it_nowhere(tmp_path: Path) -> None:
    """Each place with another kind: what else is wrong there, such as the form of a name, must not show it either."""
    kinds = list(KINDS.items())
    for number, place in enumerate(PLACES):
        kind, planting = kinds[number % len(kinds)]
        path = written(tmp_path, planted(place, planting.text))
        problems = said(path)
        told = [one for one in problems if "looks like" in one]
        assert len(told) == 1, (place, kind, problems)
        if place[-1] != KEY:
            assert told[0].split(": ")[0].split(" ", 1)[1] == dotted(place)
        assert planting.secret not in "\n".join(problems), (place, kind)
        assert json.dumps(planting.secret)[1:-1][:30] not in "\n".join(problems), (place, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_secret_that_a_variable_brings_in_is_refused_just_the_same(kind: str, tmp_path: Path) -> None:
    text = json.dumps(HEAD)[:-1] + ', "batchAccount": {"name": "abc", "tags": {"note": "${NOTE}"}}}'
    problems = said(written(tmp_path, text), {"NOTE": KINDS[kind].text})
    assert len(problems) == 1
    assert "batchAccount.tags.note: looks like" in problems[0]
    assert KINDS[kind].secret not in problems[0]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_what_is_refused_warned_of_and_let_pass(case: dict[str, Any], tmp_path: Path) -> None:
    for name, text in case.get("files", {}).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    path = written(tmp_path, yaml.safe_dump({**HEAD, **case["spec"]}, sort_keys=False))
    if "refused" in case:
        told = [one.partition(" ")[2].replace(f"{tmp_path}/", "") for one in said(path)]
        assert told == case["refused"]
        return
    spec = load(path, {})
    assert [f"{dotted(path)}: {words}" for path, words in secrets.advice(spec)] == case.get("warned", [])


@pytest.mark.parametrize("path", sorted((CHECKOUT / "specs").glob("*.yaml")), ids=lambda path: path.name)
def test_no_example_holds_anything_that_looks_like_a_secret(path: Path) -> None:
    spec = load(path, {"AZURE_SUBSCRIPTION_ID": HEAD["azure"]["subscription"]})
    assert list(secrets.advice(spec)) == []


def test_no_page_of_the_documentation_holds_a_secret() -> None:
    from reconciler import secret

    for path in [CHECKOUT / "README.md", *(CHECKOUT / "docs").rglob("*.md")]:
        text = path.read_text()
        assert [form.name for form, _ in secret.secrets(text)] == [], path
        assert secret.hidden(text) == text


def test_every_place_says_what_to_do_instead() -> None:
    assert SECTIONS
    for place in PLACES:
        [problem] = secrets.problems(Document("spec.yaml", planted(place, KINDS["GitHub token"].text)))
        assert problem.message.startswith("looks like a token of GitHub; "), place
        assert len(problem.message) > 50, place
