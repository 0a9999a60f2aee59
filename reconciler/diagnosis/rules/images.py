"""Failures of container images and registries, of tasks and of nodes. Codes: TaskFailureInformationCodes of Batch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from reconciler.diagnosis.facts import said

DENIED = re.compile(r"unauthorized|authentication required|\b40[13]\b|access denied|denied:|expired|forbidden", re.I)
"""How registries and runtimes say that they do not let somebody in; Batch passes their words on."""


def of_image(error: Mapping[str, Any]) -> bool:
    """Whether a failure is that of an image, rather than of container settings."""
    code = str(error.get("code", ""))
    return code.startswith("Container") and any(word in code for word in ("Image", "Registry", "Pull"))


def denied(error: Mapping[str, Any]) -> bool:
    """Docker Hub says the same of an image that is not there, which is the more likely then."""
    text = said(error)
    return of_image(error) and DENIED.search(text) is not None and "does not exist or may require" not in text
