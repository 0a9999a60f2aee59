"""Spellings of ISO 8601 durations, as the same length can be spelled in many ways."""

from __future__ import annotations

import re


def seconds(duration: str) -> int | None:
    """The length of a duration without fractions and months; None for another text."""
    match = re.fullmatch(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", duration)
    if match is None:
        return None
    return sum(int(part or 0) * unit for part, unit in zip(match.groups(), (86400, 3600, 60, 1), strict=True))


def canonical(duration: str) -> str:
    """`PT06M00S` → `PT6M`, as Azure spells durations; a text that is no duration stays as it is."""
    whole = seconds(duration)
    if whole is None:
        return duration
    days, rest = divmod(whole, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    clock = "".join(f"{number}{unit}" for number, unit in ((hours, "H"), (minutes, "M"), (rest, "S")) if number)
    return f"P{f'{days}D' if days else ''}{f'T{clock}' if clock else ''}" if whole else "PT0S"


def without_days(duration: str) -> str:
    """`P1DT1H` → `PT25H`, as a spec has it: its durations have no days."""
    match = re.fullmatch(r"P(\d+)D(?:T(?:(\d+)H)?(.*))?", duration)
    return f"PT{int(match[1]) * 24 + int(match[2] or 0)}H{match[3] or ''}" if match else duration
