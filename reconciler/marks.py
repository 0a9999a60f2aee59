"""Every mark that we leave in Azure: tags of ARM resources and metadata of pools, jobs and containers, by name.

The owner mark says which spec a resource belongs to, the digest of what was last applied, and whether it is protected.
The others remember what Azure has no field for: how far a change of several stages is, and what something was made
from. They live in Azure because there is no state file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from reconciler.departed import TOKEN
from reconciler.model import Mark

PREFIX = "reconcile_"
OWNER, DIGEST, PROTECT = f"{PREFIX}owner", f"{PREFIX}digest", f"{PREFIX}protect"
"""The owner mark, on whatever carries tags or metadata."""
EXPIRES = f"{PREFIX}expires"
"""Part of the owner mark of a preview: when any run may delete it. Tag of a build's machine and network: the same."""
KEYS = f"{PREFIX}keys"
"""Part of the owner mark: tokens of the keys that we gave maps, in as many numbered tags as they need."""
ROLLOUT = f"{PREFIX}rollout"
"""Pool metadata: when the rolling reboot began that nodes have to have booted after."""
STARTED = f"{PREFIX}started"
"""Pool metadata: when what nodes run at their start was last changed while it had nodes."""
MENDING = f"{PREFIX}mending"
"""Pool metadata: which of its broken nodes were rebooted, and when."""
POOL, JOB = f"{PREFIX}pool", f"{PREFIX}job"
"""Metadata of a later generation of a pool, or of a job: its name in the spec."""
MOVING = f"{PREFIX}moving"
"""Metadata of a job that is to be enabled when it has been repointed: the pool that it goes to."""
AUTO = f"{PREFIX}auto"
"""Metadata of a pool that Batch makes for a job, and deletes with it: the spec of that job. It has no owner mark."""
VERIFICATION = f"{PREFIX}verification"
"""Metadata of a job that verifies a pool: the name of the pool in the spec."""
VERIFIED = f"{PREFIX}verified"
"""Metadata of a later generation of a pool: the digest of the checks that it has passed. Tags of an image version, each
followed by `_` and the name of a pool: the evidence that this version has passed the checks of the pool."""
CONTENT = f"{PREFIX}content"
"""Tag of an image version, its build's machine and an application package: the digest of what it is made from.
Metadata of a job that verifies a pool: the digest of what its checks are evidence for."""
INPUTS = f"{PREFIX}inputs_"
"""Tags of an image version, numbered: each input of its content, as JSON cut into pieces."""
OS, BASE = f"{PREFIX}os", f"{PREFIX}base"
"""Tags of an image version: the short name of its system, and publisher:offer:sku of the image that it started from."""
SUBNETS = f"{PREFIX}subnets"
"""Tags of a virtual network, numbered: tokens of its subnets that are ours, as subnets have no tags."""
BUDGETS = f"{PREFIX}budgets"
"""Tag of a resource group: the scopes at which its spec has or had budgets, with blanks between. Budgets have no tags,
and no list of a group shows them."""
WAY = f"{PREFIX}way_"
"""Tags of a storage account, each followed by the name of a run that it lets in for a while: the run's address, until
when, and how the account was before."""
BUILD = f"{PREFIX}build"
"""Tag of a build's machine and network: the image that it is for."""

TASK = f"{PREFIX}task"
"""Metadata of a blob that a task wrote: the id of the task."""
SUBMITTED = f"{PREFIX}tasks"
"""Metadata of a job: a digest of the ids of all tasks that are wanted since it was submitted to last, and how many of
these are its own; the others had succeeded before."""
OUTCOMES = ".reconcile/outcomes.jsonl"
"""File in the working directory of a packed task: a JSON line for each of its items, with number, exitCode, seconds and
values."""
HIDDEN = (OWNER, DIGEST, PROTECT, EXPIRES, ROLLOUT, STARTED, MENDING, POOL, JOB, AUTO, VERIFIED, SUBMITTED)
"""Marks that are not part of what a spec says about tags and metadata."""
TAG = 252
"""Characters of a tag with tokens: Azure allows 256, and this many are whole tokens.

Source: learn.microsoft.com, tag resources.
"""
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_LATER = re.compile(r"-g([2-9]|[1-9]\d+)$")


