"""How a VM image of ours is made: what goes into it, and the stages of its build. Pure.

Two builds with equal inputs give the same image for our purposes, so the digest of the inputs is the image's content:
a version is built when it differs from that of every version there is, and the plan names the inputs that moved.
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
    """A container image to preload: `reference` is pinned, `name` is how tasks call it."""

    reference: str
    name: str
    registry: str | None = None
    """The registry that wants a login, or None."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the build on the machine: a script as root, or with no script the VM extension."""

    name: str
    script: str | None
    seconds: float


def inputs(image: Image, base_version: str, preload: Mapping[str, str]) -> dict[str, str]:
    """Everything that makes the image what it is, each as a short text; `preload` maps a reference to its digest."""
    found = {"base": f"{images.BASES[image['os']].urn}:{base_version}", "gpu": "yes" if image["gpu"] else "no"}
    if image["packages"]:
        found["packages"] = _short(" ".join(sorted(image["packages"])))
    for stage in _ours(image):
        found[f"stage {stage}"] = _sha256(stagescript.text(image["os"], stage, {}))
    for word, steps in (("script", image["scripts"]), ("verify", image["verify"])):
        for index, step in enumerate(steps, start=1):
            found[f"{word} {index} {step['name']}"] = _sha256(step["run"])
    found |= {f"preload {reference}": digest[:19] for reference, digest in preload.items()}
    return found


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
    found = [Stage(name, _script(image, name, variables), _seconds(name, pulls)) for name in _ours(image)[:-1]]
    found += [Stage(f"script-{step['name']}", step["run"], 60) for step in image["scripts"]]
    found += [Stage(f"verify-{step['name']}", step["run"], 20) for step in image["verify"]]
    last = _ours(image)[-1]
    return (*found, Stage(last, _script(image, last, {}), _seconds(last, ())))


def seconds(image: Image) -> float:
    """How long a build and its publishing usually take, from mission measurements: a VM 3 min, a version 5 to 8."""
    pulls = tuple(Pull(one, one) for one in image["preload"])
    machine = sum(stage.seconds for stage in stages(image, pulls, ""))
    regions = len(image.get("regions") or [1])
    return 180 + machine + 120 + 300 + 120 * (regions - 1)


def _ours(image: Image) -> list[str]:
    """The names of our own stages, deprovisioning last."""
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
    """Measured by the scripts that this replaces: drivers 6 min, Docker 2 min, a pull 3 min."""
    usual = {"gpu-driver": 360, "docker": 120, "nvidia-container": 60, "preload": 180 * len(pulls)}
    return float(usual.get(name, 30))


def _short(text: str) -> str:
    return text if len(text) <= 60 else _sha256(text)


def _sha256(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()[:12]}"
