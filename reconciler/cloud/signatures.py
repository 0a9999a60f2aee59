"""Links that carry their own permission (a SAS): whoever reads one may do what it allows, so nothing shows them."""

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
    """urllib3 writes whole links at DEBUG: from now on without signatures."""
    logger = logging.getLogger("urllib3.connectionpool")
    if not any(isinstance(one, Hiding) for one in logger.filters):
        logger.addFilter(Hiding())
