"""What the runner of a pipeline has set: addresses, numbers and tokens, each checked."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

import httpx

from reconciler.errors import WrongUsage


def needed(environ: Mapping[str, str], name: str) -> str:
    """The value of a variable that the runner sets. WrongUsage if it did not."""
    if value := environ.get(name, "").strip():
        return value
    raise WrongUsage(f"{name} is not set, as the runner of a pipeline does; hand it on to this command")


def address(environ: Mapping[str, str], name: str) -> str:
    """The root of an API in a variable that the runner sets. WrongUsage if it is none."""
    value = needed(environ, name)
    with suppress(httpx.InvalidURL):
        url = httpx.URL(value)
        if url.scheme in ("http", "https") and url.host and not url.userinfo:
            return value.rstrip("/")
    raise WrongUsage(f"{name} is no address of an API, such as https://example.org/api")


def whole(environ: Mapping[str, str], name: str) -> int | None:
    """The number in a variable, if it is set. WrongUsage if it holds none."""
    value = environ.get(name, "")
    if value and not (value.isascii() and value.isdigit()):
        raise WrongUsage(f"{name} is to be a number")
    return int(value) if value else None


def secret(environ: Mapping[str, str], name: str, remedy: str) -> str:
    """The token in a variable. WrongUsage, which never shows it, if there is none, or it cannot be one."""
    value = environ.get(name, "").strip()
    if not value or value.startswith("$("):  # Azure DevOps leaves a variable that is not there as it is written
        raise WrongUsage(f"{name} has no token; give it to this step: {remedy}")
    if not (value.isascii() and value.isprintable()) or " " in value:
        raise WrongUsage(f"{name} holds what cannot be a token; look at what is stored there")
    return value
