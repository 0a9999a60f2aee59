"""How a VM image of ours is made: what goes into it, and the stages of its build. Pure.

Two builds with equal inputs give the same image for our purposes, so the digest of the inputs is the image's content:
a version is built when it differs from that of every version there is, and the plan names the inputs that moved.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.azure import images
from reconciler.kinds.image import stagescript

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


def inputs(own: Mapping[str, Any], base_version: str, preload: Mapping[str, str]) -> dict[str, str]:
    """Everything that makes the image what it is, each as a short text; `preload` maps a reference to its digest."""
    found = {"base": f"{images.BASES[own['os']].urn}:{base_version}", "gpu": "yes" if own["gpu"] else "no"}
    if own["packages"]:
        found["packages"] = _short(" ".join(sorted(own["packages"])))
    for stage in _ours(own):
        found[f"stage {stage}"] = _sha256(stagescript.text(own["os"], stage, {}))
    for section, word in (("scripts", "script"), ("verify", "verify")):
        for index, step in enumerate(own[section], start=1):
            found[f"{word} {index} {step['name']}"] = _sha256(step["script"])
    found |= {f"preload {reference}": digest[:19] for reference, digest in preload.items()}
    return found


def stages(own: Mapping[str, Any], pulls: tuple[Pull, ...], client_id: str) -> tuple[Stage, ...]:
    """The stages on the machine, in order. `client_id` is that of the identity that pulls, or empty."""
    variables = {
        "packages": {"PACKAGES": " ".join(own["packages"])},
        "preload": {
            "IMAGES": "\n".join(f"{pull.reference}|{pull.name}" for pull in pulls),
            "REGISTRIES": "\n".join(sorted({pull.registry for pull in pulls if pull.registry})),
            "IDENTITY_CLIENT_ID": client_id,
        },
    }
    found = [Stage(name, _script(own, name, variables), _seconds(name, pulls)) for name in _ours(own)[:-1]]
    found += [Stage(f"script-{step['name']}", step["script"], 60) for step in own["scripts"]]
    found += [Stage(f"verify-{step['name']}", step["script"], 20) for step in own["verify"]]
    last = _ours(own)[-1]
    return (*found, Stage(last, _script(own, last, {}), _seconds(last, ())))


def seconds(own: Mapping[str, Any]) -> float:
    """How long a build and its publishing usually take, from mission measurements: a VM 3 min, a version 5 to 8."""
    pulls = tuple(Pull(one, one) for one in own["preload"])
    machine = sum(stage.seconds for stage in stages(own, pulls, ""))
    regions = len(own.get("regions") or [1])
    return 180 + machine + 120 + 300 + 120 * (regions - 1)


def _ours(own: Mapping[str, Any]) -> list[str]:
    """The names of our own stages, deprovisioning last."""
    chosen = {
        "gpu-driver": own["gpu"],
        "nvidia-container": own["gpu"],
        "packages": bool(own["packages"]),
        "preload": bool(own["preload"]),
    }
    order = ("wait", "gpu-driver", "docker", "nvidia-container", "packages", "preload", "deprovision")
    return [name for name in order if chosen.get(name, True)]


def _script(own: Mapping[str, Any], name: str, variables: Mapping[str, Mapping[str, str]]) -> str | None:
    if name == "gpu-driver" and images.BASES[own["os"]].driver == "extension":
        return None
    return stagescript.text(own["os"], name, variables.get(name, {}))


def _seconds(name: str, pulls: tuple[Pull, ...]) -> float:
    """Measured by the scripts that this replaces: drivers 6 min, Docker 2 min, a pull 3 min."""
    usual = {"gpu-driver": 360, "docker": 120, "nvidia-container": 60, "preload": 180 * len(pulls)}
    return float(usual.get(name, 30))


def _short(text: str) -> str:
    return text if len(text) <= 60 else _sha256(text)


def _sha256(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()[:12]}"
