"""The address of a webhook: what can be one, and what may be told of it, as it often is itself a secret. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit

from reconciler.secret import hidden

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
"""Hosts that may be spoken to without TLS."""


def fault(url: str) -> str:
    """Why a URL cannot be a webhook, without showing it, and what to do; empty if it can."""
    try:
        there = urlsplit(url)
        host = there.hostname if there.port is None or there.port else None
    except ValueError:
        return "is no URL; write the whole address, https://HOST/PATH"
    if there.scheme not in ("http", "https") or not host or not url.isascii() or not url.isprintable() or " " in url:
        return "is no URL; write the whole address, https://HOST/PATH"
    if there.scheme == "http" and host not in LOOPBACK:
        return f"is an address without TLS, at which others could read along; write https://{host}/..."
    return ""


def host(url: str) -> str:
    """What may be told of a webhook's URL."""
    return hidden(urlsplit(url).netloc.rpartition("@")[2])