def with_mark(tags: Mapping[str, str | None], mark: Mark) -> dict[str, str]:
    """`tags` and the owner mark, as ARM tags or as metadata; a tag that is None is left out."""
    said = {name: value for name, value in tags.items() if value is not None and not name.startswith(KEYS)}
    marked = {**said, OWNER: mark.owner, DIGEST: mark.digest, **_keys(mark)}
    marked |= {PROTECT: "true"} if mark.protect else {}
    return {**marked, EXPIRES: mark.expires} if mark.expires else marked


def without_mark(tags: Mapping[str, str] | None) -> dict[str, str]:
    return {name: value for name, value in (tags or {}).items() if name not in HIDDEN and not name.startswith(KEYS)}


def _keys(mark: Mark) -> dict[str, str]:
    return spread(KEYS, mark.keys)


def spread(name: str, tokens: Iterable[str]) -> dict[str, str]:
    """Tokens in as many tags as they need, which are called `name` and are numbered."""
    text = "".join(sorted(tokens))
    pieces = [text[start : start + TAG] for start in range(0, len(text), TAG)]
    return {f"{name}{number or ''}": piece for number, piece in enumerate(pieces)}


def gathered(name: str, tags: Mapping[str, str]) -> frozenset[str]:
    """The tokens in the tags that are called `name` and are numbered."""
    text = "".join(tags[tag] for tag in sorted(tags) if tag.startswith(name))
    return frozenset(text[start : start + TOKEN] for start in range(0, len(text), TOKEN))


def mark_of(tags: Mapping[str, str] | None) -> Mark | None:
    """The owner mark in ARM tags or metadata, or None."""
    tags = tags or {}
    if OWNER not in tags:
        return None
    return Mark(tags[OWNER], tags.get(DIGEST, ""), tags.get(PROTECT) == "true", gathered(KEYS, tags), _time(tags))


def _time(tags: Mapping[str, str]) -> str:
    """When a resource expires; empty if it does not say so, or not as we do: that is no reason to delete it."""
    said = tags.get(EXPIRES, "")
    return said if _TIME.fullmatch(said) else ""


def moment(time: datetime) -> str:
    """A time as marks have it, in UTC and by the second: of two such texts the earlier one sorts first."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def inputs(tags: Mapping[str, str]) -> dict[str, str]:
    """The inputs of an image version's content, as far as its tags can be read."""
    text = "".join(tags[name] for name in sorted(tags) if name.startswith(INPUTS))
    try:
        values = json.loads(text or "{}")
    except ValueError:
        return {}
    return {str(key): str(value) for key, value in values.items()} if isinstance(values, dict) else {}


def is_ours(owner: str, tags: Mapping[str, str] | None) -> bool:
    """Whether ARM tags or metadata carry the owner mark of the spec `owner`."""
    mark = mark_of(tags)
    return mark is not None and mark.owner == owner


def spec_name(owner: str, metadata: Mapping[str, str], mark: str, live: str) -> str:
    """The name in the spec of a live pool or job; only later generations of the owner's have others than their ids."""
    return (metadata.get(mark) if is_ours(owner, metadata) else None) or live


def generation(name: str) -> int:
    """Which generation a live pool or job is, by its id alone: the first has no number."""
    match = _LATER.search(name)
    return int(match[1]) if match else 1


def first_generation(name: str) -> str:
    """The id of the first generation of the pool or job that `name` is one of."""
    return _LATER.sub("", name)


def is_generation(live: str, name: str) -> bool:
    """Whether a live pool or job may be a generation of that `name` in the spec, by its id alone."""
    return name.lower() in (live.lower(), first_generation(live.lower()))
