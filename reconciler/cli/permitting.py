"""permissions: the least that whoever plans, applies or destroys a spec must be allowed to do."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli import common

USES = ("plan", "apply", "destroy", "status", "why")
SCOPES = ("group", "subscription")


@click.command()
@common.spec_argument
@click.option(
    "--for",
    "uses",
    type=click.Choice(USES),
    multiple=True,
    default=["apply"],
    help="What the role is for; may be given more than once.  [default: apply]",
)
@click.option("--at", "scope", type=click.Choice(SCOPES), help="Just the role for the group, or for the subscription.")
@common.format_option
def permissions(spec: Path | None, cloud: str | None, uses: tuple[str, ...], scope: str | None, shape: str) -> None:
    """Print the least that a plan, an apply or a destroy of the spec must be allowed to do, as custom roles.

    Nothing is asked of Azure. There are two roles: one to be assigned at the resource group, and one at the
    subscription, for what cannot be given in a group. An apply makes, changes and replaces what is in the spec; to
    delete what has left it, add --for destroy.

    \b
    reconcile permissions SPEC --for plan --at group --format json > role.json
    az role definition create --role-definition role.json
    """
    loaded = common.load_spec(spec, cloud)
    from reconciler.engine import graph
    from reconciler.kinds import KINDS
    from reconciler.permissions import role
    from reconciler.permissions.needed import Use
    from reconciler.permissions.view import RolesView

    both = dict(zip(SCOPES, role.roles(loaded, KINDS, graph.build(loaded, KINDS), map(Use, uses)), strict=True))
    common.show(RolesView([both[scope]] if scope else list(both.values()), alone=scope is not None), shape)
