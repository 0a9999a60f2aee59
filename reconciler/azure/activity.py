"""Azure's activity log: who has changed or deleted what. Pure.

The log has what went through ARM, for ninety days, a few minutes later: nothing of the Batch API or of blobs. Source:
learn.microsoft.com, Activity Log event schema; Microsoft.Insights 2015-04-01, EventData. One operation has several
events (Started, Accepted, Succeeded) of one correlationId. The caller is the sign-in name of a person, and an object
id of anybody else. Inferred: that the resourceId of an event is the resource's ARM id but for letter case, and that
the newest events come first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

MEMBERS = "caller,category,correlationId,eventTimestamp,operationName,resourceId,status"
"""The members of an event that are read, as `$select` takes them."""
KEPT = timedelta(days=89)
"""How far back is asked: a day less than Azure keeps, which refuses what is older."""
VERBS = {"write": "written", "delete": "deleted"}
LOOKING = ("list", "get", "check", "validate", "join", "read")
"""How actions begin that change nothing."""
FAILURES = ("failed", "failure", "canceled")
NOBODY = "somebody whom the log does not name"


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody has done with a resource: `id` is its ARM id in lower case, `verb` one of VERBS or the name of an
    action, `at` in UTC."""

    id: str
    verb: str
    who: str
    at: datetime

    @property
    def gone(self) -> bool:
        return self.verb == VERBS["delete"]

    @property
    def sentence(self) -> str:
        verb = self.verb if self.verb in VERBS.values() else f"{self.verb} asked for"
        return f"{verb} by {self.who} at {self.at:%Y-%m-%d %H:%M} UTC (activity log)"


def asking(group: str, since: datetime) -> str:
    """The `$filter` for what happened in a resource group since then."""
    quoted = group.replace("'", "''")
    return f"eventTimestamp ge '{since:%Y-%m-%dT%H:%M:%SZ}' and resourceGroupName eq '{quoted}'"


def deeds(events: Iterable[Mapping[str, Any]]) -> tuple[Deed, ...]:
    """What was done, without what failed, the newest first; an operation once, as of its last event."""
    found: dict[tuple[str, str, str], Deed] = {}
    failed = set()
    for event in events:
        deed = _deed(event)
        if deed is None:
            continue
        key = (deed.id, deed.verb, str(event.get("correlationId") or deed.at))
        if _value(event, "status").lower() in FAILURES:
            failed.add(key)
        if key not in found or found[key].at < deed.at:
            found[key] = deed
    done = [deed for key, deed in found.items() if key not in failed]
    return tuple(sorted(done, key=lambda one: one.at, reverse=True))


def last(known: Iterable[Deed], mine: Callable[[str], bool]) -> Deed | None:
    """The newest write to, or deletion of, a resource itself; `known` begins with the newest, `mine` knows its id."""
    return next((one for one in known if one.verb in VERBS.values() and mine(one.id)), None)


def _deed(event: Mapping[str, Any]) -> Deed | None:
    operation, category = _value(event, "operationName"), _value(event, "category")
    if category.lower() != "administrative":
        return None
    *types, name = operation.split("/")
    verb = VERBS.get(name.lower(), "")
    if name.lower() == "action" and types and not types[-1].lower().startswith(LOOKING):
        verb = types[-1]
    at = _moment(event.get("eventTimestamp"))
    if not verb or at is None:
        return None
    return Deed(str(event.get("resourceId", "")).lower().rstrip("/"), verb, _who(event), at)


def _who(event: Mapping[str, Any]) -> str:
    caller = str(event.get("caller") or "")
    if not caller:
        return NOBODY
    return caller if "@" in caller else f"the application or identity {caller}"


def _value(event: Mapping[str, Any], name: str) -> str:
    """A member that is a text, or a text beside its localized form."""
    found = event.get(name)
    return str((found.get("value") if isinstance(found, Mapping) else found) or "")


def _moment(text: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
