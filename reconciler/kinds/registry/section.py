"""The section `registries` of a spec: checks that the source of each build exists."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.errors import Problem
from reconciler.spec import secrets
from reconciler.spec.document import Document
from reconciler.spec.family import Section
from reconciler.spec.schema import Path_
from reconciler.spec.sections import ContainerBuild
from reconciler.spec.spec import Spec


def check(document: Document, spec: Spec) -> Iterator[Problem]:
    for name, registry in spec.registries.items():
        for repository, build in registry["builds"].items():
            yield from _build(document, spec, ("registries", name, "builds", repository), build)


def _build(document: Document, spec: Spec, path: Path_, build: ContainerBuild) -> Iterator[Problem]:
    context = spec.folder / build["context"]
    if not context.is_dir():
        yield document.problem((*path, "context"), f"there is no folder {context}")
        return
    dockerfile = (context / build["dockerfile"]).resolve()
    where = (*path, "dockerfile") if document.says((*path, "dockerfile")) else path
    if not dockerfile.is_relative_to(context.resolve()):
        yield document.problem(where, "must be inside the context")
    elif not dockerfile.is_file():
        yield document.problem(where, f"there is no file {context / build['dockerfile']}")
    else:
        yield from secrets.of_file(document, (*path, "dockerfile"), dockerfile)


def files(spec: Spec) -> Iterator[str]:
    """The context of each build."""
    for registry in spec.registries.values():
        yield from (build["context"] for build in registry["builds"].values())


SECTION = Section(key="registries", check=check, files=files)
