"""Names of time zones."""

from __future__ import annotations

import difflib
import zoneinfo


def fault(zone: str) -> str:
    """Why there is no such time zone, and what to write; empty if there is."""
    known = zoneinfo.available_timezones()
    if zone in known:
        return ""
    near = difflib.get_close_matches(zone, known, n=1)
    return f"{zone!r} is no time zone; " + (
        f"did you mean {near[0]}?" if near else "write an IANA name such as Europe/Rome"
    )
