"""What only some commands need is installed on request: an extra of the package, and the command that installs it."""

from __future__ import annotations

from importlib.util import find_spec

from reconciler.errors import ReconcileError

EXTRAS = {
    "local": ("the local Azure", ("jwt", "starlette", "trustme", "uvicorn")),
    "plot": ("--plot", ("matplotlib",)),
    "images": ("images generate", ("PIL",)),
}
"""Extra → what needs it, and the modules that it brings."""


class MissingPackages(ReconcileError):
    """A command needs an extra that is not installed."""


def need(extra: str) -> None:
    """MissingPackages unless all modules of the extra are here; none is imported."""
    what, modules = EXTRAS[extra]
    if any(find_spec(module) is None for module in modules):
        raise MissingPackages(f"{what} needs more packages; run: pip install 'reconcile-batch[{extra}]'")
