"""The lock of a spec: taken before anything is read, kept to the end of a command; unlock."""

from __future__ import annotations

import getpass
import os
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import click

from reconciler.cli import common
from reconciler.errors import AzureError, ReconcileError, Refused, Unreachable, WrongUsage
from reconciler.words import duration

if TYPE_CHECKING:
    from reconciler.cloud.cloud import Cloud
    from reconciler.cloud.lock import Lock
    from reconciler.cloud.lock_blob import Answer, LockBlob, Seen
    from reconciler.spec import Spec

BEHIND = (
    "The lock is behind the network of that account. If you are inside of it, and what leads there is lost (a private"
    " endpoint, its DNS zone), let nobody else apply, and make just that from a copy of the spec without lock and"
    " audit: docs/runbook.md"
)
wait_option = click.option("--wait", is_flag=True, help="If another run holds the lock of the spec, wait for it.")


def told(spec: Spec, cloud: Cloud) -> str:
    """Who holds the lock, or why there can be none; empty if it is free, or if the spec asks for none."""
    if not spec.lock:
        return ""
    try:
        seen = _blob(spec, cloud).look()
    except ReconcileError as error:
        return f"no lock is possible from here: {error}"
    if seen is None:
        return _until_there(spec)
    return f"locked while this was planned: {_words(seen)}" if seen.held else ""


def taking(verb: str, *, wait: bool) -> Callable[[Spec, Cloud], str]:
    """What takes the lock for the rest of this command, and returns why there is none, if so.

    Refused if another holds it, unless we `wait`.
    """

    def take(spec: Spec, cloud: Cloud) -> str:
        if not spec.lock:
            return ""
        from reconciler.cloud import lock_blob
        from reconciler.cloud.lock import Lock

        holder = lock_blob.Holder(who(os.environ), f"{verb} {spec.file}", run(os.environ))
        seconds = cloud.endpoints.lease_seconds
        lock = Lock(_blob(spec, cloud), holder, seconds, outlived=verb == "destroy")
        answer = _awaited(spec, lock, wait=wait)
        click.get_current_context().call_on_close(lambda: _end(lock))
        cloud.guarding.lock = lock
        return _until_there(spec) if answer is lock_blob.Answer.ABSENT else ""

    return take


def _awaited(spec: Spec, lock: Lock, *, wait: bool) -> Answer:
    """What became of asking for the lock, once it is not another's."""
    from reconciler.cloud import lock_blob
    from reconciler.render import plain

    said: object = ()
    while (answer := _asked(spec, lock)) is lock_blob.Answer.DENIED:
        seen = None
        with suppress(ReconcileError):
            seen = lock.blob.look()
        words = _words(seen) if seen and seen.held else "nobody knows who holds it"
        if not wait and (seen is None or seen.held):  # else it has become free just now
            remedy = f"--wait waits for it; if that run hangs, break its lock: reconcile unlock {spec.file}"
            raise Refused(f"the spec is locked, so nothing was done: {words}\n{remedy}")
        holder = seen.holder if seen else None
        if wait and holder != said:
            click.echo(f"Waiting for the lock: {plain.clean(words)}", err=True)
        said = holder
        time.sleep(lock.blob.cloud.endpoints.poll_seconds)
    return answer


def _asked(spec: Spec, lock: Lock) -> Answer:
    try:
        return lock.take()
    except ReconcileError as error:
        text = f"cannot take the lock in {spec.lock}, so nothing was done: {error}"
        raise Refused(f"{text}\n{BEHIND}" if _closed(error) else text) from error


def _closed(error: ReconcileError) -> bool:
    """Whether the network keeps us from the lock."""
    return isinstance(error, Unreachable) or (isinstance(error, AzureError) and error.code == "AuthorizationFailure")


def _end(lock: Lock) -> None:
    lock.release()
    if lock.trouble and not lock.held:
        from reconciler.render import plain

        click.echo(f"warning: there was no lock: {plain.lines(lock.trouble, 2)}", err=True)


def _until_there(spec: Spec) -> str:
    return f"no lock is possible until {spec.lock} is there; then it is taken"


def _words(seen: Seen) -> str:
    """Who holds a lock that is held."""
    if seen.state == "breaking":
        return "somebody has broken the lock; it is free within a minute"
    since = seen.holder.since
    age = f" ({duration(max(0.0, (seen.now - since).total_seconds()))})" if seen.now and since else ""
    return f"held by {seen.holder.words(age)}"


def _blob(spec: Spec, cloud: Cloud) -> LockBlob:
    from reconciler.cloud.lock_blob import LockBlob

    return LockBlob(cloud.unguarded(), spec.lock)


def who(environ: Mapping[str, str]) -> str:
    """`ann@host (pid 7)`, as far as it is known; in a pipeline, who has started that."""
    user = environ.get("GITHUB_ACTOR") or environ.get("BUILD_REQUESTEDFOR") or environ.get("GITLAB_USER_LOGIN")
    with suppress(KeyError, OSError):  # a container may not know the user that it runs as
        user = user or getpass.getuser()
    return f"{user or 'somebody'}@{socket.gethostname()} (pid {os.getpid()})"


def run(environ: Mapping[str, str]) -> str:
    """The URL of the pipeline's run that this is part of; empty outside of one."""
    if environ.get("GITHUB_RUN_ID"):
        server = environ.get("GITHUB_SERVER_URL", "https://github.com")
        return f"{server}/{environ.get('GITHUB_REPOSITORY', '')}/actions/runs/{environ['GITHUB_RUN_ID']}"
    if environ.get("BUILD_BUILDID"):
        root, project = environ.get("SYSTEM_COLLECTIONURI", "").rstrip("/"), environ.get("SYSTEM_TEAMPROJECT", "")
        return f"{root}/{quote(project)}/_build/results?buildId={environ['BUILD_BUILDID']}"
    return environ.get("CI_JOB_URL", "")


@click.command()
@common.spec_argument
@click.option("--yes", is_flag=True, help="Do not ask.")
def unlock(spec: Path | None, cloud: str | None, *, yes: bool) -> None:
    """Show who holds the lock of a spec, and break it, so that another may have it.

    The lock of a process that has died ends by itself within a minute. This is for one that hangs: it stops
    writing, and after that, within a minute, another may have the lock.
    """
    from reconciler.cloud.errors import reading
    from reconciler.render import plain

    loaded = common.load_spec(spec, cloud)
    if not loaded.lock:
        raise WrongUsage(f"{loaded.file} has no lock: it names no container for one; see docs/lock.md")
    blob = _blob(loaded, common.reach(loaded))
    with reading(f"the lock in {loaded.lock}"):
        seen = blob.look()
    if seen is None or seen.state != "leased":
        why = _until_there(loaded) if seen is None else _words(seen) if seen.held else "nobody holds the lock"
        click.echo(f"Nothing to unlock: {why}.")
        return
    click.echo(f"The lock is {plain.clean(_words(seen))}.")
    click.echo("It was renewed less than a minute ago: that run goes on, or has died since; then it ends by itself.")
    if not yes:
        common.ask("break the lock")
    seconds = blob.break_()
    click.echo(f"Broken. The lock is free in {duration(seconds)}; that run stops writing before.")
