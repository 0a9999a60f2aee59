"""Makes a spec of live resources: the inverse of what `expand` of the kinds does.

`live.read` reads a resource group through the lists of the kinds. A pure function of each kind turns a resource into
a section of a spec. `draft` keeps only sections that, expanded again, change nothing, and has reasons for the rest.
"""

from reconciler.importing.composing import Draft
from reconciler.importing.draft import aside, draft
from reconciler.importing.live import Live, read

__all__ = ["Draft", "Live", "aside", "draft", "read"]
