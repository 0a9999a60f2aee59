"""A value reaches a command as one argument, whatever is in it."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.kinds.tasks import command
from tests.documents import loaded

CASES = loaded((Path(__file__).parents[1] / "cases/tasks/commands.yaml").read_text())
VALUES = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=30)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["says"])
def test_a_command(case: dict[str, Any]) -> None:
    assert command.fault(case["command"], case.get("names", ())) == case.get("wrong", "")
    if "script" in case:
        assert shlex.split(command.line(case["command"])) == ["/bin/sh", "-c", case["script"]]


@pytest.mark.parametrize(
    ("codes", "times", "runs", "ends"),
    [([75], 3, 3, 0), ([74, 75], 3, 3, 0), ([74], 3, 1, 75), ([75], 1, 2, 75), ([75], -1, 3, 0), ([75, 9], 2, 3, 0)],
)
@pytest.mark.parametrize("listed", [True, False])
def test_a_command_runs_again_after_some_exit_codes_only(
    tmp_path: Path, codes: list[int], times: int, runs: int, ends: int, *, listed: bool
) -> None:
    """It succeeds at its third try."""
    script = "echo x >> {{item}}; [ `wc -l < {{item}}` -ge 3 ] || exit 75"
    asked = ["/bin/sh", str(tmp_path / "run.sh"), "{{item}}"] if listed else script
    (tmp_path / "run.sh").write_text(script.replace("{{item}}", '"$1"'))
    tries = tmp_path / "it's a file"
    environment = {**os.environ, command.variable("item"): str(tries)}
    done = subprocess.run(
        shlex.split(command.line(asked, codes, times)), env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, tries.read_text()) == (ends, "x\n" * runs)
    assert done.stderr == "".join(f"exit code 75: try {number}\n" for number in range(2, runs + 1))


def test_a_command_is_as_long_as_batch_takes_it() -> None:
    assert command.fault("x" * 8_000, ()) == ""
    assert "put it into a file" in command.fault("x" * 9_000, ())


@given(first=VALUES, second=VALUES, listed=st.booleans())
def test_any_value_is_one_argument(first: str, second: str, listed: bool) -> None:
    asked: command.Command = ["printf", "%s\\n", "{{a}}", "x{{b}}y"] if listed else "printf '%s\\n' {{a}} x{{b}}y"
    assert command.fault(asked, ("a", "b")) == ""
    environment = {**os.environ, command.variable("a"): first, command.variable("b"): second}
    done = subprocess.run(shlex.split(command.line(asked)), env=environment, capture_output=True, check=True)
    assert done.stdout == f"{first}\nx{second}y\n".encode()
