"""From live resources to a spec of them: the inverse of what the kinds' `expand` does.

`live.read` reads a resource group through the kinds' own lists; a pure function a kind says what it found in a spec's
words; and `draft` keeps only what, expanded again, asks for no change. What is left out is told, with the reason.
"""

from reconciler.importing.composing import Draft
from reconciler.importing.draft import draft
from reconciler.importing.live import Live, read

__all__ = ["Draft", "Live", "draft", "read"]
