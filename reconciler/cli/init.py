"""The command that a team begins with: init."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from reconciler import __version__
from reconciler.cli import common, identifying
from reconciler.errors import ReconcileError, WrongUsage
from reconciler.words import count

if TYPE_CHECKING:
    from reconciler.pipelines import Pipelines
    from reconciler.spec import Spec

WHAT = ("pool", "conversion", "image")
FORGES = {"github": "GitHub", "azure-devops": "Azure DevOps", "gitlab": "GitLab"}
"""The choices of `reconciler.pipelines`, repeated here so that --help loads no template."""
PREVIEWING = ("github", "gitlab")
"""The forges for which there is a pipeline of previews."""
STANDING = 2
"""The exit code when a file was there with another content, and stays."""
SPECS = "specs/*.yaml"


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=".")
@click.option("--name", help="Name of the spec: its owner mark.  [default: that of the folder]")
@click.option("--what", type=click.Choice(WHAT), help="What the spec is of.  [default: pool]")
@click.option("--resource-group", "group", metavar="NAME", help="Where it goes.  [default: rg-NAME]")
@click.option("--location", metavar="REGION", help="A region of Azure.  [default: swedencentral]")
@click.option("--from-live", is_flag=True, help="Write the spec of what the resource group has, as import does.")
@click.option("--subscription", envvar="AZURE_SUBSCRIPTION_ID", help="With --from-live, the subscription.")
@click.option(
    "--cloud", type=click.Choice(["public", "local"]), envvar="RECONCILE_CLOUD", default="public", hidden=True
)
@click.option(
    "--ci", "forge", type=click.Choice(list(FORGES)), help="Write the pipelines, too; the spec only if none is there."
)
@click.option("--spec", "specs", metavar="PATH", multiple=True, help=f"With --ci, which specs.  [default: {SPECS}]")
@click.option("--branch", default="main", show_default=True, help="With --ci, the branch whose merges are applied.")
@click.option(
    "--environment",
    default="production",
    show_default=True,
    help="With --ci, where plans are applied that were reviewed; NAME-approval is where somebody must approve.",
)
@click.option("--preview", is_flag=True, help="With --ci github or gitlab, also previews of pull requests.")
@click.option("--identity", is_flag=True, help="With --ci, the spec of whom they sign in as: identity.yaml.")
@click.option("--repository", metavar="OWNER/NAME", default="", help="With --identity.  [default: of git's origin]")
@click.option("--owner-id", type=click.IntRange(0), default=0, help="With --identity, GitHub's number of the owner.")
@click.option("--repository-id", type=click.IntRange(0), default=0, help="And of the repository.")
@click.option("--package", help=f"With --ci, what pip installs.  [default: reconcile-batch=={__version__}]")
@click.option("--yes", is_flag=True, help="Ask nothing; what no option says is as by default.")
def init(
    folder: Path,
    name: str | None,
    what: str | None,
    group: str | None,
    location: str | None,
    subscription: str | None,
    cloud: str,
    forge: str | None,
    specs: tuple[str, ...],
    branch: str,
    environment: str,
    repository: str,
    owner_id: int,
    repository_id: int,
    package: str | None,
    *,
    from_live: bool,
    preview: bool,
    identity: bool,
    yes: bool,
) -> int:
    """Write a spec to begin with, and the pipelines that plan and apply it. A file that is there stays as it is.

    \b
    reconcile init                              asks, and writes specs/NAME.yaml
    reconcile init --ci github                  pipelines for the specs that are there
    reconcile init --ci github --identity       and the spec of whom they sign in as
    reconcile init --from-live --resource-group rg-render --yes
    """
    if preview and forge not in PREVIEWING:
        raise WrongUsage(f"--preview is for --ci {' and --ci '.join(PREVIEWING)}; elsewhere call reconcile preview")
    asking = sys.stdin.isatty() and not yes
    begun: dict[str, str] = {}
    if not forge or name or what or from_live or not _there(folder, specs):
        answers = _Answers(asking)
        begun = (
            _live(answers, folder, name, group, subscription, cloud)
            if from_live
            else _spec(answers, folder, name, what, group, location, existing=identity)
        )
        if forge is None and asking:
            chosen = click.prompt("Pipelines for", type=click.Choice(["none", *FORGES]), default="none")
            forge = None if chosen == "none" else chosen
    if forge:
        from reconciler import pipelines

        asked = replace(_pipelines(folder, begun, specs, branch, environment, package), preview=preview)
        begun |= pipelines.files(forge, asked)
    if identity:
        if not forge:
            raise WrongUsage("--identity is for pipelines: name a forge, --ci github|azure-devops|gitlab")
        place = identifying.Place(forge, repository, owner_id, repository_id, branch, environment)
        begun |= identifying.spec_of(folder, place, *_first(folder, begun, specs))
    return _written(folder, begun, forge)


class _Answers:
    """What the options leave open: asked for in a terminal, else as by default."""

    def __init__(self, asking: bool) -> None:  # noqa: FBT001
        self.asking = asking

    def of(self, question: str, given: str | None, default: str, choices: Mapping[str, str] | None = None) -> str:
        if given is not None or not self.asking:
            return given or default
        for word, meaning in (choices or {}).items():
            click.echo(f"  {word:12}{meaning}")
        kind = click.Choice(list(choices)) if choices else None
        return str(click.prompt(question, default=default, type=kind))


def _spec(
    answers: _Answers,
    folder: Path,
    name: str | None,
    what: str | None,
    group: str | None,
    location: str | None,
    *,
    existing: bool,
) -> dict[str, str]:
    """The spec to begin with, by its path in the folder."""
    from reconciler import pipelines
    from reconciler.pipelines.starting import name_of

    what = answers.of("What of", what, "pool", pipelines.WHAT)
    name = answers.of("Name, which marks what the spec owns", name, name_of(folder.resolve().name))
    group = answers.of("Resource group", group, f"rg-{name}")
    location = answers.of("Region", location, "swedencentral")
    start = pipelines.Start(name, what, group, location, existing)
    return {f"specs/{name}.yaml": pipelines.spec(start)}


def _live(
    answers: _Answers, folder: Path, name: str | None, group: str | None, subscription: str | None, cloud: str
) -> dict[str, str]:
    """The spec of what is live, by its path in the folder."""
    from reconciler.cli import importing
    from reconciler.pipelines.starting import name_of

    group = answers.of("Resource group", group, f"rg-{name or name_of(folder.resolve().name)}")
    known, text, whole = importing.spec_of(subscription, group, name, cloud)
    if not whole:
        click.echo("warning: not all could be read: the first lines of the spec say what is not in it", err=True)
    return {f"specs/{known}.yaml": text}


def _first(folder: Path, begun: Mapping[str, str], specs: tuple[str, ...]) -> tuple[str, str, str]:
    """Name, resource group and region of the first spec, also of one that is yet to be written."""
    for spec in _loaded(folder, begun, specs or (SPECS,)).values():
        return spec.name, spec.azure.resource_group, spec.azure.location
    raise WrongUsage(f"--identity: there is no spec in {folder} whose resource group it could be for")


def _there(folder: Path, specs: tuple[str, ...]) -> bool:
    """Whether there are specs already."""
    return any(any(folder.glob(pattern)) for pattern in specs or (SPECS,))


def _pipelines(
    folder: Path,
    begun: Mapping[str, str],
    specs: tuple[str, ...],
    branch: str,
    environment: str,
    package: str | None,
) -> Pipelines:
    from reconciler import pipelines

    if missing := [path for path in specs if path not in begun and not any(folder.glob(path))]:
        raise WrongUsage(f"--spec {missing[0]}: there is no such file in {folder}; paths start there")
    return pipelines.Pipelines(
        package or f"reconcile-batch=={__version__}",
        specs or (SPECS,),
        branch,
        environment,
        dict(_images(folder, begun, specs or (SPECS,))),
    )


def _images(folder: Path, begun: Mapping[str, str], patterns: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The specs with VM images, with the addresses of these."""
    from reconciler.kinds import KINDS

    for path, spec in _loaded(folder, begun, patterns).items():
        built = [kind for kind in KINDS.values() if kind.logged_under == "images"]
        if addresses := tuple(str(one.address) for kind in built for one in kind.expand(spec)):
            yield path, addresses


