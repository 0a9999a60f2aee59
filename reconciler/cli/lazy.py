"""Commands that are imported only when they are called; --help needs just their names and first sentences."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

import click


class Place(NamedTuple):
    """Where a command stands: a module of `reconciler.cli`, its name there, and the first sentence of its help."""

    module: str
    name: str
    does: str

    def shortened(self, room: int) -> str:
        return click.Command(self.name, help=self.does).get_short_help_str(room)


class LazyGroup(click.Group):
    """A group with its commands in `places`; only the one that is asked for is imported."""

    def __init__(self, *arguments: Any, places: Mapping[str, Place], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.places = places

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self.places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        place = self.places.get(cmd_name)
        if place is None:
            return None
        command: click.Command = getattr(import_module(f"reconciler.cli.{place.module}"), place.name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """As click writes them, but from the places."""
        names = self.list_commands(ctx)
        room = formatter.width - 6 - max(map(len, names))
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.places[name].shortened(room)) for name in names])
