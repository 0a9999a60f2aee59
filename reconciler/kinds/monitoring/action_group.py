"""An action group: whom an alert tells, by mail and at webhooks.

All of it changes in place. Addresses of webhooks are secrets, so a body has a reference in place of each: in the body
that is seen it is the same where the live address is what the reference leads to, as far as whoever looks can read it.
Receivers of other forms, which others added, stay. That Azure shows addresses as they were written is inferred from
its schema, which marks none of them as write-only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from reconciler import marks
from reconciler.cloud import arm, secret_reference
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.operations import Operation
from reconciler.errors import Refused
from reconciler.kind import ArmType, Kind
from reconciler.kind.arm import Plain, Raw, Verbs
from reconciler.kind.inverse import Inverse, Known, Section
from reconciler.kinds.monitoring import saying, wanted
from reconciler.model import Address, Body, Desired, Diff, Mark, Observed, Rule
from reconciler.spec import webhooks
from reconciler.spec.sections import SecretReference
from reconciler.spec.spec import Spec

NAME = "action_group"
ARM = ArmType(wanted.GROUP, "2023-01-01", rare=True)
RECEIVERS = (
    "armRole", "automationRunbook", "azureAppPush", "azureFunction", "email", "eventHub", "itsm", "logicApp", "sms",
    "voice", "webhook",
)  # fmt: skip
FIELDS = {
    "location": Rule.IGNORE,
    "tags": Rule.LIVE,
    **dict.fromkeys(("properties.groupShortName", "properties.enabled"), Rule.LIVE),
    **{f"properties.{name}Receivers": Rule.LIVE for name in RECEIVERS},
}
SHORT = 12
"""The most characters of a short name."""


def expand(spec: Spec) -> Iterable[Desired]:
    section = wanted.section(spec)
    for name, group in (section["notify"] if section else {}).items():
        properties = {
            "groupShortName": group.get("shortName", name[:SHORT].strip()),
            "enabled": True,
            "emailReceivers": sorted(map(_mail, group["mail"]), key=_name),
            "webhookReceivers": sorted(map(_webhook, group["webhooks"]), key=_name),
        }
        body = {**arm.tagged(spec, {}), "location": "global", "properties": properties}
        yield Desired(Address(NAME, name), body, (Address("resource_group", spec.azure.resource_group),))


def _mail(address: str) -> dict[str, Any]:
    return {"name": address, "emailAddress": address, "useCommonAlertSchema": True}


def _webhook(reference: SecretReference) -> dict[str, Any]:
    """A receiver that is called by where its address is."""
    (place,) = reference.values()
    called = str(place).partition("/secrets/")[2] or place
    return {"name": called, "serviceUri": dict(reference), "useCommonAlertSchema": True}


def _name(receiver: Mapping[str, Any]) -> str:
    return str(receiver["name"])


def _normalised(body: Raw) -> Body:
    """Receivers by name; of addresses only the host, as they may be secrets."""
    properties = dict(body["properties"])
    mails = [_own(one) for one in properties.get("emailReceivers") or ()]
    hooks = [{**_plain(one), "serviceUri": _told(one["serviceUri"])} for one in _hooks(body)]
    properties |= {"emailReceivers": sorted(mails, key=_name), "webhookReceivers": sorted(hooks, key=_name)}
    return {**body, "properties": properties}


def _own(receiver: Mapping[str, Any]) -> dict[str, Any]:
    """A receiver without what Azure says of it."""
    return {key: item for key, item in receiver.items() if key != "status"}


def _told(address: str) -> str:
    """What may be told of the address of a webhook."""
    return "another address" if webhooks.fault(address) else f"another address, at {webhooks.host(address)}"


def _hooks(body: Body) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = body["properties"].get("webhookReceivers") or ()
    return found


def _plain(receiver: Mapping[str, Any]) -> dict[str, Any]:
    """A receiver without what Azure fills in where nobody signs in."""
    usual = {"useAadAuth": False, "objectId": "", "identifierUri": "", "tenantId": ""}
    return {key: item for key, item in receiver.items() if key not in usual or (item or "") not in ("", False)}


def _list(cloud: Cloud, groups: Iterable[Desired]) -> Iterator[Observed]:
    asked = {desired.address: desired for desired in groups}
    for name, raw in PLAIN.read(cloud, asked.values()):
        yield _seen(cloud, asked.get(Address(NAME, name)), name, raw)


def _observe(cloud: Cloud, resource: Desired | Observed) -> Observed | None:
    raw = arm.get(cloud, PLAIN.id_of(cloud, resource), ARM.api_version)
    desired = resource if isinstance(resource, Desired) else None
    return _seen(cloud, desired, resource.address.name, raw) if raw else None


def _seen(cloud: Cloud, desired: Desired | None, name: str, raw: Raw) -> Observed:
    """One as it is; the address of a webhook is the reference that the spec has, where it leads to that address."""
    seen = PLAIN.shown(name, raw)
    asked = {_name(one): one["serviceUri"] for one in _hooks(desired.body)} if desired else {}
    live = {_name(one): one["serviceUri"] for one in _hooks(raw)}
    same = [name for name in live if name in asked and _same(cloud, asked[name], live[name])]
    return replace(seen, body=_with(seen.body, {name: asked[name] for name in same}))


def _with(body: Body, addresses: Mapping[str, Any]) -> Body:
    """The body with these addresses of webhooks, by name."""
    hooks = [{**one, "serviceUri": addresses.get(_name(one), one["serviceUri"])} for one in _hooks(body)]
    return {**body, "properties": {**body["properties"], "webhookReceivers": hooks}}


def _same(cloud: Cloud, reference: SecretReference, address: str) -> bool:
    """Whether a reference leads to an address, as far as we can tell: who only looks may not see the secret."""
    try:
        return secret_reference.value(cloud, reference, cloud.environ) == address
    except secret_reference.NoSecret:
        return True


def _address(cloud: Cloud, reference: SecretReference) -> str:
    """The address of a webhook. NoSecret or Refused, with what to do, if there is none."""
    found = secret_reference.value(cloud, reference, cloud.environ)
    if reason := webhooks.fault(found):
        raise Refused(f"the address in {next(iter(reference.values()))} {reason}")
    return found


def _written(cloud: Cloud, body: Body) -> Raw:
    return {**_with(body, {_name(one): _address(cloud, one["serviceUri"]) for one in _hooks(body)})}


def create(cloud: Cloud, desired: Desired, mark: Mark) -> Operation | None:
    body = _written(cloud, desired.body)
    whole = {**body, "tags": marks.with_mark(body["tags"], mark)}
    return arm.put(cloud, PLAIN.id_of(cloud, desired), whole, ARM.api_version)


def update(cloud: Cloud, desired: Desired, mark: Mark, observed: Observed, diff: Diff) -> Operation | None:
    """A PUT, as a PATCH changes only tags; it carries the receivers of other forms that are there."""
    kept = ((key, item) for key, item in observed.body["properties"].items() if key.endswith("Receivers"))
    others = {key: list(map(_own, receivers)) for key, receivers in kept if receivers}
    body = _written(cloud, desired.body)
    tags = marks.with_mark({**observed.body["tags"], **desired.body["tags"]}, mark)
    whole = {**body, "tags": tags, "properties": {**others, **body["properties"]}}
    return arm.put(cloud, observed.id, whole, ARM.api_version)


def entry(observed: Observed, known: Known, notes: list[str]) -> Section:
    """The entry of a live group; each webhook is looked for in a variable of its name."""
    properties = observed.body["properties"]
    section: Section = {}
    if mails := [one["emailAddress"] for one in properties["emailReceivers"]]:
        section["mail"] = mails
    if hooks := [saying.variable(_name(one)) for one in properties["webhookReceivers"]]:
        section["webhooks"] = [{"environmentVariable": name} for name in hooks]
        notes.append(f"put the addresses of its webhooks into {', '.join(hooks)}")
    if properties["groupShortName"] != observed.address.name[:SHORT].strip():
        section["shortName"] = properties["groupShortName"]
    return section


def _said(desired: Desired, observed: Observed) -> Body:
    """With the variable of each webhook that `entry` has named, whatever its address is."""
    return _with(observed.body, {name: {"environmentVariable": name} for name in map(_name, _hooks(desired.body))})


PLAIN = Plain(name=NAME, arm=ARM, normalise=_normalised)
VERBS: Verbs = {**PLAIN.verbs(), "list": _list, "observe": _observe, "create": create, "update": update}
KIND = Kind(
    name=NAME,
    arm=ARM,
    fields=FIELDS,
    expand=expand,
    **VERBS,
    noun="action group",
    keys={
        "properties.groupShortName": "shortName",
        "properties.emailReceivers": "mail",
        "properties.webhookReceivers": "webhooks",
    },
    usual={"location": "global", "properties": {"enabled": True}},
    traits=saying.NOWHERE,
    inverse=Inverse(say=entry, place=saying.place("notify"), tagged=True, seen=_said, beside=saying.only),
)
