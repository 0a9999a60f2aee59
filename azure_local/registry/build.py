"""A quick build of a registry: reads the uploaded context, checks the Dockerfile against it, and makes a manifest.

Nothing is run and no layer is made. The digest depends on the context, the Dockerfile, the arguments, the platform
and the base images, so that the same source gives the same image until a base image changes.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import posixpath
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from azure_local.azure import Azure
from azure_local.clock import stamp
from azure_local.registry import context, dockerfile, images
from azure_local.registry.dockerfile import Instruction, Refused, Walk


@dataclass
class Log:
    """The lines of a run, each with the moment at which it appears."""

    now: datetime
    lines: list[list[str]] = field(default_factory=list)

    def say(self, *texts: str, after: float = 0) -> None:
        """Add the registry's own lines, which begin with the time."""
        self.now += timedelta(seconds=after)
        self.plain(*(f"{self.now:%Y/%m/%d %H:%M:%S} {text}" for text in texts))

    def plain(self, *texts: str) -> None:
        self.lines += [[stamp(self.now), text] for text in texts]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a build: its status, its seconds, its log, and its manifest if it succeeds."""

    status: str
    seconds: float
    log: list[list[str]]
    manifest: str = ""


def targets(login: str, request: Mapping[str, Any], run: str) -> list[images.Image]:
    """The images that a request names, `{{.Run.ID}}` and `{{.Run.Registry}}` filled in. ValueError for a bad name."""
    references = []
    for name in request.get("imageNames") or ():
        filled = str(name).replace("{{.Run.ID}}", run).replace("{{.Run.Registry}}", login)
        image = images.parsed(f"{login}/{filled.removeprefix(f'{login}/')}")
        if image is None or images.DIGEST.fullmatch(image.reference):
            raise ValueError(name)
        references.append(image)
    return references


async def carry_out(azure: Azure, document: Mapping[str, Any], source: Path | None) -> Outcome:
    """Carry out the build of a run that starts now."""
    request, login, run = document["request"], document["login"], document["resource"]["name"]
    began = azure.clock.now()
    log = Log(began)
    log.say("Downloading source code...")
    try:
        if source is None or not source.exists():
            raise context.Unreadable(f"failed to get {request.get('sourceLocation')}: BlobNotFound")
        uploaded = await asyncio.to_thread(context.read, source, request["dockerFilePath"])
    except context.Unreadable as error:
        log.say(f"Failed to download source code: {error}", after=1)
        return _failed(log, began, run, "failed to download context")
    log.say("Finished downloading source code", after=1)
    _prepare(log, login, run)
    if _closed(azure, login):
        text = "failed to login, ran out of retries: failed to set docker credentials: Error response from daemon: Get "
        log.say(f"{text}https://{login}/v2/: denied: client with IP '20.0.0.1' is not allowed access.", after=10)
        return _failed(log, began, run, "failed to login to registry")
    log.say(f"Successfully logged into {login}", after=1)
    log.say("Executing step ID: build. Timeout(sec): 28800, Working directory: '', Network: ''")
    log.say("Scanning for dependencies...")
    try:
        manifest, bases = _manifest(azure, document, uploaded, log)
    except Refused as refused:
        log.plain(str(refused))
        log.say("Container failed during run: build. No retries remaining.", after=1)
        log.plain("failed to run step ID: build: exit status 1")
        return _failed(log, began, run, "failed during run, err: exit status 1")
    rest = azure.seconds["buildRunning"] - (log.now - began).total_seconds()
    log.say("Successfully executed container: build", after=max(rest, 1) / 2)
    named = targets(login, request, run)
    _push(log, manifest, named if request.get("isPushEnabled", True) else [], after=max(rest, 1) / 4)
    log.plain(*_dependencies(named, manifest, bases))
    total = (log.now - began).total_seconds()
    log.plain(f"Run ID: {run} was successful after {_span(total)}")
    return Outcome("Succeeded", total, log.lines, manifest.text)


def _failed(log: Log, began: datetime, run: str, why: str) -> Outcome:
    total = (log.now - began).total_seconds()
    log.plain("", f"Run ID: {run} failed after {_span(total)}. Error: {why}")
    return Outcome("Failed", total, log.lines)


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"


def _prepare(log: Log, login: str, run: str) -> None:
    log.say(f"Using acb_vol_{uuid.uuid5(uuid.NAMESPACE_URL, f'{login}/{run}')} as the home volume")
    log.say("Setting up Docker configuration...")
    log.say("Successfully set up Docker configuration", after=1)
    log.say(f"Logging in to registry: {login}", after=0)


def _closed(azure: Azure, login: str) -> bool:
    """Whether the registry's network rules keep out the agent of the build, which is outside of the network."""
    registry = images.registry(azure, login)
    properties = registry["properties"] if registry else {}
    denies = (properties.get("networkRuleSet") or {}).get("defaultAction") == "Deny"
    return denies or properties.get("publicNetworkAccess") == "Disabled"


