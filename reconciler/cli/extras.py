"""Packages that only some commands need: extras of this package, and the command that installs them."""

from __future__ import annotations

from importlib.util import find_spec

from reconciler.errors import ReconcileError

EXTRAS = {
    "local": ("the local Azure", ("httptools", "jwt", "starlette", "trustme", "uvicorn")),
    "serve": ("serve", ("starlette", "uvicorn")),
    "watch": ("watch", ("prometheus_client",)),
    "plot": ("--plot", ("matplotlib",)),
    "policy": ("a rule in CEL", ("cel",)),
    "images": ("images generate", ("PIL",)),
}
"""Extra → the command or option that needs it, and the modules that it installs."""


class MissingPackages(ReconcileError):
    """A command needs an extra that is not installed."""


def need(extra: str) -> None:
    """Raise MissingPackages unless all modules of the extra are installed; none is imported."""
    what, modules = EXTRAS[extra]
    if any(find_spec(module) is None for module in modules):
        raise MissingPackages(f"{what} needs more packages; run: pip install 'reconcile-batch[{extra}]'")
