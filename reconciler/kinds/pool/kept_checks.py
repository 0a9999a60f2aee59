"""Checks of what a pool keeps of its nodes: who writes it, and whether its nodes and its start task can."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.azure import durations, roles
from reconciler.errors import Problem
from reconciler.kinds.pool import certificates, kept
from reconciler.nodelogs import startline
from reconciler.spec import role_targets
from reconciler.spec.document import Document
from reconciler.spec.pools import Pool
from reconciler.spec.schema import Path_
from reconciler.spec.spec import Spec

SHORTEST, LONGEST = 5, 300
"""Seconds between two measurements."""


def check(document: Document, spec: Spec, path: Path_, pool: Pool) -> Iterator[Problem]:
    for key, part in zip(("logs", "telemetry"), kept.of(pool), strict=True):
        if part:
            yield from _place(document, spec, (*path, key), pool, part["to"])
            yield from _nodes(document, (*path, key), pool)
    if "telemetry" in pool:
        yield from _measured(document, (*path, "telemetry"), pool)
    if any(kept.of(pool)) and pool["identity"]:
        yield from _line(document, spec, path, pool)


def _place(document: Document, spec: Spec, path: Path_, pool: Pool, place: str) -> Iterator[Problem]:
    """Nodes write as the pool's first identity."""
    if not place:
        message = "does not say where it goes; write telemetry: {to: storage/ACCOUNT/CONTAINER}, or logs: beside it"
        yield document.problem(path, message, at_key=True)
        return
    if not pool["identity"]:
        message = f"is written as an identity of the pool; set identity: to one with the role {roles.BLOB_WRITERS[0]}"
        yield document.problem(path, message, at_key=True)
        return
    who, account = pool["identity"][0], place.rpartition("/")[0]
    if not role_targets.holds(spec, who, account, roles.BLOB_WRITERS):
        role = f"roles: [{{role: {roles.BLOB_WRITERS[0]}, scope: {account}}}]"
        yield document.problem(path, f"is written as {who}, which cannot write there; give it {role}", at_key=True)


def _nodes(document: Document, path: Path_, pool: Pool) -> Iterator[Problem]:
    if certificates.windows(pool):
        yield document.problem(path, "works on Linux only, and this pool has Windows; take it out", at_key=True)
    if "containerSettings" in pool.get("startTask", {}):
        message = "is done by the start task, which here runs in a container (startTask.containerSettings) and cannot"
        yield document.problem(path, f"{message}; run it on the node, or take this out", at_key=True)


def _measured(document: Document, path: Path_, pool: Pool) -> Iterator[Problem]:
    """A service is begun by an administrator: what a start task leaves running in another way ends with it.

    Source: learn.microsoft.com, Batch best practices, "Manage long-running services via the operating system".
    """
    seconds = durations.seconds(pool["telemetry"]["every"])
    if seconds is None or not SHORTEST <= seconds <= LONGEST:
        yield document.problem((*path, "every"), "must be between PT5S and PT5M")
    if pool.get("startTask", {}).get("elevationLevel", "Admin") != "Admin":
        message = "is begun by the start task as a service, which needs startTask: {elevationLevel: Admin}"
        yield document.problem(path, f"{message}; write it there, or take this out", at_key=True)


def _line(document: Document, spec: Spec, path: Path_, pool: Pool) -> Iterator[Problem]:
    start = kept.start(pool)
    if start is None:
        return
    # an address of storage is at most so long
    wrapped = kept.wire({**start, "keeps": kept.wanted(spec, pool)}, lambda place: f"https://{'x' * 50}/{place}")
    if (over := len(wrapped["commandLine"]) - startline.LONGEST) > 0:
        message = f"is {over:,} characters too long beside what keeps logs and telemetry; put it into a file"
        yield document.problem((*path, "startTask", "commandLine"), f"{message} of resourceFiles")
