"""Amounts of money in words."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£"}
CENT, WHOLE, FINE = Decimal("0.01"), Decimal(1), Decimal("0.0001")
ROUGH = 100
"""From this amount on, `roughly` leaves out cents."""


def money(amount: Decimal, currency: str, *, sign: bool = False) -> str:
    """`$70.08`, `-CHF 1,200.00`, with a sign `+$70.08`."""
    return _words(amount, CENT, currency, sign=sign)


def roughly(amount: Decimal, currency: str, *, sign: bool = False) -> str:
    """The same without cents where they do not matter: `$210`, `$0.30`."""
    step = WHOLE if abs(amount) >= ROUGH or amount == amount.to_integral_value() else CENT
    return _words(amount, step, currency, sign=sign)


def hourly(amount: Decimal, currency: str) -> str:
    """To a hundredth of a cent, as prices per hour are given: `$0.0960`."""
    return _words(amount, FINE, currency, sign=False)


def _words(amount: Decimal, step: Decimal, currency: str, *, sign: bool) -> str:
    rounded = amount.quantize(step, ROUND_HALF_UP)
    before = "-" if rounded < 0 else "+" if sign else ""
    return f"{before}{SYMBOLS.get(currency, f'{currency} ')}{abs(rounded):,}"
