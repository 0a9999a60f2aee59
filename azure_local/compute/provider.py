"""What the types of Microsoft.Compute have in common: the shapes of their bodies, and its failures."""

from __future__ import annotations

from azure_local.http import Failure
from azure_local.shapes import Fault, Shapes, load
from azure_local.tracked import Provider, Type


def _unfit(fault: Fault) -> Failure:
    if fault.kind == "unknown" and "." not in fault.path:
        text = f"The request content was invalid and could not be deserialized: '{fault.text}'"
        return Failure(400, "InvalidRequestContent", text)
    code = "BadRequest" if fault.kind in ("unknown", "type") else "InvalidParameter"
    return Failure(400, code, fault.text, target=fault.path)


def _bad_name(kind: Type, name: str) -> Failure:
    target = f"{kind.shape[:1].lower()}{kind.shape[1:]}.name"
    return Failure(
        400, "InvalidParameter", f"The entity name '{target}' is invalid according to its rule.", target=target
    )


def _limits(kind: Type, verb: str) -> dict[str, str]:
    """Headers with the remaining request budget of Compute."""
    call = f"Microsoft.Compute/{verb}{kind.shape}"
    return {"x-ms-ratelimit-remaining-resource": f"{call}3Min;239,{call}30Min;1199"}


COMPUTE = Provider("Microsoft.Compute", Shapes(load("compute"), _unfit), bad_name=_bad_name, limits=_limits)
