"""From YAML to a checked Spec."""

from reconciler.spec.family import Section, Sections
from reconciler.spec.load import load
from reconciler.spec.spec import Spec, Target

__all__ = ["Section", "Sections", "Spec", "Target", "load"]
