"""Where an Azure is, and how fast things are there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from reconciler.errors import ReconcileError

HUB = {"docker.io": "registry-1.docker.io"}
"""Registries whose API is on another host."""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """What differs between Azure and another cloud.

    poll_seconds: how long to wait between looks at a resource that Azure works on, where it does not say.
    role_propagation: seconds until a new role assignment can be relied on. Microsoft says "up to 10 minutes"
    (learn.microsoft.com, troubleshoot Azure RBAC); new identities on storage usually take one or two.
    """

    resource_manager: str
    poll_seconds: float
    role_propagation: float
    backoff: float = 0.4
    """Seconds from which the waits between the tries of one request double."""
    registries: str = ""
    """The URL below which container registries answer, each under its server's name; empty: each on its own host."""
    vaults: str = ""
    """The URL below which key vaults answer, each under its host's name; empty: each on its own host."""
    lease_seconds: int = 60
    """How long the lock of a process lasts that has died: from 15 to 60, as storage grants no other leases."""

    @classmethod
    def of(cls, cloud: str, environ: Mapping[str, str]) -> Endpoints:
        """Those of the cloud that a spec names. For the local one, `environ` has what `reconcile local env` prints."""
        if cloud != "local":
            return cls("https://management.azure.com", 5, 120)
        url = environ.get("RECONCILE_RESOURCE_MANAGER")
        if not url:
            raise ReconcileError("the local Azure is not up; run: reconcile local up")
        check_url("RECONCILE_RESOURCE_MANAGER", url)
        beside = {"registries": f"{url}/registries", "vaults": f"{url}/vaults"}
        return cls(url, poll_seconds=0.25, role_propagation=120, backoff=0.02, lease_seconds=15, **beside)

    def registry(self, server: str) -> str:
        """Where the API of a container registry is: `https://server`."""
        return f"{self.registries}/{server}" if self.registries else f"https://{HUB.get(server, server)}"

    def vault(self, host: str) -> str:
        """Where a key vault is: `https://host`."""
        return f"{self.vaults}/{host}" if self.vaults else f"https://{host}"


def check_url(name: str, url: str) -> None:
    """ReconcileError if the value of the variable `name` is no https:// URL."""
    try:
        there = urlsplit(url)
    except ValueError:
        there = urlsplit("")
    if there.scheme != "https" or not there.hostname:
        raise ReconcileError(f"{name} is no https:// URL: {url}; correct or unset it")
