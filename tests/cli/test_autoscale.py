"""autoscale check and simulate as a person or a pipeline meets them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import CHECKOUT, reconcile

GOOD = "$TargetDedicatedNodes = min(3, max(0, $PendingTasks.GetSample(1)));\n"
SIMULATE = ("autoscale", "simulate")
BURST = ("--burst", "20", "PT10M")
SCENARIO = ("--scenario", "pending-tasks", "--max", "5")


@pytest.fixture
def good(tmp_path: Path) -> str:
    path = tmp_path / "good.txt"
    path.write_text(GOOD)
    return str(path)


def test_check_names_each_error_with_its_place_and_ends_with_4(tmp_path: Path, good: str) -> None:
    bad = tmp_path / "bad.txt"
    bad.write_text("$TargetDedicatedNodes = 1;\n$TargetLowPriorityNodes = $Foo;\n")
    done = reconcile("autoscale", "check", str(bad))
    assert (done.returncode, done.stderr) == (4, "")
    assert f"{bad}:2:27 error unknown-name: " in done.stdout
    fine = reconcile("autoscale", "check", good, "--interval", "PT5M")
    assert fine.returncode == 0
    assert f"{good} is valid" in fine.stdout
    assert reconcile("autoscale", "check", good, "--interval", "PT1M").returncode == 4


def test_check_reads_standard_input() -> None:
    command = [sys.executable, "-m", "reconciler", "autoscale", "check", "-"]
    done = subprocess.run(command, input="x = ;", capture_output=True, text=True, cwd=CHECKOUT, check=False)
    assert done.stdout.startswith("stdin:1:5 error formula: ")
    assert done.returncode == 4


def test_simulate_compares_with_as_many_nodes_as_the_pool_had() -> None:
    done = reconcile(*SIMULATE, *SCENARIO, *BURST, "--expect", "maxNodes=5", "--expect", "maxQueue=PT1H")
    assert (done.returncode, done.stderr) == (0, "")
    assert "fixed at 5" in done.stdout.splitlines()[0]


def test_a_missed_expectation_is_told_after_the_tables(good: str) -> None:
    done = reconcile(*SIMULATE, "--formula", good, *BURST, "--fixed", "2", "--expect", "maxQueue=PT1M")
    assert done.returncode == 1
    assert "fixed at 2" in done.stdout
    assert "maxQueue: the longest wait for a node is PT" in done.stderr


def test_traces_come_from_numbers_or_a_file(tmp_path: Path) -> None:
    trace = tmp_path / "trace.csv"
    trace.write_text("submitted,duration\n0,600\n60,600\n")
    kinds = (("--constant", "6", "PT1M", "PT5M"), ("--diurnal", "30", "1", "600"), ("--trace", str(trace)))
    counts = [reconcile(*SIMULATE, *SCENARIO, *kind).stdout.splitlines()[1].split()[-1] for kind in kinds]
    assert counts == ["6", "30", "2"]


@pytest.mark.parametrize("kind", ["svg", "png", "html"])
def test_a_plot_is_written_beside_the_tables(tmp_path: Path, kind: str) -> None:
    picture = tmp_path / f"p.{kind}"
    done = reconcile(*SIMULATE, *SCENARIO, *BURST, "--plot", str(picture))
    assert (done.returncode, done.stderr) == (0, "")
    assert picture.stat().st_size > 5000


def test_no_plot_loads_no_plotting_library() -> None:
    line = "import sys, reconciler.render.plot, reconciler.cli; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", line], cwd=CHECKOUT, check=False).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (BURST, "say either --formula or --scenario"),
        (SCENARIO, "say one of --constant, --burst, --diurnal and --trace"),
        (("--scenario", "weekend", *BURST), "a scenario needs --max"),
        ((*SCENARIO, *BURST, "--trace", "x.csv"), "say one of"),
        ((*SCENARIO, *BURST, "--interval", "PT1M"), "Batch takes an interval from 5 minutes"),
        ((*SCENARIO, *BURST, "--expect", "maxQueue"), "--expect takes NAME=LIMIT"),
        ((*SCENARIO, *BURST, "--expect", "maxWait=1"), "there is no expectation 'maxWait'"),
        ((*SCENARIO, *BURST, "--plot", "x.gif"), "--plot takes a name that ends in"),
        ((*SCENARIO, *BURST, "--plot", "-"), "--plot takes a name that ends in"),
        ((*SCENARIO, "--burst", "5", "soon"), "'soon' is no duration"),
        ((*SCENARIO, "--burst", "0", "PT1M"), "0 is not in the range 1<=x<=1000000"),
        ((*SCENARIO, "--trace", "nowhere.csv"), "nowhere.csv cannot be read"),
    ],
)
def test_wrong_options_are_refused_before_anything_is_simulated(arguments: tuple[str, ...], says: str) -> None:
    done = reconcile(*SIMULATE, *arguments)
    assert says in done.stderr
    assert (done.returncode, done.stdout) == (4, "")
