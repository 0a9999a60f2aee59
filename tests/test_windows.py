"""Maintenance windows: open or closed at a moment, and when the next one opens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.kind import windows

NIGHTS: Any = {"start": "22:00", "lasts": "PT4H", "timeZone": "UTC"}
WEEKEND: Any = {"days": ["saturday"], "start": "20:00", "lasts": "P1DT12H", "timeZone": "Europe/Rome"}


@pytest.mark.parametrize(
    ("window", "now", "opens"),
    [
        (NIGHTS, "2026-11-21T22:00:00", None),
        (NIGHTS, "2026-11-22T01:59:59", None),
        (NIGHTS, "2026-11-22T02:00:00", "Sunday 2026-11-22 22:00 UTC"),
        (NIGHTS, "2026-11-21T21:59:59", "Saturday 2026-11-21 22:00 UTC"),
        (WEEKEND, "2026-11-23T06:59:00", None),
        (WEEKEND, "2026-11-23T07:00:00", "Saturday 2026-11-28 20:00 Europe/Rome"),
        (WEEKEND, "2026-11-21T18:59:00", "Saturday 2026-11-21 20:00 Europe/Rome"),
        (WEEKEND, "2026-11-21T19:00:00", None),
        # summer time: the same hour of the clock is another one in UTC
        (WEEKEND, "2026-07-18T17:59:00", "Saturday 2026-07-18 20:00 Europe/Rome"),
        (WEEKEND, "2026-07-18T18:00:00", None),
    ],
)
def test_a_window_is_open_from_its_start_for_as_long_as_it_lasts(window: Any, now: str, opens: str | None) -> None:
    told = windows.closed([window], datetime.fromisoformat(now).replace(tzinfo=UTC))
    assert told == (f"waits for its maintenance window, which opens on {opens}" if opens else "")


def test_the_next_of_several_windows_is_told_and_without_any_all_is_open() -> None:
    now = datetime(2026, 11, 24, 12, tzinfo=UTC)
    assert "Tuesday 2026-11-24 22:00 UTC" in windows.closed([WEEKEND, NIGHTS], now)
    assert windows.closed([], now) == ""


times = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))
made = st.fixed_dictionaries(
    {
        "days": st.lists(st.sampled_from(windows.DAYS), min_size=1, unique=True),
        "start": st.times().map(lambda time: time.strftime("%H:%M")),
        "lasts": st.integers(1, 60 * 60).map(lambda minutes: f"PT{minutes}M"),
        "timeZone": st.sampled_from(["UTC", "Europe/Rome", "America/New_York", "Asia/Kathmandu"]),
    }
)


@given(st.lists(made, min_size=1, max_size=3), times)
def test_a_closed_window_opens_at_the_moment_that_is_told(several: Any, now: datetime) -> None:
    told = windows.closed(several, now)
    if not told:
        return
    day, clock, zone = told.rsplit(" ", 3)[1:]
    opens = datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    assert now < opens <= now + timedelta(days=8)
    assert windows.closed(several, opens) == ""
    assert windows.closed(several, opens - timedelta(seconds=1)) != "" or opens - timedelta(seconds=1) <= now
