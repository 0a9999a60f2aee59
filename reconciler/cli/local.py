"""The local Azure: up, down, status, reset, env."""

from __future__ import annotations

import shlex

import click

from reconciler.cli import extras
from reconciler.errors import LocalError


@click.group()
def local() -> None:
    """A local Azure on loopback, for development and tests. Its state is in .reconcile/local."""


@local.command()
@click.option("--speed", default=60.0, show_default=True, help="Simulated seconds in a real one.")
def up(speed: float) -> None:
    """Start it, unless it runs."""
    import azure_local as azure

    extras.need("local")
    try:
        profile = azure.up(speed=speed, say=click.echo)
    except azure.NotUp as error:
        raise LocalError(str(error)) from None
    click.echo(f"The local Azure is up: {profile['endpoints']['front']} (blobs: {profile['endpoints']['blob']}).")


@local.command()
def down() -> None:
    """Stop it, whether it answers or not; its state stays."""
    import azure_local as azure

    click.echo("The local Azure is down." if azure.down() else "The local Azure was not up.")


@local.command()
def status() -> int:
    """Say whether it runs."""
    import azure_local as azure

    try:
        profile = azure.profile()
    except azure.NotUp as error:
        raise LocalError(str(error)) from None
    if profile is None:
        click.echo("The local Azure is not up.")
        return 1
    endpoints = ", ".join(f"{name} {url}" for name, url in profile["endpoints"].items())
    click.echo(f"The local Azure is up (process {profile['pid']}, {profile['speed']:g} x real time): {endpoints}")
    return 0


@local.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset(*, yes: bool) -> None:
    """Stop it and forget everything in it."""
    import azure_local as azure

    if not yes:
        click.confirm("Forget everything in the local Azure?", abort=True)
    try:
        azure.reset()
    except azure.NotUp as error:
        raise LocalError(str(error)) from None
    click.echo("The local Azure is empty and down.")


@local.command()
def env() -> None:
    """Print `export NAME=value` lines with which other programs find it: eval "$(reconcile local env)"."""
    import azure_local as azure

    try:
        variables = azure.env()
    except azure.NotUp as error:
        raise LocalError(str(error)) from None
    for name, value in sorted(variables.items()):
        click.echo(f"export {name}={shlex.quote(value)}")
