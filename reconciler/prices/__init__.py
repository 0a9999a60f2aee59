"""Sources of prices: a file of the user, or Azure's public price list, kept for a week in `.reconcile/prices`.

Getting prices never fails and takes a few seconds at most: those that are not known stay unknown.
"""

from __future__ import annotations

from reconciler.prices.file import PricesError, read
from reconciler.prices.kept import current, remembered
from reconciler.prices.retail import URL

__all__ = ["URL", "PricesError", "current", "read", "remembered"]