def _loaded(folder: Path, begun: Mapping[str, str], patterns: tuple[str, ...]) -> dict[str, Spec]:
    """The specs by their paths in the folder; one that is yet to be written is read elsewhere."""
    found = {path.relative_to(folder).as_posix(): path for pattern in patterns for path in sorted(folder.glob(pattern))}
    with TemporaryDirectory() as elsewhere:
        for path, text in begun.items():
            if path.startswith("specs/"):
                found[path] = Path(elsewhere, Path(path).name)
                found[path].write_text(text, encoding="utf-8")
        return {path: common.load_spec(file, "local", trying=False) for path, file in found.items()}


def _written(folder: Path, begun: Mapping[str, str], forge: str | None) -> int:
    """Write what is not there, show how the rest differs, and say what is next; returns the exit code."""
    from reconciler.cli import importing

    standing = []
    for path, text in begun.items():
        file = folder / path
        there = _text(file)
        if there is None:
            importing.save(file, text)
            click.echo(f"{file}: written")
        elif there == text:
            click.echo(f"{file}: there already, and the same")
        else:
            standing.append(path)
            click.echo(f"{file}: there already, and stays; it differs from what would be written:\n")
            click.echo(_diff(path, there, text))
    if standing:
        what = f"{count(len(standing), 'file')} left as {'it was' if len(standing) == 1 else 'they were'}"
        remedy = "take over by hand what you want of the difference, or name another FOLDER to write to"
        click.echo(f"{what}, as nothing is ever overwritten: {remedy}", err=True)
        return STANDING
    click.echo("\n".join(("", *_next(begun, forge))))
    return 0


def _text(file: Path) -> str | None:
    """The text of a file; None if there is none. ReconcileError if it cannot be read."""
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ReconcileError(f"{file} is there already and cannot be read: {error}; move it away") from None


def _diff(path: str, there: str, text: str) -> str:
    """How the file that is there becomes the one that would be written."""
    from reconciler.render.plain import lines

    sides = there.splitlines(), text.splitlines()
    return lines("\n".join(difflib.unified_diff(*sides, f"{path} (there)", f"{path} (new)", lineterm="")) + "\n")


def _next(begun: Mapping[str, str], forge: str | None) -> Iterable[str]:
    """What a user does next."""
    if identifying.FILE in begun:
        yield f"Next: who may give roles in the group applies {identifying.FILE}, once; outputs shows the client ids."
    for path in begun:
        if path.startswith("specs/"):
            yield f"Next: look through {path}, then: reconcile validate {path} && reconcile plan {path}"
    if forge:
        yield f"Then what the forge must know, once: docs/gitops.md of reconcile, under {FORGES[forge]}."
