"""The section `pools` of a spec: its short forms, its checks, and what Azure retires that it uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from reconciler.azure import images, retired
from reconciler.errors import Problem
from reconciler.kinds.pool import (
    auto_pool_checks,
    certificate_checks,
    certificates,
    idle_checks,
    kept,
    kept_checks,
    previewed,
    rollout_checks,
    size_checks,
)
from reconciler.spec import auto_pools, identities, networks, vault_secrets
from reconciler.spec.document import Document
from reconciler.spec.family import Section
from reconciler.spec.pools import Pool
from reconciler.spec.schema import Path_
from reconciler.spec.spec import Spec

INTER_NODE = 100
"""The most nodes of a pool with inter-node communication, which no request for quota raises.

Source: learn.microsoft.com/azure/batch/batch-quota-limit, pool size limits: 100 in the allocation mode BatchService. It
is 80 in UserSubscription, in which an account of others may be; Azure tells that of an account, and a spec does not.
"""


def spell(pool: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Write out short forms: a number means dedicated nodes, one identity or VM size a list of one; `verify`."""
    nodes, identity, size = pool["nodes"], pool.get("identity", []), pool["vmSize"]
    return {
        **certificates.spelled(kept.spelled(pool)),
        "vmSize": [size] if isinstance(size, str) else size,
        "verify": _verification(pool.get("verify", False)),
        "nodes": nodes if isinstance(nodes, dict) else {"dedicated": nodes},
        "identity": [identity] if isinstance(identity, str) else identity,
    }


def _verification(verify: bool | list[Any] | dict[str, Any]) -> bool | dict[str, Any]:  # noqa: FBT001
    """`verify` as a map, or False."""
    if verify is False:
        return False
    given = verify if isinstance(verify, dict) else {"checks": [] if verify is True else verify}
    return {"checks": [], "allowSkipped": False, **given}


def check(document: Document, spec: Spec) -> Iterator[Problem]:
    if spec.pools and spec.batch_account is None:
        yield document.problem(("pools",), "pools need a batchAccount; add batchAccount: {name: ...}", at_key=True)
    for name, pool in spec.pools.items():
        yield from _image(document, ("pools", name), pool)
        yield from size_checks.check(document, ("pools", name), pool)
        yield from _checks(document, ("pools", name), pool)
        if auto_pools.marked(pool):
            yield from auto_pool_checks.problems(document, spec, name, pool)
        else:
            yield from _identities(document, spec, ("pools", name), pool)
            yield from kept_checks.check(document, spec, ("pools", name), pool)
        yield from _between(document, ("pools", name), pool)
        yield from _secrets(document, spec, name, pool)
        yield from certificate_checks.check(document, spec, ("pools", name), pool)
        yield from rollout_checks.check(document, spec, name, pool)
        yield from idle_checks.check(document, name, pool)
    if scaled(spec):
        from reconciler.kinds.pool import scale_checks

        yield from scale_checks.check(document, scaled(spec))


def _image(document: Document, path: Path_, pool: Pool) -> Iterator[Problem]:
    image = pool["image"]
    if reason := images.unknown(image):
        yield document.problem((*path, "image"), f"{image!r} {reason}" if isinstance(image, str) else reason)
    tells = reason or images.built(image) or images.gallery_id(image, "", "")
    if pool.get("containers", {}).get("preloaded") and not tells:
        remedy = "only another team's gallery image can; name the images under containers.images"
        yield document.problem((*path, "containers", "preloaded"), f"this image does not tell what it holds; {remedy}")


def _checks(document: Document, path: Path_, pool: Pool) -> Iterator[Problem]:
    """Checks of one name would be one task."""
    verify = pool["verify"]
    names = [] if isinstance(verify, bool) else [check["name"] for check in verify["checks"]]
    where: Path_ = (*path, "verify", "checks") if document.says((*path, "verify", "checks")) else (*path, "verify")
    for index, name in enumerate(names):
        if name in names[:index]:
            yield document.problem((*where, index, "name"), "is given twice")


def _identities(document: Document, spec: Spec, path: Path_, pool: Pool) -> Iterator[Problem]:
    """Mounts, files and keys are read as an identity of the pool.

    Source: ComputeNodeIdentityReference of 2025-06-01.
    """
    ids = [identities.identity_id(reference, spec.azure) for reference in pool["identity"]]
    for where, reference in identities.referring(pool, path):
        section, _, name = reference.partition("/")
        there = section != "identities" or name in spec.identities  # that it is missing is told already
        if there and identities.identity_id(reference, spec.azure) not in ids:
            known = ", ".join(pool["identity"]) or "none"
            message = f"is {reference}, which is no identity of this pool ({known}); add it to the pool's identity"
            yield document.problem(where, message)


def _secrets(document: Document, spec: Spec, name: str, pool: Pool) -> Iterator[Problem]:
    """The start task fetches its secrets as an identity of the pool."""
    settings = pool["startTask"]["environmentSettings"] if "startTask" in pool else {}
    held = () if auto_pools.marked(pool) else pool["identity"]
    who = vault_secrets.reader(spec, held, settings)
    path = ("pools", name, "startTask", "environmentSettings")
    yield from vault_secrets.problems(document, spec, path, settings, who, f"pools/{name}")


