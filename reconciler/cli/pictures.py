"""--plot: the course of a job, drawn into the terminal or into a file."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reconciler.cli import common, extras

if TYPE_CHECKING:
    from reconciler.course import Course

Function = TypeVar("Function", bound=Callable[..., Any])
KINDS = (".svg", ".png", ".html")
TERMINAL = Path("-")
WIDTH = 80
"""Columns of a plot that is not drawn into a terminal."""


def plot_option(function: Function) -> Function:
    """`--plot [FILE]`; TERMINAL without a file."""
    path = click.Path(dir_okay=False, path_type=Path, allow_dash=True)
    text = "Draw its tasks over time, nodes, and how long tasks took; into FILE: .svg, .png or .html."
    return click.option("--plot", metavar="[FILE]", is_flag=False, flag_value="-", type=path, help=text)(function)


def check(file: Path | None, *, text: bool = True) -> None:
    """UsageError for a file that is no picture, MissingPackages if none can be drawn here. `text`: TERMINAL will do."""
    if file is None or (text and file == TERMINAL):
        return
    if file.suffix not in KINDS:
        last = "; without a file it stands last" if text and not file.suffix else ""
        raise click.UsageError(f"--plot takes a name that ends in .svg, .png or .html, not {str(file)!r}{last}")
    extras.need("plot")


def entry_of(task: str) -> str:
    """The name of a task's entry in a spec, by its id; empty if it is of none."""
    from reconciler.kinds import KINDS

    return next((name for kind in KINDS.values() if kind.entry_of and (name := kind.entry_of(task))), "")


def show(course: Course, file: Path, shape: str) -> None:
    """Print the plot, or write it."""
    if file != TERMINAL:
        from reconciler.render.jobplot import plot

        common.write(file, plot(course, file.suffix[1:]))
        return
    from reconciler.render.courses import CourseView

    tty = sys.stdout.isatty()
    width = shutil.get_terminal_size((WIDTH, 24)).columns if tty else WIDTH
    if shape == "text":
        click.echo()
    common.show(CourseView(course, width, cut=tty), shape)
