"""A script's text: what a caller gives it stays data, and bash and shellcheck find nothing in it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.errors import ReconcileError
from reconciler.kinds.image import stagescript

SCRIPTS = Path(stagescript.__file__).parent / "scripts"
PROLOGUES = sorted(SCRIPTS.glob("prologue/*.sh"))
FILES = sorted(set(SCRIPTS.glob("*/*.sh")) - set(PROLOGUES))
SYSTEMS = ("ubuntu-22.04", "ubuntu-24.04", "debian-12", "almalinux-8", "almalinux-9")
NAMES = ("deprovision", "docker", "gpu-driver", "nvidia-container", "packages", "preload", "wait")
VALUES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


def _ids(path: Path) -> str:
    return str(path.relative_to(SCRIPTS))


def _variables(script: str) -> list[str]:
    return re.findall(r'"\$\{([A-Z_]+)(?::=|\?)', script)


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_system_has_every_script(system: str) -> None:
    assert stagescript.available(system) == NAMES


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("system", ["ubuntu-22.04", "almalinux-9"])
def test_shellcheck_finds_nothing(system: str, name: str) -> None:
    beside = str(Path(sys.executable).parent)
    shellcheck = shutil.which("shellcheck", path=beside) or shutil.which("shellcheck")
    assert shellcheck, "shellcheck is a development dependency"
    # SC2329: not every script calls all that scripts share
    command = [shellcheck, "--shell=bash", "--exclude=SC2329", "-"]
    done = subprocess.run(command, input=stagescript.text(system, name, {}), capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("path", FILES, ids=_ids)
def test_every_script_starts_alike_and_may_be_executed(path: Path) -> None:
    lines = path.read_text().splitlines()
    assert lines[:2] == ["#!/usr/bin/env bash", "set -euo pipefail"]
    assert lines[2].startswith("# ")
    assert path.stat().st_mode & 0o111 == 0o111
    assert max(map(len, lines)) <= 120


@pytest.mark.parametrize("path", PROLOGUES, ids=_ids)
def test_what_scripts_share_says_what_it_is_and_does_nothing(path: Path) -> None:
    lines = path.read_text().splitlines()
    assert lines[0].startswith("# ")
    assert max(map(len, lines)) <= 120
    done = subprocess.run(["bash", "-euo", "pipefail", str(path)], capture_output=True, text=True, env={})
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("system", ["ubuntu-22.04", "almalinux-9"])
def test_bash_reads_a_script_with_all_its_variables(system: str, name: str) -> None:
    plain = stagescript.text(system, name, {})
    variables = dict.fromkeys(_variables(plain), 'it\'s "a"\nvalue')
    for script in (plain, stagescript.text(system, name, variables)):
        assert subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True).stderr == ""


@pytest.mark.parametrize("family", ["ubuntu", "almalinux"])
def test_no_function_is_written_twice(family: str) -> None:
    names = [
        name
        for path in (*SCRIPTS.glob("common/*.sh"), *SCRIPTS.glob(f"{family}/*.sh"), *PROLOGUES)
        if path.parent.name != "prologue" or path.stem in ("common", family)
        for name in re.findall(r"^(\w+)\(\) \{", path.read_text(), re.MULTILINE)
    ]
    assert len(names) > 10
    assert sorted(names) == sorted(set(names))


@given(VALUES, VALUES)
@example("$(echo out)", "`echo out`")
@example("'; echo out; '", "\nset +e\necho out\n")
@example('"\\', "${PATH} !! \r\n~")
def test_no_value_gets_out_of_its_quotes(images: str, registries: str) -> None:
    plain = stagescript.text("ubuntu-22.04", "preload", {})
    head = plain.index("set -euo pipefail\n") + len("set -euo pipefail\n")
    script = stagescript.text("ubuntu-22.04", "preload", {"IMAGES": images, "REGISTRIES": registries})
    assert script.startswith(plain[:head])
    assert script.endswith(plain[head:])
    echo = script[: len(script) - len(plain[head:])] + 'printf \'%s\\0\' "$IMAGES" "$REGISTRIES"'
    done = subprocess.run(["bash"], input=echo.encode(), capture_output=True)
    assert done.stdout == f"{images}\0{registries}\0".encode()
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize(
    ("system", "name", "variables", "message"),
    [
        ("windows-2022", "docker", {}, "there are scripts for ubuntu, debian, almalinux only"),
        ("ubuntu-22.04", "../docker", {}, "there is no script ../docker"),
        ("ubuntu-22.04", "packages", {"PACKAGE": "curl"}, "it knows no variable PACKAGE"),
        ("ubuntu-22.04", "packages", {"PATH": "/tmp"}, "it knows no variable PATH"),
        ("ubuntu-22.04", "packages", {"PACKAGES=x;y": "curl"}, "it knows no variable PACKAGES=x;y"),
        ("ubuntu-22.04", "packages", {"PACKAGES": "a\0b"}, "the value of PACKAGES is no text"),
        ("ubuntu-22.04", "packages", {"PACKAGES": "\udc80"}, "the value of PACKAGES is no text"),
    ],
)
def test_what_cannot_be_written_is_said(system: str, name: str, variables: dict[str, str], message: str) -> None:
    with pytest.raises(ReconcileError, match=re.escape(message)):
        stagescript.text(system, name, variables)
