"""Where prices come from: a file of one's own, or Azure's public price list, kept for a week in `.reconcile/prices`.

Getting them never fails and never takes longer than a few seconds: what is not known stays unknown.
"""

from __future__ import annotations

from reconciler.prices.file import PricesError, read
from reconciler.prices.kept import current, remembered
from reconciler.prices.retail import URL

__all__ = ["URL", "PricesError", "current", "read", "remembered"]
