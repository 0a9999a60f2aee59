"""What a spec says in place of a secret: the environment variable that holds it, or the secret of a Key Vault.

It is read when it is needed, by whoever runs the command, and goes nowhere else.
Source: learn.microsoft.com, Key Vault REST API, Get Secret.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from reconciler.cloud.errors import reading
from reconciler.errors import AzureError, ReconcileError
from reconciler.spec.sections import SecretReference

if TYPE_CHECKING:
    from reconciler.cloud.cloud import Cloud

SCOPE, API_VERSION = "https://vault.azure.net/.default", "7.4"
_SECRET = re.compile(r"https://(?P<host>[A-Za-z0-9-]{3,24}\.vault\.azure\.net)(?P<path>/secrets/[A-Za-z0-9/-]+)")


class NoSecret(ReconcileError):
    """A secret is not where the spec says that it is, or we may not read it."""


def absent(reference: SecretReference, environ: Mapping[str, str]) -> str:
    """Why it is known here already that there is no such secret, and what to do; empty if there may be."""
    name = reference.get("environmentVariable", "")
    return f"the environment variable {name} is not set; set it" if name and not environ.get(name) else ""


def value(cloud: Cloud, reference: SecretReference, environ: Mapping[str, str]) -> str:
    """The secret that is meant. NoSecret, with what to do, if it cannot be read."""
    if reason := absent(reference, environ):
        raise NoSecret(reason)
    if "keyVaultSecret" not in reference:
        return environ[reference["environmentVariable"]].strip()
    url = reference["keyVaultSecret"]
    try:
        with reading(f"the secret {url}"):
            return str(_of_vault(cloud, url)["value"]).strip()
    except AzureError as error:
        raise NoSecret(f"{error}; {_remedy(error.status)}") from None


def _remedy(status: int) -> str:
    if status == 403:
        return "give your principal the role Key Vault Secrets User on the vault; a new role takes minutes to work"
    return "put the secret there, or correct its name" if status == 404 else "run the same command again"


def _of_vault(cloud: Cloud, url: str) -> Any:
    """Our token goes to key vaults and nowhere else."""
    from azure.core.exceptions import HttpResponseError
    from azure.core.pipeline import Pipeline
    from azure.core.rest import HttpRequest

    from reconciler.cloud.policies import Inspecting, Retries

    match = _SECRET.fullmatch(url)
    if match is None:
        raise NoSecret(f"{url} is no secret of a key vault; write https://VAULT.vault.azure.net/secrets/NAME")
    token = cloud.credential.get_token(SCOPE).token
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    there = f"{cloud.endpoints.vault(match['host'].lower())}{match['path']}"
    request = HttpRequest("GET", there, params={"api-version": API_VERSION}, headers=headers)
    pipeline = Pipeline(cloud.transport, [Retries(cloud.endpoints.backoff), Inspecting()])
    answer = pipeline.run(request).http_response
    if answer.status_code != 200:
        raise HttpResponseError(response=answer)
    return answer.json()
