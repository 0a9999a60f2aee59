"""What the SDKs write to Python's logging is for who looks for a fault, and never for a terminal."""

from __future__ import annotations

import logging
from collections.abc import Mapping

LOGGERS = ("azure", "msal", "msal_extensions", "urllib3")


def keep_quiet(environ: Mapping[str, str]) -> None:
    """Warnings of the SDKs reach only who has set up logging, or sets RECONCILE_DEBUG.

    What they warn of comes as an error too: told by us, once. Without a handler Python prints warnings to stderr.
    """
    if environ.get("RECONCILE_DEBUG"):
        return
    for name in LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(handler, logging.NullHandler) for handler in logger.handlers):
            logger.addHandler(logging.NullHandler())
