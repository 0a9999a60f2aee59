"""Timestamps and timeintervals of a formula, both in seconds; timestamps count from 1970 in UTC."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

_W3C = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?(Z|[+-]\d\d:\d\d))?)?)?", re.ASCII)
_RFC1123 = re.compile(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    seconds: float

    def __str__(self) -> str:
        sign = "-" if self.seconds < 0 else ""
        total = round(abs(self.seconds), 6)
        days, rest = divmod(total, 86400)
        hours, rest = divmod(rest, 3600)
        minutes, seconds = divmod(rest, 60)
        fraction = f"{seconds % 1:.6f}"[1:] if seconds % 1 >= 5e-7 else ""
        start = f"{days:.0f}." if days else ""
        return f"{sign}{start}{hours:02.0f}:{minutes:02.0f}:{int(seconds):02d}{fraction}"


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    seconds: float

    @property
    def date(self) -> datetime:
        """ValueError outside the years 1 to 9999."""
        try:
            return _EPOCH + timedelta(seconds=self.seconds)
        except (OverflowError, ValueError):
            raise ValueError("this timestamp is outside the years 1 to 9999") from None

    def member(self, name: str) -> float:
        """The value of one of names.MEMBERS."""
        return float(self.date.isoweekday() if name == "weekday" else getattr(self.date, name))

    def __str__(self) -> str:
        return self.date.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(at: datetime) -> Moment:
    """A time as a timestamp. ValueError if it has no zone."""
    if at.tzinfo is None:
        raise ValueError("this time has no zone; Batch evaluates formulas in UTC")
    return Moment((at - _EPOCH).total_seconds())


def read(text: str) -> Moment:
    """A W3C-DTF or RFC 1123 date, the two forms that time() takes. ValueError for any other."""
    try:
        if _RFC1123.fullmatch(text):
            return moment(parsedate_to_datetime(text))
        match = _W3C.fullmatch(text)
        if match:
            return _w3c(match)
    except (ValueError, OverflowError):
        pass
    raise ValueError(f"{text!r} is no date that time() can read")


def _w3c(match: re.Match[str]) -> Moment:
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    date = f"{year}-{month or '01'}-{day or '01'}T{hour or '00'}:{minute or '00'}:{second or '00'}"
    whole = moment(datetime.fromisoformat(date + (zone or "Z")))
    return Moment(whole.seconds + float(f"0{fraction}" if fraction else 0))


_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?", re.ASCII)


def duration(text: str | float) -> float:
    """Seconds of an ISO 8601 duration of days and less, such as PT5M; a number is seconds. ValueError for else."""
    if not isinstance(text, str):
        return float(text)
    match = _DURATION.fullmatch(text)
    if match is None or not any(match.groups()):
        raise ValueError(f"{text!r} is no duration; write for example PT5M, PT1H30M or P1D")
    days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return days * 86400 + hours * 3600 + minutes * 60 + seconds


def spell(seconds: float) -> str:
    """Seconds as the shortest ISO 8601 duration, to a tenth of a second."""
    days, rest = divmod(round(seconds, 1), 86400)
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    parts = [f"{value:.0f}{unit}" for value, unit in ((hours, "H"), (minutes, "M")) if value]
    if rest or not (days or parts):
        parts.append(f"{rest:.1f}".removesuffix(".0") + "S")
    return "P" + (f"{days:.0f}D" if days else "") + ("T" + "".join(parts) if parts else "")