def _manifest(
    azure: Azure, document: Mapping[str, Any], uploaded: context.Context, log: Log
) -> tuple[images.Manifest, dict[str, str]]:
    """The build's manifest and its base images; the log gets the steps. Refused where docker would fail."""
    request, path = document["request"], document["request"]["dockerFilePath"]
    text = uploaded.texts.get(posixpath.normpath(path))
    if text is None:
        raise Refused(
            f"unable to prepare context: unable to evaluate symlinks in Dockerfile path: "
            f"lstat /workspace/{path}: no such file or directory"
        )
    arguments = {argument["name"]: argument["value"] for argument in request.get("arguments") or ()}
    log.say("Successfully scanned dependencies", "Launching container with name: build", after=1)
    log.plain(f"Sending build context to Docker daemon  {uploaded.size / 1000:.4g}kB")
    steps = dockerfile.until(dockerfile.parse(text, path), request.get("target") or "")
    walk = Walk(uploaded, arguments, lambda image: _pulled(azure, document["login"], image))
    try:
        walk.through(steps)
    except Refused as refused:
        _steps(log, steps, walk, refused.step)
        raise
    _steps(log, steps, walk, len(steps) + 1)
    unused = sorted(set(arguments) - walk.consumed)
    if unused:
        log.plain(f"[Warning] One or more build-args [{' '.join(unused)}] were not consumed")
    seed = json.dumps([uploaded.digest(), text, arguments, request["platform"], request.get("target"), walk.bases])
    manifest = images.manifest(seed, [*walk.bases.values(), *(f"{seed} {step.line}" for step in steps)])
    log.plain(f"Successfully built {manifest.digest[7:19]}")
    return manifest, walk.bases


def _steps(log: Log, steps: list[Instruction], walk: Walk, failing: int) -> None:
    """Log the steps up to the failing one, which has no result."""
    for number, step in enumerate(steps[:failing], 1):
        log.now += timedelta(seconds=1)
        log.plain(f"Step {number}/{len(steps)} : {step.name} {step.text}")
        if number == failing:
            return
        layer = hashlib.sha256(f"{number} {step.text}".encode()).hexdigest()[:12]
        log.plain(*([f" ---> Running in {layer[::-1]}"] if step.name == "RUN" else []), f" ---> {layer}")


def _pulled(azure: Azure, login: str, text: str) -> str:
    """The digest of a base image. Refused if there is none or this registry may not read it."""
    image = images.parsed(text)
    if image is None:
        raise Refused("invalid reference format")
    if not images.is_public(image.host) and image.host != login:
        raise Refused(f"Get https://{image.host}/v2/: unauthorized: authentication required")
    manifest = images.find(azure, image)
    if manifest is None:
        raise Refused(f"manifest for {text} not found: manifest unknown: manifest unknown")
    return manifest.digest


def _push(log: Log, manifest: images.Manifest, named: list[images.Image], *, after: float) -> None:
    if named:
        log.say("Executing step ID: push. Timeout(sec): 3600, Working directory: '', Network: ''")
    for image in named:
        name = f"{image.host}/{image.repository}"
        log.say(f"Pushing image: {name}:{image.reference}, attempt 1", after=after / len(named))
        log.plain(f"The push refers to repository [{name}]")
        log.plain(f"{image.reference}: digest: {manifest.digest} size: {len(manifest.text)}")
        log.say(f"Successfully pushed image: {name}:{image.reference}", after=after / len(named))
    log.say("Step ID: build marked as successful", "Populating digests for step ID: build...", after=1)
    log.say("Successfully populated digests for step ID: build", "The following dependencies were found:")


def _dependencies(named: list[images.Image], manifest: images.Manifest, bases: Mapping[str, str]) -> list[str]:
    lines: list[str] = []
    base = [(image, digest) for text, digest in bases.items() if (image := images.parsed(text))]
    for target in named:
        lines += ["- image:", *_described(target, manifest.digest)]
        if base:
            lines += ["  runtime-dependency:", *_described(*base[-1])]
        for image, digest in base[:-1]:
            lines += ["  buildtime-dependency:", *_described(image, digest)]
        lines += ["  git: {}", ""]
    return lines


def _described(image: images.Image, digest: str) -> list[str]:
    host = "registry.hub.docker.com" if image.host == images.HUB else image.host
    return [
        f"    registry: {host}",
        f"    repository: {image.repository}",
        f"    tag: {image.reference}",
        f"    digest: {digest}",
    ]
