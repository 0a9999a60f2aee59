"""The digest that a tag of a container registry has now: one HEAD request for its manifest, as `docker pull` asks.

Public registries give a token to anybody; an Azure registry exchanges ours for its own. Source: the OCI distribution
spec, and learn.microsoft.com, "Azure Container Registry: authenticate with Entra ID".
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import PASSING
from reconciler.errors import AzureError, ReconcileError, Unreachable

ACCEPT = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)


TRIES, AGAIN = 6, (408, 429, 500, 502, 503, 504)
"""How often a request is made at most, and the statuses after which it is made again."""


def split(reference: str) -> tuple[str, str, str]:
    """`docker.io/library/python:3.12` → server, repository, tag or digest; short names are Docker Hub's."""
    first, slash, rest = reference.partition("/")
    if not slash or not ("." in first or ":" in first or first == "localhost"):
        first, rest = "docker.io", reference if slash else f"library/{reference}"
    name, at, digest = rest.partition("@")
    repository, _, tag = name.partition(":")
    return first, repository, digest if at else tag or "latest"


def manifest_digest(cloud: Cloud, server: str, repository: str, tag: str) -> str | None:
    """The digest that `tag` has in the registry, or None if it has no such image.

    Raises Unreachable if the registry does not answer, AzureError if it does not let us in.
    """
    if tag.startswith("sha256:"):
        return tag
    scope = f"repository:{repository}:pull"
    try:
        answer = _answer(cloud, "HEAD", server, f"{repository}/manifests/{tag}", scope)
    except Unreachable as error:
        raise Unreachable(f"cannot look up {server}/{repository}:{tag}: {error}; or pin it with @sha256:...") from None
    if answer.status_code == 404:
        return None
    if answer.status_code != 200:
        raise _refused(answer, server, repository, tag)
    digest = answer.headers.get("Docker-Content-Digest")
    if not digest:
        raise Unreachable(
            f"the answer about {server}/{repository}:{tag} has no digest; check the network and any proxy on the way"
        )
    return str(digest)


def repositories(cloud: Cloud, server: str, most: int) -> list[str]:
    """The names of the first `most` repositories. Raises Unreachable, or AzureError if it does not let us in."""
    answer = _answer(cloud, "GET", server, f"_catalog?n={most}", "registry:catalog:*")
    if answer.status_code != 200:
        raise _refused(answer, server, "its repositories", "")
    return list(answer.json()["repositories"] or ())


def _answer(cloud: Cloud, method: str, server: str, path: str, scope: str) -> Any:
    """The answer of the registry, with a token for `scope` if it asks for one."""
    import httpx

    url, headers = f"{cloud.endpoints.registry(server)}/v2/{path}", {"Accept": ACCEPT}
    try:
        with httpx.Client(timeout=20, follow_redirects=True) as client:
            ask = partial(_asked, cloud, client)
            answer = ask(method, url, headers=headers)
            if answer.status_code == 401:
                token = _token(cloud, ask, server, scope, answer.headers.get("WWW-Authenticate", ""))
                answer = ask(method, url, headers={**headers, "Authorization": f"Bearer {token}"})
    except httpx.HTTPError as error:
        raise Unreachable(str(error)) from None
    return answer


def _asked(cloud: Cloud, client: Any, method: str, url: str, **more: Any) -> Any:
    """The answer to a request, which is tried again as the SDKs of Azure do it."""
    import httpx

    for attempt in range(TRIES):
        last = attempt == TRIES - 1
        try:
            answer = client.request(method, url, **more)
        except httpx.TransportError:
            if last:
                raise
        else:
            if last or answer.status_code not in AGAIN:
                return answer
        if attempt:
            time.sleep(cloud.endpoints.backoff * 2**attempt)
    raise AssertionError("the last try returns or raises")


def _token(cloud: Cloud, ask: Callable[..., Any], server: str, scope: str, challenge: str) -> str:
    """A token that may pull, from where the challenge says; an Azure registry exchanges ours for it."""
    asked = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
    if not asked.get("realm"):
        raise ReconcileError(f"{server} asks for a sign-in that is not understood: {challenge[:200]}")
    if not server.endswith(".azurecr.io"):
        query = {"service": asked.get("service", server), "scope": scope}
        answer = ask("GET", asked["realm"], params=query)
    else:
        cloud.check_registry(asked["realm"], server)
        ours = cloud.credential.get_token("https://management.azure.com/.default").token
        form = {"grant_type": "access_token", "service": server, "access_token": ours}
        answer = ask("POST", asked["realm"].replace("/oauth2/token", "/oauth2/exchange"), data=form)
        if answer.status_code == 200:
            form = {"grant_type": "refresh_token", "service": server, "scope": scope}
            answer = ask("POST", asked["realm"], data={**form, "refresh_token": _field(answer, "refresh_token")})
    if answer.status_code != 200:
        raise _refused(answer, server, scope.split(":")[1], "")
    return _field(answer, "access_token", "token")


def _field(answer: Any, *names: str) -> str:
    """The first of these fields that an answer has. Unreachable if it has none, as that of a proxy."""
    try:
        body = answer.json()
        return str(next(body[name] for name in names if body.get(name)))
    except (ValueError, AttributeError, StopIteration):
        place = f"{answer.request.method} {str(answer.request.url).partition('?')[0]}"
        text = f"the answer to {place} has no {' and no '.join(names)}"
        raise Unreachable(f"{text}; check the network and any proxy on the way") from None


def _refused(answer: Any, server: str, repository: str, tag: str) -> AzureError:
    if answer.status_code in AGAIN:
        return AzureError(answer.status_code, "", f"{server} does not answer as it should.", "", PASSING)
    remedy = "Give your principal the role AcrPull on the registry; a new role takes minutes to work."
    text = f"{server} refuses to show {repository}{f':{tag}' if tag else ''}."
    return AzureError(answer.status_code, "RegistryAccessDenied", text, "", remedy)


def repository(text: str) -> tuple[str, str]:
    """The name and the tag of `name:tag`; without a tag, `latest`."""
    name, _, tag = text.partition(":")
    return name, tag or "latest"


def names(references: Iterable[str]) -> tuple[list[str], list[str]]:
    """The names that tasks use for these images, and the registries that need a login; both sorted."""
    images, logins = set(), set()
    for reference in references:
        if reference.startswith("registries/"):
            _, registry, rest = reference.split("/", 2)
            server, (name, tag) = f"{registry}.azurecr.io", repository(rest)
        else:
            server, name, tag = split(reference)
        images.add(f"{server}/{name}{'@' if tag.startswith('sha256:') else ':'}{tag}")
        if server.endswith(".azurecr.io"):
            logins.add(server)
    return sorted(images), sorted(logins)
