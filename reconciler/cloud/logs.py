"""The SDKs' own log texts are for debugging: they never reach a terminal unasked, nor hold a secret."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from reconciler.secret import hidden

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


class Hiding(logging.Filter):
    """Hides secrets in a logger's records."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = hidden(record.getMessage()), ()
        return True


def keep_secrets_out() -> None:
    """Hide secrets in the log of urllib3, which writes whole links at DEBUG; whoever reads one may use it."""
    logger = logging.getLogger("urllib3.connectionpool")
    if not any(isinstance(filter_, Hiding) for filter_ in logger.filters):
        logger.addFilter(Hiding())
