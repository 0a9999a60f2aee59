"""A job while its tasks run, drawn anew in its place in a terminal: a bar of its tasks by state, and what matters."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.text import Text

from reconciler.course import Ran
from reconciler.render.pace import SHOWN, JobView
from reconciler.render.plain import clean
from reconciler.words import count, duration

BARS = {"succeeded": ("█", "green"), "failed": ("✗", "red"), "running": ("▒", "yellow"), "waiting": ("░", "dim")}
"""State → what its part of the bar is drawn with. The signs differ, for eyes and terminals without colours."""
MARGIN = 2
"""Columns that stay free at the right: a terminal writes ^C there, which must not make another line."""
A_SECOND = 2
"""How often it is drawn, so that it follows the size of the terminal."""


class Screen:
    """A view that fits any terminal: where there is little room, fewer things are named, and lines end in …"""

    def __init__(self, view: JobView, trouble: str = "") -> None:
        self.head = list(_head(view, trouble))
        self.states = view.states()
        stuck = [f"perhaps stuck: {_told(task, view)}" for task in view.stuck()[:SHOWN]]
        slow = [f"slow: {_told(task, view)}" for task in view.course.slowest(SHOWN)]
        self.parts = [
            [(line, style) for line in lines]
            for lines, style in ((view.failed(), "red"), (stuck, "yellow"), (slow, ""))
        ]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        room = console.height - 1 - len(self.head) - 2  # one line stays for the cursor
        number = next((n for n in range(SHOWN, 0, -1) if sum(len(part[:n]) for part in self.parts) <= room), 0)
        width = options.max_width - MARGIN
        lines = [self.head[0], self._bar(width), self._legend(), *self.head[1:]]
        lines += [Text(line, style) for part in self.parts for line, style in part[:number]]
        for line in lines[: max(1, console.height - 1)]:
            line.truncate(width, overflow="ellipsis")
            yield line

    def _bar(self, width: int) -> Text:
        """As wide as there is room; what there is at all has some of it, at the cost of the longest part."""
        whole = sum(self.states.values())
        parts = {state: max(1, number * width // whole) for state, number in self.states.items()}
        if parts:
            longest = max(parts, key=lambda state: parts[state])
            parts[longest] = max(1, parts[longest] + width - sum(parts.values()))
        return Text.assemble(*((BARS[state][0] * parts[state], BARS[state][1]) for state in BARS if state in parts))

    def _legend(self) -> Text:
        legend = Text()
        for state, (sign, style) in BARS.items():
            if number := self.states.get(state):
                legend.append(sign, style).append(f" {number:,} {state}  ")
        return legend


def _head(view: JobView, trouble: str) -> Iterator[Text]:
    whole = count(len(view.course.tasks), "task", ",")
    yield Text(f"{clean(view.course.job)} is {view.state}: {whole}", "bold")
    if tempo := view.tempo():
        yield Text(tempo)
    if view.nodes:
        yield Text(f"nodes: {view.nodes}")
    if trouble:
        yield Text(clean(trouble), "red")


def _told(task: Ran, view: JobView) -> str:
    runs = "" if task.ended else ", still runs"
    where = f" on {clean(task.node)}" if task.node else ""
    return f"{clean(task.id)}, {duration(task.seconds(view.course.now))}{where}{runs}"


class Drawn:
    """Draws each view in the place of the one before; the last one stays. Use as a context."""

    def __init__(self, console: Console) -> None:
        self.live = Live(console=console, refresh_per_second=A_SECOND, vertical_overflow="crop")

    def __enter__(self) -> Drawn:
        self.live.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.live.stop()

    def show(self, view: JobView, trouble: str = "") -> None:
        self.live.update(Screen(view, trouble), refresh=True)
