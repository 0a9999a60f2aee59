"""The SDKs' own log texts are for debugging and never reach a terminal unasked."""

from __future__ import annotations

import logging
from collections.abc import Mapping

LOGGERS = ("azure", "msal", "msal_extensions", "urllib3")


def keep_quiet(environ: Mapping[str, str]) -> None:
    """Show warnings of the SDKs only where logging is set up, or RECONCILE_DEBUG is set.

    What they warn of also comes as an error, which we report once. Without a handler Python prints them to stderr.
    """
    if environ.get("RECONCILE_DEBUG"):
        return
    for name in LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(handler, logging.NullHandler) for handler in logger.handlers):
            logger.addHandler(logging.NullHandler())
