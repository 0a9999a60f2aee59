"""ci: what a pipeline calls beside plan and apply."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import codes, locking
from reconciler.errors import ReconcileError, Refused, WrongUsage

if TYPE_CHECKING:
    from reconciler.forge.forge import Forge, PullRequest

COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_TEXT = click.Path(dir_okay=False, path_type=Path, allow_dash=True)


class _Name(click.ParamType[str]):
    name = "name"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from reconciler.forge.text import NAME

        if not NAME.fullmatch(value):
            self.fail("is to be letters, digits, and . _ - between them, 100 at most", param, ctx)
        return value


class _Commit(click.ParamType[str]):
    name = "sha"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not COMMIT.fullmatch(value.lower()):
            self.fail(f"{value!r} is no whole commit id, such as git rev-parse HEAD prints", param, ctx)
        return value.lower()


_name_option = click.option(
    "--name", metavar="NAME", type=_Name(), default="reconcile", show_default=True, help="Which of several."
)


@click.group()
def ci() -> None:
    """What a pipeline calls: a comment, an issue, labels, the reviewed plan, the specs that a change touches."""


@ci.command()
@click.argument("file", metavar="FILE.md", type=_TEXT)
@_name_option
@click.option(
    "--plan",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The saved plan that it is about; its digest is told.",
)
@click.option(
    "--commit",
    metavar="SHA",
    type=_Commit(),
    help="On the pull request that this commit merged; default: that of this run.",
)
def comment(file: Path, name: str, plan: Path | None, commit: str | None) -> None:
    """Write FILE.md (- is standard input) as the one comment on the pull request, or change it to that."""
    from reconciler.forge import posting, text
    from reconciler.saved import saved_plan

    said = _read(file)
    digest = saved_plan.read(plan).digest if plan else ""
    forge = _forge()
    number = _merged(forge, commit).number if commit else forge.number
    if number is None:
        raise WrongUsage(
            "this run is for no pull request; --commit SHA comments on the one that this commit merged, "
            "and `reconcile ci issue` needs none"
        )
    body, cut = text.made(name, said, locking.run(os.environ), digest)
    new = posting.comment(forge, number, name, body)
    _tell_cut(file, cut=cut)
    click.echo(f"The comment {name} on pull request {number} of {forge.name} is {'written' if new else 'changed'}.")


@ci.command()
@click.argument("file", metavar="[FILE.md]", type=_TEXT, required=False)
@click.option("--title", metavar="T", default="", help="Of the issue.")
@_name_option
@click.option("--close", is_flag=True, help="Close it, if it is open; FILE.md then is what is said with it.")
def issue(file: Path | None, title: str, name: str, *, close: bool) -> None:
    """Open the one issue about something, change it, open it again, or close it."""
    from reconciler.forge import posting, text
    from reconciler.render.plain import clean

    if close:
        if title:
            raise WrongUsage("--title is for an issue that stays open; leave it out with --close")
        said = _read(file) if file else "This is over."
        forge = _forge()
        number = posting.close(forge, name, text.fitted(said, locking.run(os.environ))[0])
        click.echo(f"Issue {number} of {forge.name} is closed." if number else f"No issue {name} is open.")
        return
    if file is None or not title.strip():
        raise WrongUsage("say what the issue is: reconcile ci issue FILE.md --title T; or close it with --close")
    said = _read(file)
    forge = _forge()
    body, cut = text.made(name, said, locking.run(os.environ))
    number, done = posting.issue(forge, name, clean(title.strip())[:255], body)
    _tell_cut(file, cut=cut)
    click.echo(f"Issue {number} of {forge.name} is {done}.")


@ci.command()
@click.option("--commit", metavar="SHA", type=_Commit(), required=True, help="The commit on the main branch.")
@click.option(
    "--out",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="Where the plan is written.",
)
@_name_option
def reviewed(commit: str, out: Path, name: str) -> int:
    """Fetch the saved plan that was reviewed in the pull request that a commit merged."""
    from reconciler.forge import posting

    forge = _forge()
    merged = forge.merged(commit)
    if merged is None:
        return _unreviewed(f"no pull request of {forge.name} was merged as {commit}: it was pushed")
    digest = posting.digest(forge, merged.number, name)
    if not digest:
        return _unreviewed(f"pull request {merged.number} has no comment {name} of ours that tells a digest")
    if not _kept(forge, merged, name, digest, out):
        text = f"the plan {name} of commit {merged.head} of pull request {merged.number} is not kept (any more)"
        return _unreviewed(text)
    click.echo(f"The plan that was reviewed in pull request {merged.number} is in {out}, sha256:{digest}")
    return 0


@ci.command()
@click.option(
    "--commit",
    metavar="SHA",
    type=_Commit(),
    help="Of the pull request that this commit merged; default: that of this run.",
)
@click.option("--format", "shape", type=click.Choice(["text", "json"]), default="text", show_default=True)
def labels(commit: str | None, shape: str) -> None:
    """Print the labels of the pull request of this run, or of the one that a commit merged, one a line."""
    from reconciler.render.plain import clean

    forge = _forge()
    merged = forge.merged(commit) if commit else None
    number = merged.number if merged else None if commit else forge.number
    if number is None:
        why = f"no pull request of {forge.name} was merged as {commit}" if commit else "this run is for no pull request"
        click.echo(f"There are no labels: {why}.", err=True)
    found = [] if number is None else forge.labels(number)
    if shape == "json":
        click.echo(json.dumps(found))
    else:
        click.echo("".join(f"{clean(label)}\n" for label in found), nl=False)


@ci.command()
@click.argument("specs", metavar="[SPEC]...", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--since", metavar="REV", required=True, help="Where the change began, such as origin/main or a commit.")
@click.option("--dependents", is_flag=True, help="Also those that use what a touched spec makes.")
@click.option("--format", "shape", type=click.Choice(["text", "json"]), default="text", show_default=True)
def touched(specs: tuple[Path, ...], since: str, shape: str, *, dependents: bool) -> None:
    """Print the specs that the change since REV touches, each after those that it depends on.

    SPEC: default all in specs/.
    """
    from reconciler.cli import touching

    touching.show(specs, since, shape, dependents=dependents)


def _forge() -> Forge:
    """The forge of this run, until the end of the command."""
    from reconciler.forge import finding

    forge = finding.found(os.environ)
    click.get_current_context().call_on_close(forge.client.close)
    return forge


def _kept(forge: Forge, merged: PullRequest, name: str, digest: str, out: Path) -> bool:
    """Write the plan with this digest. Refused if there are plans but none is that one."""
    from reconciler.files import arriving
    from reconciler.saved import saved_plan

    wrong: ReconcileError | None = None
    for data in forge.plans(merged, name):
        try:
            with arriving(out) as part:
                part.write_bytes(data)
                saved_plan.read(part, digest)
        except (Refused, WrongUsage) as error:
            wrong = error
        else:
            return True
    if wrong:
        raise Refused(
            f"what is kept as the plan of pull request {merged.number} is not what its comment tells of: {wrong}"
        )
    return False


def _unreviewed(why: str) -> int:
    click.echo(
        f"There is no reviewed plan: {why}.\n"
        "Nothing says what may be done without asking: let somebody approve a plan of now, then apply that.",
        err=True,
    )
    return codes.UNREVIEWED


def _merged(forge: Forge, commit: str) -> PullRequest:
    merged = forge.merged(commit)
    if merged is None:
        raise WrongUsage(f"no pull request of {forge.name} was merged as {commit}; `reconcile ci issue` needs none")
    return merged


def _read(file: Path) -> str:
    """The text in a file or in standard input, without secrets. WrongUsage if there is none."""
    from reconciler.secret import hidden

    try:
        data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        said = data.decode()
    except OSError as error:
        raise WrongUsage(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise WrongUsage(f"{file} is no text in UTF-8") from None
    if not said.strip():
        raise WrongUsage(f"{'standard input' if str(file) == '-' else file} is empty: there is nothing to say")
    return hidden(said)


def _tell_cut(file: Path, *, cut: bool) -> None:
    if cut:
        from reconciler.render.markdown import LIMIT

        click.echo(
            f"warning: {file} is longer than the {LIMIT:,} characters of a comment; the end is left out", err=True
        )
