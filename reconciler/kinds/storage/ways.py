"""The way in of a run to a closed account: a rule for its address, and a tag that says until when, and what was before.

Both are written in one request, so neither is there without the other, wherever a run is killed. Rules count only while
publicNetworkAccess is Enabled. One that is Disabled is Enabled for so long, and denies all other addresses; it is
Disabled again when the last way in is taken back. ARM takes no If-Match for storage accounts, so whoever writes looks
again whether that is there, and two who write at once both get in.

What others can write is believed with care: a tag explains something only if it ends within the time that a way lasts,
only a rule for its own address, and only in an account that denies all others. None makes an account open to all.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from reconciler import departed, marks
from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import translated
from reconciler.errors import AzureError, Refused
from reconciler.kind import ArmType
from reconciler.kind.arm import Raw
from reconciler.kind.ways import LASTS, Way
from reconciler.model import Body, Desired, Observed
from reconciler.words import some

SPARE = timedelta(minutes=5)
"""How far clocks may be apart."""
PROBE = "reconcile-way"
"""A container that need not be there: whoever is told so, or that he may not look, has come in."""
KEPT_OUT = "AuthorizationFailure"
"""What storage answers to an address that its rules keep out; one without a role gets AuthorizationPermissionMismatch.

Source: learn.microsoft.com, Blob Storage error codes. That the network is judged before roles is inferred.
"""
OPEN, SHUT, DENY = "Enabled", "Disabled", "Deny"
DORMANT = ("ipRules", "ipv6Rules", "virtualNetworkRules", "resourceAccessRules")
"""Rules that let somebody in as soon as an account is Enabled."""
_SAID = re.compile(
    r"([\d.]{7,15}) until (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ), before (Disabled Allow|Disabled Deny|Enabled Deny)",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Standing:
    """A way in that a tag tells of, and publicNetworkAccess and defaultAction from before the first one."""

    way: Way
    public: str
    action: str

    @property
    def tag(self) -> str:
        return f"{marks.WAY}{self.way.run}"

    @property
    def text(self) -> str:
        return f"{self.way.address} until {self.way.until}, before {self.public} {self.action}"


def standing(tags: Mapping[str, str] | None) -> list[Standing]:
    """The ways in that tags tell of, in the order of their names; what is not as we write it is none."""
    found = []
    for name, text in sorted((tags or {}).items()):
        said = _SAID.fullmatch(text) if name.startswith(marks.WAY) else None
        if said:
            address, until, before = said.groups()
            with suppress(ValueError):
                ipaddress.IPv4Address(address)
                found.append(Standing(Way(name.removeprefix(marks.WAY), address, until), *before.split()))
    return found


def is_over(one: Standing, now: datetime) -> bool:
    """Whether it is left over: its end has passed, or is later than any that we write."""
    return not marks.moment(now) < one.way.until <= marks.moment(now + LASTS + SPARE)


def seen(cloud: Cloud, account: Observed) -> Observed:
    """An account as it would be without the ways in that stand; those that are left over are a difference."""
    known = standing(account.body.get("tags")) if account.of(cloud.owner) else []
    over = [one for one in known if is_over(one, cloud.time)]
    live = [one for one in known if one not in over]
    if not known or account.mark is None:
        return account
    ours = departed.tokens(("tags",), {"tags": {one.tag: "" for one in over}})
    return replace(
        account,
        body=without(account.body, live),
        mark=replace(account.mark, keys=account.mark.keys | ours),
        detail=account.detail or "; ".join(_told(one, left=one in over) for one in over or live),
        state=tuple(known),
    )


def _told(one: Standing, *, left: bool) -> str:
    what = f"a run from {one.way.address}"
    return f"the way in of {what} is left over" if left else f"lets in {what} until {one.way.until}"


def without(body: Body, ways: Iterable[Standing]) -> Body:
    """A normalised body less what these ways explain; as it is, if it lets in all the same."""
    ways, properties = list(ways), body["properties"]
    rules = properties.get("networkAcls") or {}
    names = {one.tag for one in ways}
    tags = {name: text for name, text in body["tags"].items() if name not in names}
    if not ways or properties.get("publicNetworkAccess") != OPEN or rules.get("defaultAction") != DENY:
        return {**body, "tags": tags}
    mine, first = {one.way.address for one in ways}, ways[0]
    rest = {"defaultAction": first.action, "ipRules": [value for value in rules["ipRules"] if value not in mine]}
    shut = {"publicNetworkAccess": first.public, "networkAcls": {**rules, **rest}}
    return {**body, "tags": tags, "properties": {**properties, **shut}}


def kept(desired: Desired, observed: Observed) -> Desired:
    """What is asked for, with the ways in that stand: an update of something else takes none back."""
    known: tuple[Standing, ...] = observed.state or ()
    live = [one for one in known if one.tag not in observed.body["tags"]]
    if not live or not closed(desired):
        return desired
    properties = desired.body["properties"]
    said = properties.get("networkAcls")
    action = said["defaultAction"] if said else live[0].action
    told = [replace(one, public=properties["publicNetworkAccess"], action=action) for one in live]
    open_ = {**properties, "publicNetworkAccess": OPEN}
    if said:
        values = sorted({*said["ipRules"], *(one.way.address for one in live)})
        open_["networkAcls"] = {**said, "defaultAction": DENY, "ipRules": values}
    tags = {**desired.body["tags"], **{one.tag: one.text for one in told}}
    return replace(desired, body={**desired.body, "tags": tags, "properties": open_})


def closed(desired: Desired) -> bool:
    properties = desired.body["properties"]
    rules = properties.get("networkAcls") or {}
    return bool(properties["publicNetworkAccess"] == SHUT or rules.get("defaultAction") == DENY)


def shuts(desired: Desired, address: str) -> bool:
    properties = desired.body["properties"]
    if desired.existing or not closed(desired):
        return False
    ranges = properties.get("networkAcls", {}).get("ipRules", ())
    return properties["publicNetworkAccess"] == SHUT or not _among(address, ranges)


def _among(address: str, ranges: Iterable[str]) -> bool:
    for text in ranges:
        with suppress(ValueError):
            if ipaddress.IPv4Address(address) in ipaddress.ip_network(text, strict=False):
                return True
    return False


@dataclass(frozen=True, slots=True)
class Door:
    """The verbs of `kind.ways.Ways` for accounts of an ARM type."""

    arm: ArmType

    def open(self, cloud: Cloud, desired: Desired, way: Way) -> bool:
        raw = self._ours(cloud, desired)
        if raw is None:
            return True
        known = standing(raw.get("tags"))
        mine = next((one for one in known if one.way.run == way.run), None)
        if mine and mine.way.until >= marks.moment(cloud.time + LASTS / 2) and _admits(raw, way.address, ()):
            return True
        if mine is None and _admits(raw, way.address, {one.way.address for one in known}):
            return True
        rules = raw["properties"].get("networkAcls") or {}
        public = raw["properties"].get("publicNetworkAccess", OPEN)
        _check(desired, rules, public, known)
        before = (known[0].public, known[0].action) if known else (public, rules.get("defaultAction", "Allow"))
        said = Standing(replace(way, until=marks.moment(cloud.time + LASTS)), *before)
        values = [rule for rule in rules.get("ipRules") or () if rule["value"] != way.address]
        values.append({"value": way.address, "action": "Allow"})
        tags = {**(raw.get("tags") or {}), said.tag: said.text}
        self._patch(cloud, raw, tags, OPEN, {**rules, "defaultAction": DENY, "ipRules": values})
        return False

    def works(self, cloud: Cloud, desired: Desired) -> bool:
        try:
            with translated():
                cloud.blobs(desired.address.name).get_container_client(PROBE).exists()
        except AzureError as error:
            return error.code != KEPT_OUT
        return True

    def close(self, cloud: Cloud, desired: Desired, way: Way) -> bool:
        raw = self._ours(cloud, desired)
        mine = [one for one in standing(raw.get("tags")) if one.way.run == way.run] if raw else []
        if raw is None or not mine:
            return True
        self._take_back(cloud, raw, mine)
        return False

    def left(self, cloud: Cloud, desired: Desired) -> Iterator[Way]:
        raw = self._ours(cloud, desired)
        yield from (one.way for one in standing(raw.get("tags")) if is_over(one, cloud.time)) if raw else ()

    def clear(self, cloud: Cloud, observed: Observed) -> bool:
        """Take back what is left over of an account that was observed; False if there is nothing."""
        over = [one for one in observed.state or () if one.tag in observed.body["tags"]]
        raw = arm.get(cloud, observed.id, self.arm.api_version) if over else None
        if raw is None:
            return False
        self._take_back(cloud, raw, over)
        return True

    def _take_back(self, cloud: Cloud, raw: Raw, gone: list[Standing]) -> None:
        """Write the account without these; with the last one it is as it was before."""
        names = {one.tag for one in gone}
        rest = [one for one in standing(raw["tags"]) if one.tag not in names]
        rules = raw["properties"].get("networkAcls") or {"defaultAction": DENY}
        public, action = raw["properties"].get("publicNetworkAccess", OPEN), rules["defaultAction"]
        if not rest and public == OPEN and action == DENY:
            public, action = gone[0].public, gone[0].action
        values = {one.way.address for one in gone} - {one.way.address for one in rest}
        kept_ = [rule for rule in rules.get("ipRules") or () if rule["value"] not in values]
        tags = {name: text for name, text in raw["tags"].items() if name not in names}
        self._patch(cloud, raw, tags, public, {**rules, "defaultAction": action, "ipRules": kept_})

    def _ours(self, cloud: Cloud, desired: Desired) -> Raw | None:
        """The account, if it is there and carries our mark: nothing else is opened or closed."""
        raw = arm.get(cloud, cloud.id_of(self.arm.name, desired.address.name), self.arm.api_version)
        return raw if raw and marks.is_ours(cloud.owner, raw.get("tags")) else None

    def _patch(self, cloud: Cloud, raw: Raw, tags: Mapping[str, str], public: str, rules: Mapping[str, Any]) -> None:
        properties = {"publicNetworkAccess": public, "networkAcls": rules}
        arm.patch(cloud, raw["id"], {"tags": tags, "properties": properties}, self.arm.api_version)


def _admits(raw: Raw, address: str, but: Iterable[str]) -> bool:
    """Whether an account lets an address in, by other rules than those for just these addresses."""
    rules = raw["properties"].get("networkAcls") or {}
    values = [rule["value"] for rule in rules.get("ipRules") or () if rule["value"] not in but]
    public = raw["properties"].get("publicNetworkAccess", OPEN) == OPEN
    return public and (rules.get("defaultAction", "Allow") != DENY or _among(address, values))


def _check(desired: Desired, rules: Mapping[str, Any], public: str, known: Iterable[Standing]) -> None:
    """Refused for an account that is closed in another way, or that would let in more than this run."""
    start = f"cannot let this run in to {desired.address}"
    if public not in (OPEN, SHUT):
        raise Refused(f"{start}: its publicNetworkAccess is {public}; add a rule for the address to its perimeter")
    ours = {one.way.address for one in known}
    dormant = [str(rule.get("value") or rule.get("id") or rule.get("resourceId")) for key in DORMANT
               for rule in rules.get(key) or () if rule.get("value") not in ours]  # fmt: skip
    if public == SHUT and dormant:
        text = f"it is {SHUT}, and has rules that would let in others as soon as it is not: {some(dormant)}"
        raise Refused(f"{start}: {text}; take them away, or write publicNetworkAccess: {OPEN} with networkAcls")
