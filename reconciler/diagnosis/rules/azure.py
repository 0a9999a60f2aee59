"""What Azure says of itself: resources that are not well, and incidents of services that the spec uses."""

from __future__ import annotations

from reconciler.azure.advisories import Advisory
from reconciler.diagnosis.facts import Facts, Found
from reconciler.words import some


def resource(facts: Facts) -> Found | None:
    """Inferred: that a resource which Azure calls degraded or unavailable keeps from working what needs it."""
    return _told([one for one in facts.advisories if one.sort == "health"])


def service(facts: Facts) -> Found | None:
    """An incident may be the cause of what is wrong; where all is well it is none."""
    return _told([one for one in facts.advisories if one.sort == "incident"]) if _troubled(facts) else None


def _told(advisories: list[Advisory]) -> Found | None:
    if not advisories:
        return None
    first, *others = advisories
    evidence = (f"touches {some(first.about)}", first.link, *(one.what for one in others))
    return Found(f"Azure says: {first.what}", tuple(filter(None, evidence)), first.remedy, inferred=True)


def _troubled(facts: Facts) -> bool:
    if facts.missing or facts.waiting or facts.failed:
        return True
    return (not facts.work and len(facts.able) < len(facts.nodes or ())) or bool((facts.pool or {}).get("resizeErrors"))
