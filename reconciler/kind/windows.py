"""Maintenance windows: when running work may be disturbed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from batch_autoscale import times
from reconciler.spec.pools import Window

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def closed(windows: Sequence[Window], now: datetime) -> str:
    """Why work may not be disturbed at `now`; empty if it may: in a window, or if there are no windows."""
    spans = [(*span, window["timeZone"]) for window in windows for span in _times(window, now)]
    if not windows or any(begin <= now < end for begin, end, _ in spans):
        return ""
    begin, zone = min((begin, zone) for begin, _, zone in spans if begin > now)
    return (
        f"waits for its maintenance window, which opens on {begin.astimezone(ZoneInfo(zone)):%A %Y-%m-%d %H:%M} {zone}"
    )


def _times(window: Window, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The times of the window, from the days before `now` to a week after it: begin and end in UTC."""
    zone, lasts = ZoneInfo(window["timeZone"]), timedelta(seconds=times.duration(window["lasts"]))
    today = now.astimezone(zone).date()
    for days in range(-lasts.days - 1, 9):
        date = today + timedelta(days=days)
        if DAYS[date.weekday()] in window.get("days", DAYS):
            begin = datetime.combine(date, time.fromisoformat(window["start"]), zone).astimezone(UTC)
            yield begin, begin + lasts
