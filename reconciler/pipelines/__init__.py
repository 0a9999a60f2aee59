"""From a few answers to the files that a team begins with: a spec, and pipelines that plan and apply specs on a forge.

Pure: `starting.spec` and `pipelines.files` give text by path, and write nothing.
"""

from reconciler.pipelines.files import FORGES, Pipelines, files
from reconciler.pipelines.starting import WHAT, Start, spec

__all__ = ["FORGES", "WHAT", "Pipelines", "Start", "files", "spec"]