def _between(document: Document, path: Path_, pool: Pool) -> Iterator[Problem]:
    """A pool whose nodes talk to each other has a limit that no request for quota lifts."""
    nodes = pool["nodes"]
    most = nodes.get("autoscale", {}).get("max", 0) if "autoscale" in nodes else nodes["dedicated"] + nodes["spot"]
    if pool.get("interNodeCommunication") == "Enabled" and most > INTER_NODE:
        message = f"has {most} nodes, and a pool with interNodeCommunication has {INTER_NODE} at most"
        yield document.problem((*path, "nodes"), f"{message}; use several pools, or leave interNodeCommunication out")


def scaled(spec: Spec) -> dict[str, Pool]:
    """The pools that scale by a formula; only for these the language of formulas is imported."""
    return {name: pool for name, pool in spec.pools.items() if "autoscale" in pool["nodes"]}


def trial(document: Document, spec: Spec) -> Iterator[Problem]:
    if scaled(spec):
        from reconciler.kinds.pool import scale_checks

        yield from scale_checks.trials(document, scaled(spec), spec.folder)


def advice(spec: Spec) -> Iterator[tuple[Path_, str]]:
    for name, pool in spec.pools.items():
        yield from ((("pools", name, *path), text) for path, text in _unwise(spec, pool))
        if auto_pools.marked(pool):
            yield from auto_pool_checks.advice(spec, name, pool)
        yield from idle_checks.advice(spec, name, pool)
    if scaled(spec):
        from reconciler.kinds.pool import scale_checks

        yield from scale_checks.advice(scaled(spec))


def _unwise(spec: Spec, pool: Pool) -> Iterator[tuple[Path_, str]]:
    """Source: learn.microsoft.com, default outbound access; github.com/Azure/EOL, 548 (BlobFuse: 2026-09-30)."""
    network = pool.get("networkConfiguration") or {}
    alone = (network.get("publicIPAddressConfiguration") or {}).get("provision") == "NoPublicIPAddresses"
    if alone and not networks.goes_out(spec, str(network.get("subnetId", ""))):
        why = "nodes without public addresses have no way out of their own since 2025-09-30 (Batch) and 2026-03-31"
        where: Path_ = ("networkConfiguration", "publicIPAddressConfiguration", "provision")
        yield where, f"{why}; give the subnet a NAT gateway or a firewall"
    for index, mount in enumerate(pool.get("mountConfiguration") or ()):
        if (mount.get("azureBlobFileSystemConfiguration") or {}).get("blobfuseOptions", "").startswith("-o"):
            where = ("mountConfiguration", index, "azureBlobFileSystemConfiguration", "blobfuseOptions")
            yield where, "looks like options of BlobFuse v1, which ended on 2026-09-30; see that v2 takes them"


def retiring(spec: Spec) -> Iterator[tuple[Path_, retired.Retired]]:
    for name, pool in spec.pools.items():
        asked: dict[Path_, retired.Retired | None] = {
            **{path: retired.size(size) for path, size in _sizes(pool)},
            ("image",): retired.image(_urn(pool["image"])),
            ("nodeAgentSkuId",): retired.agent(pool.get("nodeAgentSkuId", "")),
        }
        yield from ((("pools", name, *path), notice) for path, notice in asked.items() if notice)
        yield from ((("pools", name, *path), notice) for path, notice in _values(pool))


def _sizes(pool: Pool) -> Iterator[tuple[Path_, str]]:
    """Each VM size with its path in the pool."""
    several = len(pool["vmSize"]) > 1
    yield from ((("vmSize", index) if several else ("vmSize",), size) for index, size in enumerate(pool["vmSize"]))


def _values(pool: Pool) -> Iterator[tuple[Path_, retired.Retired]]:
    """Retired values of the pool's properties, each with its path in the pool."""
    if pool["nodes"].get("nodeDeallocationOption") == "RetainedData":
        yield ("nodes", "nodeDeallocationOption"), retired.RETAINED_DATA
    if (pool.get("diskEncryptionConfiguration") or {}).get("targets"):
        yield ("diskEncryptionConfiguration",), retired.DISK_ENCRYPTION
    disk = (pool.get("osDisk") or {}).get("managedDisk") or {}
    if disk.get("storageAccountType") == "Standard_LRS":
        yield ("osDisk", "managedDisk", "storageAccountType"), retired.HDD


def _urn(image: images.Image) -> str:
    """publisher:offer:sku of a marketplace image, empty for others."""
    if isinstance(image, Mapping) and "publisher" not in image:
        return ""
    if isinstance(image, str) and image not in images.SHORT and ":" not in image:
        return ""
    reference = images.reference(image)
    return ":".join(reference[key] for key in ("publisher", "offer", "sku"))


SECTION = Section(
    key="pools",
    spell=spell,
    check=check,
    trial=trial,
    retiring=retiring,
    advice=advice,
    preview=previewed.preview,
)
