"""The pipeline files of a forge. What they run stands once, in `templates/steps`, and is the same on every forge."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.errors import WrongUsage
from reconciler.pipelines.template import filled, read

ACTIONS = {
    "checkout": "actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8  # v5.0.0",
    "download-artifact": "actions/download-artifact@d3f86a106a0bac45b974a628896c90dbdf5c8093  # v4.3.0",
    "setup-python": "actions/setup-python@e797f83bcb11b83ae66e0230d6156d7c80228e7c  # v6.0.0",
    "upload-artifact": "actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02  # v4.6.2",
}
"""The commits that are run, with the versions that they are said to be."""
STEPS = (
    "name", "validate", "policy", "labels", "plan", "plan-each", "apply", "approved", "drift-check", "deploy",
    "deployed", "required",
)  # fmt: skip
PREVIEW = ("preview", "preview-end", "preview-expired")
UNREVIEWED = "6"
"""The exit code of `ci reviewed` where nothing was reviewed."""
FORGES: Mapping[str, Mapping[str, str]] = {
    "github": {
        f".github/workflows/reconcile-{name}.yml": f"github/reconcile-{name}.yml"
        for name in ("plan", "apply", "drift", "images", "deploy", "preview")
    },
    "azure-devops": {
        f".azure-pipelines/reconcile-{name}.yml": f"azure-devops/reconcile-{name}.yml"
        for name in ("plan", "apply", "drift", "images", "deploy")
    },
    "gitlab": {
        ".gitlab-ci.yml": "gitlab/gitlab-ci.yml",
        ".gitlab/reconcile.yml": "gitlab/reconcile.yml",
        ".gitlab/reconcile-images.yml": "gitlab/reconcile-images.yml",
        ".gitlab/reconcile-preview.yml": "gitlab/reconcile-preview.yml",
    },
}
"""Forge → path of a file → its template."""
KEEP = {
    "azure-devops": 'echo "##vso[artifact.upload artifactname=plan-$NAME-$HEAD]$PWD/$plan"',
    "gitlab": ": # GitLab keeps it",
}
"""How a file is kept where a loop does so."""
PLAIN = re.compile(r"[A-Za-z0-9_.*][A-Za-z0-9_./*-]*")
"""What can stand in a shell and in YAML as it is."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
PACKAGE = re.compile(r"[^\s\"\\<>$`]+")


@dataclass(frozen=True, slots=True)
class Pipelines:
    """What differs from repository to repository.

    specs        paths of specs, or patterns of them, which the forge's shell expands
    package      what pip installs to have reconcile
    branch       whose merges are applied
    environment  where what was reviewed is applied; ENVIRONMENT-approval is where somebody must approve
    images       specs with VM images → the addresses of these; without any there is no pipeline for them
    preview      whether there are previews of pull requests
    """

    package: str
    specs: tuple[str, ...] = ("specs/*.yaml",)
    branch: str = "main"
    environment: str = "production"
    images: Mapping[str, tuple[str, ...]] | None = None
    preview: bool = False

    def __post_init__(self) -> None:
        addresses = (address for several in (self.images or {}).values() for address in several)
        for option, pattern, values in (
            ("--spec", PLAIN, (*self.specs, *(self.images or {}), *addresses)),
            ("--branch", PLAIN, (self.branch,)),
            ("--environment", NAME, (self.environment,)),
            ("--package", PACKAGE, (self.package,)),
        ):
            for value in values:
                if not pattern.fullmatch(value):
                    raise WrongUsage(f"{option} {value!r} has characters that pipeline files cannot have as they are")


def files(forge: str, asked: Pipelines) -> dict[str, str]:
    """The pipeline files of a forge, by their paths in the repository."""
    values = _values(asked) | {"keep": KEEP.get(forge, "")}
    return {
        path: filled(read(template), values)
        for path, template in FORGES[forge].items()
        if (asked.images or "images" not in path) and (asked.preview or "preview" not in path)
    }


def _values(asked: Pipelines) -> dict[str, str]:
    images = [
        f"reconcile apply {spec} --yes --wait {' '.join(f'--target {address}' for address in addresses)}"
        for spec, addresses in (asked.images or {}).items()
    ]
    included = ["", *(["-images"] if images else []), *(["-preview"] if asked.preview else [])]
    return {
        **ACTIONS,
        **{name: read(f"steps/{name}.sh") for name in (*STEPS, *PREVIEW)},
        "branch": asked.branch,
        "environment": asked.environment,
        "first": asked.specs[0].replace("*", "prod"),
        "images": "\n".join(images),
        "includes": "\n".join(f"- local: .gitlab/reconcile{name}.yml" for name in included),
        "nightly": "23 3 * * *",
        "package": asked.package,
        "python": "3.13",
        "specs": " ".join(asked.specs),
        "unreviewed": UNREVIEWED,
        "weekly": "41 4 * * 1",
    }
