"""From YAML to a checked Spec."""

from reconciler.spec.load import load
from reconciler.spec.spec import Spec, Target

__all__ = ["Spec", "Target", "load"]
