"""Links with a SAS carry their own permission: whoever reads one may use it, so its signature is never shown."""

from __future__ import annotations

import logging
import re

_SIGNATURE = re.compile(r"(?i)\bsig=[^&\s'\"\\)]+")


def hidden(text: str) -> str:
    """`text` without the signatures of links."""
    return _SIGNATURE.sub("sig=<hidden>", text)


class Hiding(logging.Filter):
    """Keeps signatures out of a logger's records."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = hidden(record.getMessage()), ()
        return True


def keep_out_of_logs() -> None:
    """Hide signatures in the log of urllib3, which writes whole links at DEBUG."""
    logger = logging.getLogger("urllib3.connectionpool")
    if not any(isinstance(filter_, Hiding) for filter_ in logger.filters):
        logger.addFilter(Hiding())
