"""How a VM image of ours is made: what goes into it, and the stages of its build. Pure.

Two builds with equal inputs give the same image for our purposes, so the digest of the inputs stands for its content:
a version is built when no existing version has that digest, and the plan names the inputs that differ.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.azure import images
from reconciler.kinds.image import stagescript
from reconciler.spec.sections import Image

EXTENSION = {
    "publisher": "Microsoft.HpcCompute",
    "type": "NvidiaGpuDriverLinux",
    "typeHandlerVersion": "1.9",
    "autoUpgradeMinorVersion": True,
}
"""NVIDIA's driver as a VM extension. Source: learn.microsoft.com, NVIDIA GPU driver extension for Linux."""


@dataclass(frozen=True, slots=True)
class Pull:
    """A container image to preload: `reference` is its exact version, `name` what tasks call it."""

    reference: str
    name: str
    registry: str | None = None
    """The registry that wants a login, or None."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the build on the machine: a script that runs as root, or the VM extension if there is no script."""

    name: str
    script: str | None
    seconds: float


def inputs(image: Image, base_version: str, preload: Mapping[str, str]) -> dict[str, str]:
    """Everything that goes into the image, each as a short text; `preload` maps a reference to its digest."""
    parts = {"base": f"{images.BASES[image['os']].urn}:{base_version}", "gpu": "yes" if image["gpu"] else "no"}
    if image["packages"]:
        parts["packages"] = _short(" ".join(sorted(image["packages"])))
    for stage in _ours(image):
        parts[f"stage {stage}"] = _sha256(stagescript.text(image["os"], stage, {}))
    for word, steps in (("script", image["scripts"]), ("verify", image["verify"])):
        for index, step in enumerate(steps, start=1):
            parts[f"{word} {index} {step['name']}"] = _sha256(step["run"])
    parts |= {f"preload {reference}": digest[:19] for reference, digest in preload.items()}
    return parts


def stages(image: Image, pulls: tuple[Pull, ...], client_id: str) -> tuple[Stage, ...]:
    """The stages on the machine, in order. `client_id` is that of the identity that pulls, or empty."""
    variables = {
        "packages": {"PACKAGES": " ".join(image["packages"])},
        "preload": {
            "IMAGES": "\n".join(f"{pull.reference}|{pull.name}" for pull in pulls),
            "REGISTRIES": "\n".join(sorted({pull.registry for pull in pulls if pull.registry})),
            "IDENTITY_CLIENT_ID": client_id,
        },
    }
    first = [Stage(name, _script(image, name, variables), _seconds(name, pulls)) for name in _ours(image)[:-1]]
    first += [Stage(f"script-{step['name']}", step["run"], 60) for step in image["scripts"]]
    first += [Stage(f"verify-{step['name']}", step["run"], 20) for step in image["verify"]]
    last = _ours(image)[-1]
    return (*first, Stage(last, _script(image, last, {}), _seconds(last, ())))


def seconds(image: Image) -> float:
    """How long a build and its publishing usually take. Measured: a VM 3 min, a version 5 to 8."""
    pulls = tuple(Pull(reference, reference) for reference in image["preload"])
    machine = sum(stage.seconds for stage in stages(image, pulls, ""))
    regions = len(image.get("regions") or [1])
    return 180 + machine + 120 + 300 + 120 * (regions - 1)


def _ours(image: Image) -> list[str]:
    """The names of the stages that are not from the spec, deprovisioning last."""
    chosen = {
        "gpu-driver": image["gpu"],
        "nvidia-container": image["gpu"],
        "packages": bool(image["packages"]),
        "preload": bool(image["preload"]),
    }
    order = ("wait", "gpu-driver", "docker", "nvidia-container", "packages", "preload", "deprovision")
    return [name for name in order if chosen.get(name, True)]


def _script(image: Image, name: str, variables: Mapping[str, Mapping[str, str]]) -> str | None:
    if name == "gpu-driver" and images.BASES[image["os"]].driver == "extension":
        return None
    return stagescript.text(image["os"], name, variables.get(name, {}))


def _seconds(name: str, pulls: tuple[Pull, ...]) -> float:
    """How long a stage usually takes. Measured: drivers 6 min, Docker 2 min, a pull 3 min."""
    usual = {"gpu-driver": 360, "docker": 120, "nvidia-container": 60, "preload": 180 * len(pulls)}
    return float(usual.get(name, 30))


def _short(text: str) -> str:
    return text if len(text) <= 60 else _sha256(text)


def _sha256(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()[:12]}"
