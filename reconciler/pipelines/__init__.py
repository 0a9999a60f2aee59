"""From a few answers to the files that a team begins with: a spec, pipelines that plan and apply it, and as whom.

Pure: `starting.spec`, `files.files` and `identity.identity_spec` give text, and write nothing.
"""

from reconciler.pipelines.files import FORGES, Pipelines, files
from reconciler.pipelines.starting import WHAT, Start, spec

__all__ = ["FORGES", "WHAT", "Pipelines", "Start", "files", "spec"]
