"""A task outlives the files that kill its process: real processes that really die."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

import pytest

from worker import supervise

CHECKOUT = Path(__file__).parents[2]

# Takes the inputs that its arguments name, four at once as the converter does, and writes down what became of each; an
# input named after a signal sends it to who takes it.
CHILD = """
import json, os, signal, sys, threading, time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from worker.supervise import Journal, Past

log, *names = sys.argv[1:sys.argv.index("--supervised")]
state = json.loads(sys.argv[-1])
journal, past = Journal(state["journal"]), Past(state["suspects"], state["convicted"])
done = {json.loads(line)[0] for line in Path(log).read_text().splitlines()}

def take(name):
    with journal.in_hand(name):
        if name in done:
            return
        if name in past.convicted:
            outcome = past.convicted[name]
        else:
            if name.startswith("SIG"):
                os.kill(os.getpid(), signal.Signals[name.split("-")[0]])
                time.sleep(60)
            time.sleep(0.01)
            outcome = "fine"
        with open(log, "a") as lines:
            lines.write(json.dumps([name, outcome]) + "\\n")

with ThreadPoolExecutor(4) as pool:
    for name in names:
        if name in past.suspects:
            pool.submit(take, name).result()
    for future in [pool.submit(take, name) for name in names if name not in past.suspects]:
        future.result()
sys.exit(7)
"""


def run(tmp_path: Path, names: list[str]) -> tuple[int, dict[str, str]]:
    script = tmp_path / "child.py"
    script.write_text(f"import sys; sys.path.insert(0, {str(CHECKOUT)!r})\n{CHILD}")
    log = tmp_path / "log"
    log.touch()
    code = supervise.run([sys.executable, str(script), str(log), *names])
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert len(lines) == len(dict(lines)), "an input was taken twice"
    return code, dict(lines)


def test_a_task_that_ends_by_itself_gives_its_exit_code(tmp_path: Path) -> None:
    assert run(tmp_path, ["a", "b"]) == (7, {"a": "fine", "b": "fine"})


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGKILL", "SIGABRT", "SIGALRM"])
def test_an_input_that_kills_is_convicted_and_the_others_are_done(tmp_path: Path, name: str) -> None:
    others = [f"input {number}" for number in range(12)]

    code, outcomes = run(tmp_path, [*others[:6], name, *others[6:]])

    assert code == 7
    assert outcomes == {**dict.fromkeys(others, "fine"), name: name}


def test_several_inputs_that_kill_are_convicted_one_after_the_other(tmp_path: Path) -> None:
    killers = [f"SIGSEGV-{number}" for number in range(3)]
    others = [f"input {number}" for number in range(6)]

    code, outcomes = run(tmp_path, [*killers[:2], *others, killers[2]])

    assert code == 7
    assert outcomes == {**dict.fromkeys(others, "fine"), **dict.fromkeys(killers, "SIGSEGV")}


def test_a_task_that_is_told_to_stop_is_not_started_again(tmp_path: Path) -> None:
    code, outcomes = run(tmp_path, ["SIGTERM"])

    assert code == 128 + signal.SIGTERM
    assert outcomes == {}


def test_a_death_with_nothing_in_hand_is_no_inputs_fault(tmp_path: Path) -> None:
    script = tmp_path / "child.py"
    script.write_text("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n")

    assert supervise.run([sys.executable, str(script)]) == 128 + signal.SIGSEGV
