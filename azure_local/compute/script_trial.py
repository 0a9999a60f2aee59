"""Predicts how a script would end on a virtual machine, without running it.

The script must have valid bash syntax; its duration is estimated from its commands; and it can pull container images
only if the machine's identity may.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any

from azure_local.authorization import roles
from azure_local.azure import Azure
from azure_local.registry import images
from azure_local.registry import roles as registry_roles

TAKES = (
    (r"nvidia-(driver|container)|cuda-drivers|ubuntu-drivers", 345),
    (r"docker\.io|docker-ce", 105),
    (r"(apt-get|dnf)\b.*\binstall", 40),
    (r"waagent", 30),
)
"""Pattern of a command → its seconds; every script takes 15 more, and `PULL` for each image that it pulls."""
PULL = 165
REGISTRY_IMAGE = re.compile(r"\b([a-z0-9]{5,50}\.azurecr\.io)/([a-z0-9][a-z0-9._/-]*)(?::([\w.-]+))?(?:@(sha256:\w+))?")
HUB_IMAGE = re.compile(r"\b(docker\.io|mcr\.microsoft\.com|ghcr\.io|quay\.io|nvcr\.io)/[a-z0-9][\w./:@-]*")


def seconds(script: str) -> float:
    pulled = {match[0] for pattern in (REGISTRY_IMAGE, HUB_IMAGE) for match in pattern.finditer(script)}
    work = max((seconds for pattern, seconds in TAKES if re.search(pattern, script, re.MULTILINE)), default=0)
    slept = sum(int(pause) for pause in re.findall(r"^\s*sleep (\d+)\s*$", script, re.MULTILINE))
    return 15.0 + work + slept + PULL * len(pulled)


async def tried(azure: Azure, machine: dict[str, Any], script: str) -> tuple[int, str]:
    """The exit code and the output, from a check of the syntax and of the images that the script pulls."""
    process = await asyncio.create_subprocess_exec(
        "bash", "-n", stdin=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    _, errors = await process.communicate(script.encode())
    if process.returncode:
        return 2, errors.decode(errors="replace")
    for match in REGISTRY_IMAGE.finditer(script):
        if problem := _unpullable(azure, machine, match):
            return 1, problem
    return 0, f"{len(script.splitlines())} lines read, not carried out: the local Azure has no such machine\n"


def _unpullable(azure: Azure, machine: dict[str, Any], match: re.Match[str]) -> str | None:
    server, repository, tag, digest = match.groups()
    registry = images.registry(azure, server)
    if registry is None:
        return f"Error response from daemon: Get https://{server}/v2/: dial tcp: lookup {server}: no such host"
    identity = machine["resource"].get("identity") or {}
    principals = [assigned["principalId"] for assigned in (identity.get("userAssignedIdentities") or {}).values()]
    principals += [identity["principalId"]] if "principalId" in identity else []
    if not any(roles.allowed(azure, principal, registry_roles.PULL, registry["id"]) for principal in principals):
        return f"Error response from daemon: Head https://{server}/v2/{repository}/manifests/{tag}: unauthorized"
    if images.find(azure, images.Image(server, repository, digest or tag or "latest")) is None:
        return f"Error response from daemon: manifest for {server}/{repository}:{tag or 'latest'} not found"
    return None
