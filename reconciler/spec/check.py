"""Is a document a spec? Its shape by JSON Schema, then what no schema can say: references, roles, clashes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

from reconciler.azure import retired, roles
from reconciler.errors import Problem
from reconciler.files import folder
from reconciler.spec import check_applications, check_images, check_pools, check_rollout
from reconciler.spec.document import Document, Path_
from reconciler.spec.references import absent, dangling, nearest
from reconciler.words import count

WRITERS = ("Storage Blob Data Contributor", "Storage Blob Data Owner")
"""Roles with which a pool's identity can write results."""


def check(document: Document, today: date | None = None, *, trying: bool = True) -> list[Problem]:
    """Every problem of the document. References are only followed in a document of the right shape, and pools only
    tried (if `trying`) in one without any other problem.

    With `today`, what Azure has retired by then is a problem too.
    """
    found = _shape(document) or [*_meaning(document), *_ended(document, today)]
    return list(check_pools.trials(document)) if trying and not found else found


def _ended(document: Document, today: date | None) -> Iterator[Problem]:
    return check_pools.ended(document, document.value, today) if today else iter(())


def _shape(document: Document) -> list[Problem]:
    from jsonschema import Draft202012Validator

    schema = json.loads((folder("schemas") / "spec.schema.json").read_text())
    errors = Draft202012Validator(schema).iter_errors(document.value)
    return sorted({problem for error in errors for problem in _problems(document, error)})


def _problems(document: Document, error: Any) -> Iterator[Problem]:
    """A validation error in the words of a person who wrote the spec."""
    path: Path_ = tuple(error.absolute_path)
    if error.validator == "additionalProperties":
        known = list(error.schema.get("properties", {}))
        for key in error.instance:
            if key not in known:
                words = _gone(key) or f"is not a known key{nearest(key, known)}"
                yield document.problem((*path, key), words, at_key=True)
    elif error.validator == "required":
        missing = [key for key in error.validator_value if key not in error.instance]
        for key in missing:
            if f"'{key}'" in error.message:
                yield document.problem(path, f"has no {key}, which is required", at_key=True)
    elif "propertyNames" in error.absolute_schema_path and isinstance(error.instance, str):
        says = error.schema.get("x-says", error.message)
        yield document.problem((*path, error.instance), f"is not a valid name: {says}", at_key=True)
    else:
        yield document.problem(path, _sentence(error))


def _gone(key: str) -> str:
    """What became of a key that Azure has retired; empty for others."""
    notice = retired.field(key)
    return f"is not a key any more: {notice.what} ended on {notice.on}; {notice.remedy}" if notice else ""


def _sentence(error: Any) -> str:
    value, limit = error.instance, error.validator_value
    shown = json.dumps(value, ensure_ascii=False)
    shown = shown if len(shown) <= 60 else shown[:57] + "..."
    sentences: dict[str, Callable[[], str]] = {
        "type": lambda: f"must be {_types(limit)}, not {_type_of(value)}{_quotes(limit, value)}",
        "enum": lambda: f"is {shown}; it can be {', '.join(map(str, limit))}{nearest(value, limit)}",
        "const": lambda: f"is {shown}; it must be {limit}",
        "pattern": lambda: f"is {shown}: {error.schema.get('x-says', 'has the wrong form')}",
        "minimum": lambda: f"is {shown}; it must be at least {limit}",
        "maximum": lambda: f"is {shown}; it must be at most {limit}",
        "minLength": lambda: f"must have at least {count(limit, 'character')}",
        "maxLength": lambda: f"has {len(value):,} characters; at most {limit:,} are allowed",
        "minItems": lambda: f"must have at least {count(limit, 'entry')}",
        "minProperties": lambda: "must not be empty",
        "maxProperties": lambda: f"has {len(value)} entries; at most {limit} are allowed",
        "uniqueItems": lambda: "has an entry twice",
        "not": lambda: str(error.schema.get("x-says", error.message)),
    }
    sentence = sentences.get(error.validator)
    return sentence() if sentence else str(error.message)


def _types(types: str | list[str]) -> str:
    words = {"object": "a map", "array": "a list", "string": "text", "integer": "a whole number", "number": "a number"}
    words |= {"boolean": "true or false", "null": "empty"}
    names = [types] if isinstance(types, str) else types
    return " or ".join(words[name] for name in names)


def _quotes(types: str | list[str], value: Any) -> str:
    """What makes text of a plain scalar that YAML takes for something else, such as a version 4.2."""
    return "; put it in quotes" if types == "string" and isinstance(value, int | float) else ""


def _type_of(value: Any) -> str:
    if isinstance(value, bool):
        return f"{str(value).lower()}"
    if value is None:
        return "empty"
    shown = "a map" if isinstance(value, dict) else "a list" if isinstance(value, list) else json.dumps(value)
    return shown if len(shown) <= 60 else shown[:57] + "..."


def _meaning(document: Document) -> Iterator[Problem]:
    value = document.value
    if "subscription" not in value["azure"]:
        yield document.problem(("azure",), "has no subscription, which is required", at_key=True)
    parts = (check_images.check, check_applications.check, check_pools.check, check_rollout.check)
    for check_part in (_identities, *parts, _account, _pools, _jobs, _clashes):
        yield from check_part(document, value)


