"""The signed-in credential, asked once for all clients and threads."""

from __future__ import annotations

import os
import threading
import time
from functools import cached_property
from typing import Any

from reconciler.cloud import workflow
from reconciler.cloud.errors import signed_out
from reconciler.errors import SignedOut

EARLY = 300
"""Seconds before its end at which a token is renewed."""


class SignIn:
    """DefaultAzureCredential, or that of a workflow, with one token for each scope, shared by all clients, because `az`
    takes a second each.

    A thread that waited while another one failed to sign in gets the same error, instead of trying again.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tokens: dict[tuple[str, ...], Any] = {}
        self._failures = 0
        self._failure: SignedOut | None = None

    def get_token(self, *scopes: str, **options: Any) -> Any:
        """An access token. SignedOut if no credential gives one."""
        seen = self._failures
        with self._lock:
            if self._failure is not None and self._failures > seen:
                raise self._failure
            key = (*scopes, str(options.get("tenant_id", "")))
            token = self._tokens.get(key)
            if token is None or options.get("claims") or token.expires_on - time.time() < EARLY:
                token = self._tokens[key] = self._asked(scopes, options)
            return token

    def _asked(self, scopes: tuple[str, ...], options: dict[str, Any]) -> Any:
        from azure.core.exceptions import ClientAuthenticationError

        try:
            return self._credential.get_token(*scopes, **options)
        except ClientAuthenticationError as error:
            failure = signed_out(error)
        except ValueError as error:  # of a setting such as AZURE_AUTHORITY_HOST, before anybody is asked
            failure = SignedOut(f"cannot sign in to Azure: {error}; correct or unset that variable (AZURE_...)")
        self._failures += 1
        self._failure = failure
        raise failure

    @cached_property
    def _credential(self) -> Any:
        from azure.identity import DefaultAzureCredential

        return workflow.credential(os.environ) or DefaultAzureCredential()
