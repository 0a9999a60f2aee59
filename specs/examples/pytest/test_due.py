import os
from datetime import UTC, date, datetime

import pytest
from dateutil.tz import gettz
from due import due, local

LATE = datetime(2026, 1, 30, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day"),
    [("UTC", date(2026, 3, 2)), ("Asia/Kolkata", date(2026, 3, 2)), ("America/New_York", date(2026, 3, 2))],
)
def test_the_last_day_of_a_short_month_and_no_weekend(zone: str, day: date) -> None:
    assert due(LATE, zone) == day


def test_the_day_is_that_of_the_zone() -> None:
    new_year = datetime(2026, 12, 31, 20, 0, tzinfo=UTC)
    assert due(new_year, "America/New_York") == date(2027, 2, 1)
    assert due(new_year, "Asia/Kolkata", months=12) == date(2028, 1, 3)


def test_the_clock_of_the_machine_is_that_of_its_time_zone() -> None:
    zone = gettz(os.environ["TZ"])
    assert zone is not None
    assert local(LATE).utcoffset() == LATE.astimezone(zone).utcoffset()


@pytest.mark.skipif(os.environ["TZ"] != "America/New_York", reason="only there")
def test_the_clocks_go_forward() -> None:
    before, after = datetime(2026, 3, 8, 6, 59, tzinfo=UTC), datetime(2026, 3, 8, 7, 0, tzinfo=UTC)
    assert (local(before).hour, local(after).hour) == (1, 3)