def _identities(document: Document, value: Mapping[str, Any]) -> Iterator[Problem]:
    for name, body in value.get("identities", {}).items():
        given = (body or {}).get("roles", [])
        for index, role in enumerate(given):
            path = ("identities", name, "roles", index)
            if reason := roles.unknown(role["role"]):
                yield document.problem((*path, "role"), f"{role['role']!r} {reason}")
            if role["on"] == "batchAccount" and "batchAccount" not in value:
                yield document.problem((*path, "on"), "the spec has no batchAccount")
            elif role["on"].startswith(("storage/", "registries/")):
                yield from dangling(document, value, (*path, "on"), role["on"])
            if role in given[:index]:
                yield document.problem(path, "is given twice")


def _account(document: Document, value: Mapping[str, Any]) -> Iterator[Problem]:
    account = value.get("batchAccount", {})
    for key in ("autoStorage", "autoStorageIdentity"):
        if key in account:
            yield from dangling(document, value, ("batchAccount", key), account[key])
    if "autoStorageIdentity" in account and "autoStorage" not in account:
        yield document.problem(("batchAccount", "autoStorageIdentity"), "has no meaning without autoStorage")
    storage = value.get("storage", {}).get(account.get("autoStorage", "/").split("/")[1])
    keyless = storage is not None and not storage.get("allowSharedKeyAccess", False)
    if keyless and "autoStorageIdentity" not in account:
        message = (
            "is closed to shared keys, so Batch needs an identity for it; set autoStorageIdentity: identities/NAME"
        )
        yield document.problem(("batchAccount", "autoStorage"), message)


def _pools(document: Document, value: Mapping[str, Any]) -> Iterator[Problem]:
    if value.get("pools") and "batchAccount" not in value:
        yield document.problem(("pools",), "pools need a batchAccount; add batchAccount: {name: ...}", at_key=True)
    for name, body in value.get("pools", {}).items():
        identity = body.get("identity", [])
        several = isinstance(identity, list)
        for index, ref in enumerate(identity if several else [identity]):
            path = ("pools", name, "identity", *([index] if several else []))
            yield from dangling(document, value, path, ref)


def _jobs(document: Document, value: Mapping[str, Any]) -> Iterator[Problem]:
    for name, body in value.get("jobs", {}).items():
        path: Path_ = ("jobs", name)
        missing = list(dangling(document, value, (*path, "pool"), body["pool"]))
        yield from missing
        if "convert" in body:
            yield from _conversion(document, value, (*path, "convert"), body, pool_known=not missing)


def _conversion(
    document: Document, value: Mapping[str, Any], path: Path_, job: Mapping[str, Any], *, pool_known: bool
) -> Iterator[Problem]:
    convert = job["convert"]
    missing = [
        p
        for key in ("from", "to", "scripts")
        if key in convert
        for p in dangling(document, value, (*path, key), convert[key])
    ]
    yield from missing
    if convert["from"] == convert["to"]:
        yield document.problem((*path, "to"), "must not be the container that is converted from")
    account = convert["to"].split("/")[1]
    scripts = convert.get("scripts", f"storage/{account}/scripts")
    if "scripts" not in convert and not missing and absent(value, scripts):
        message = f"needs a container for its scripts; declare {scripts} under storage, or set scripts:"
        yield document.problem(path, message, at_key=True)
    if scripts in (convert["from"], convert["to"]):
        yield document.problem((*path, "scripts"), "must be a container of its own")
    if pool_known and check_images.holds_containers(value, job["pool"]):
        message = f"{job['pool']} runs tasks in containers only, as its nodes hold container images; use another pool"
        yield document.problem(path, message, at_key=True)
    if pool_known and not missing:
        accounts = {ref.split("/")[1] for ref in (convert["from"], convert["to"], scripts)}
        yield from _writers(document, value, path, job["pool"], accounts)


def _writers(
    document: Document, value: Mapping[str, Any], path: Path_, pool: str, accounts: set[str]
) -> Iterator[Problem]:
    """The pool's first identity is what tasks act as: it must be able to read and write blobs."""
    identity = value["pools"][pool.split("/")[1]].get("identity")
    if not identity:
        message = f"needs nodes with an identity; set identity: on {pool} to one with the role {WRITERS[0]}"
        yield document.problem(path, message, at_key=True)
        return
    first = identity if isinstance(identity, str) else identity[0]
    roles = (value.get("identities", {}).get(first.split("/")[1]) or {}).get("roles", [])
    held = {role["on"] for role in roles if role["role"] in WRITERS}
    for account in sorted(accounts):
        if not {f"storage/{account}", "resourceGroup"} & held:
            message = f"{first} cannot write there; give it roles: [{{role: {WRITERS[0]}, on: storage/{account}}}]"
            yield document.problem(path, message, at_key=True)


def _clashes(document: Document, value: Mapping[str, Any]) -> Iterator[Problem]:
    """Azure compares ids without case."""
    for section in ("identities", "images", "applications", "pools", "jobs"):
        seen: dict[str, str] = {}
        for name in value.get(section, {}):
            first = seen.setdefault(name.lower(), name)
            if first != name:
                message = f"differs from {first} in case only, which Azure takes for the same"
                yield document.problem((section, name), message, at_key=True)
