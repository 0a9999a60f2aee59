"""When an invoice is due, in the calendar of whoever asks: the small library that is tested."""

from __future__ import annotations

import datetime

from dateutil.relativedelta import relativedelta
from dateutil.tz import gettz

SATURDAY = 5


def due(written: datetime.datetime, zone: str, months: int = 1) -> datetime.date:
    """The day so many months after an invoice was written, by the calendar of `zone`; no Saturday and no Sunday."""
    day = written.astimezone(gettz(zone)).date() + relativedelta(months=months)
    while day.weekday() >= SATURDAY:
        day += datetime.timedelta(days=1)
    return day


def local(moment: datetime.datetime) -> datetime.datetime:
    """The moment on the clock of this machine, as its TZ has it."""
    return moment.astimezone()
