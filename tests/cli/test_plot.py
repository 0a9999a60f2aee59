"""--plot where it cannot be meant: refused before anything is asked for."""

from __future__ import annotations

import pytest

from tests.cli.command import reconcile


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("status", "job", "--plot", "x.gif"), "--plot takes a name that ends in .svg, .png or .html, not 'x.gif'"),
        (("history", "--plot", "job", "job"), "not 'job'; without a file it stands last"),
        (("status", "--plot"), "--plot is for a job: reconcile status JOB --plot"),
        (("status", "specs/lab.yaml", "--plot", "x.svg"), "--plot is for a job: reconcile status JOB --plot"),
        (("status", "--follow"), "--follow is for a job: reconcile status JOB --follow"),
        (("history", "job", "--run", "2"), "--run is for --plot"),
        (("history", "job", "--plot", "--run", "0"), "0 is not in the range"),
        (("history",), "say which spec"),
    ],
)
def test_wrong_options_are_refused(arguments: tuple[str, ...], says: str) -> None:
    done = reconcile(*arguments)
    assert says in done.stderr
    assert (done.returncode, done.stdout) == (4, "")
