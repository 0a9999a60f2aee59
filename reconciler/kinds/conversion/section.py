"""The conversions in the section `jobs` of a spec: checks of their containers and of the nodes that write there.

Two conversions into one container do each other no harm, as outputs are signed, but an input whose output the other one
has made is refused. So what can clash is told, and what must clash is a problem.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

from reconciler.azure import roles
from reconciler.errors import Problem
from reconciler.kinds.conversion import previewed
from reconciler.spec import auto_pools, container_pools, networks, role_targets
from reconciler.spec.document import Document
from reconciler.spec.family import Section
from reconciler.spec.pools import Pool
from reconciler.spec.schema import Path_
from reconciler.spec.sections import Conversion, Job
from reconciler.spec.spec import Spec

WAITING = 100
"""How many tasks a formula is tried on."""


def spell(job: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Put the scripts in the account of the results unless the spec says where they are."""
    if "convert" in job:
        account = job["convert"]["to"].split("/")[1]
        job["convert"] = {"scripts": f"storage/{account}/scripts", **job["convert"]}
    return job


def check(document: Document, spec: Spec) -> Iterator[Problem]:
    for name, job in spec.jobs.items():
        if "convert" in job:
            path: Path_ = ("jobs", name, "convert")
            yield from _containers(document, spec, path, job["convert"])
            pool = job["pool"].removeprefix("pools/")
            if pool in spec.pools:
                yield from _nodes(document, spec, path, job["convert"], pool)
    for first, second in _meeting(spec):
        earlier, later = spec.jobs[first]["convert"], spec.jobs[second]["convert"]
        suffixes = ({suffix.lower() for suffix in convert["suffixes"]} for convert in (earlier, later))
        if earlier["from"] == later["from"] and set.intersection(*suffixes):
            message = f"has sources of jobs/{first} too, which would have the same results; use another `to` or prefix"
            yield document.problem(("jobs", second, "convert"), message, at_key=True)


def _meeting(spec: Spec) -> Iterator[tuple[str, str]]:
    """Two jobs each whose results may have the same name: they go into one container, and no prefix parts them."""
    converting = [name for name, job in spec.jobs.items() if "convert" in job]
    for first, second in combinations(converting, 2):
        earlier, later = spec.jobs[first]["convert"], spec.jobs[second]["convert"]
        prefixes = sorted((earlier["prefix"], later["prefix"]), key=len)
        if earlier["to"] == later["to"] and prefixes[1].startswith(prefixes[0]):
            yield first, second


def advice(spec: Spec) -> Iterator[tuple[Path_, str]]:
    """What may keep a conversion from ending, or from being judged."""
    for first, second in _meeting(spec):
        place = spec.jobs[first]["convert"]["to"]
        yield (
            ("jobs", second, "convert"),
            f"writes into {place}, as jobs/{first} does: of sources of the same name only the first is converted, the"
            " other is refused; give the jobs prefixes or containers of their own",
        )
    for name, job in spec.jobs.items():
        pool = spec.pools[job["pool"].split("/")[1]]
        if "convert" in job and _nodeless(pool):
            yield ("jobs", name, "convert"), f"{job['pool']} has no nodes, so that its tasks wait until it has some"
        for account in _closed(spec, job):
            told = (
                f"storage/{account} has publicNetworkAccess: Disabled: from outside its network a plan cannot tell what"
            )
            led = f"storage/{account}" in networks.led(spec)
            nodes = "" if led else ", and nodes reach it only by a private endpoint or a subnet that it lets in"
            yield ("jobs", name, "convert"), f"{told} is to be converted{nodes or '; run it on a machine inside'}"


def _closed(spec: Spec, job: Job) -> list[str]:
    """The storage accounts of a conversion that are closed to the public network."""
    ends = [job["convert"][end] for end in ("from", "to")] if "convert" in job else []
    accounts = dict.fromkeys(str(place).split("/")[1] for place in ends)
    return [name for name in accounts if spec.storage[name]["publicNetworkAccess"] == "Disabled"]


def _nodeless(pool: Pool) -> bool:
    """Whether a pool is to have no nodes, or its formula asks for none however many tasks wait."""
    nodes = pool["nodes"]
    scale = nodes.get("autoscale")
    if scale is None:
        return not nodes["dedicated"] and not nodes["spot"]
    import batch_autoscale
    from reconciler.spec import trial

    tasks = batch_autoscale.burst(WAITING, duration=60)
    setting = batch_autoscale.Setting(interval=scale["every"], slots=pool["taskSlotsPerNode"], limit="PT12H")
    try:
        return batch_autoscale.simulate(tasks, trial.formula(scale, pool["taskSlotsPerNode"]), setting).max_nodes == 0
    except batch_autoscale.TooLong:
        return False


def _containers(document: Document, spec: Spec, path: Path_, convert: Conversion) -> Iterator[Problem]:
    places, scripts = (convert["from"], convert["to"]), convert["scripts"]
    if convert["from"] == convert["to"]:
        yield document.problem((*path, "to"), "must not be the container that is converted from")
    implied = not document.says((*path, "scripts"))
    if implied and all(_exists(spec, place) for place in places) and not _exists(spec, scripts):
        message = f"needs a container for its scripts; declare {scripts} under storage, or set scripts:"
        yield document.problem(path, message, at_key=True)
    if scripts in places:
        yield document.problem((*path, "scripts"), "must be a container of its own")


def _nodes(document: Document, spec: Spec, path: Path_, convert: Conversion, name: str) -> Iterator[Problem]:
    pool = spec.pools[name]
    if container_pools.only(spec, pool):
        message = f"pools/{name} runs tasks in containers only, as its nodes hold container images; use another pool"
        yield document.problem(path, message, at_key=True)
    places = (convert["from"], convert["to"], convert["scripts"])
    written = places if document.says((*path, "scripts")) else places[:2]
    if all(_exists(spec, place) for place in written):
        accounts = {"/".join(place.split("/")[:2]) for place in places}
        yield from _writers(document, spec, path, name, sorted(accounts))


def _exists(spec: Spec, place: str) -> bool:
    """Whether `storage/ACCOUNT/CONTAINER` is in the spec."""
    _, account, container = place.split("/")
    return account in spec.storage and container in spec.storage[account]["containers"]


def _writers(document: Document, spec: Spec, path: Path_, name: str, accounts: list[str]) -> Iterator[Problem]:
    """Tasks act as the pool's first identity, which must be able to read and write blobs."""
    role = roles.BLOB_WRITERS[0]
    if auto_pools.marked(spec.pools[name]):
        yield document.problem(path, auto_pools.nobody(f"pools/{name}"), at_key=True)
        return
    if not spec.pools[name]["identity"]:
        message = f"needs nodes with an identity; set identity: on pools/{name} to one with the role {role}"
        yield document.problem(path, message, at_key=True)
        return
    first = spec.pools[name]["identity"][0]
    for account in accounts:
        if not role_targets.holds(spec, first, account, roles.BLOB_WRITERS):
            message = f"{first} cannot write there; give it roles: [{{role: {role}, scope: {account}}}]"
            yield document.problem(path, message, at_key=True)


SECTION = Section(key="jobs", spell=spell, check=check, advice=advice, preview=previewed.preview, fills=previewed.fills)
