"""Volumes of Batch Shipyard: those that are storage are mounted by the pool, those of the node by a task's container.

Batch mounts at $AZ_BATCH_NODE_MOUNTS_DIR, which it shows to containers too; so commands get that path. Source:
learn.microsoft.com, Batch, virtual file system mount.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from typing import Any

from reconciler.importing.shipyard import names
from reconciler.importing.shipyard.part import Part
from reconciler.importing.shipyard.storage import Storage


@dataclass(slots=True)
class Volumes:
    """Mounts of the pool, where commands look for one → where it is, and options of `docker run` by name."""

    mounted: set[str] = field(default_factory=set)
    mounts: list[dict[str, Any]] = field(default_factory=list)
    moved: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)

    def path(self, text: str) -> str:
        """A command or value with the paths of what is mounted."""
        for before, after in self.moved.items():
            text = re.sub(rf"{re.escape(before)}(?![\w.-])", lambda match, to=after: to, text)  # type: ignore[misc]
        return text


def read(resources: Part, storage: Storage) -> Volumes:
    made = Volumes()
    volumes = resources.part("volumes")
    for name, volume in volumes.named("shared_data_volumes").items():
        mount = _mount(name, volume, storage)
        if mount is None:
            continue
        made.mounts.append(mount)
        made.mounted.add(name)
        if volume.text("bind_options") == "ro":
            volume.leave("bind_options", why="the nodes mount it for reading and writing")
        where = volume.text("container_path")
        there = f"$AZ_BATCH_NODE_MOUNTS_DIR/{names.entry(name)}"
        if where:
            made.moved[where] = there
            volume.change("container_path", words=f"mounted at {there}, and written so in commands")
    for name, volume in volumes.named("data_volumes").items():
        inside, outside, how = (volume.text(key) for key in ("container_path", "host_path", "bind_options"))
        if inside and how and not outside:
            volume.leave("bind_options", why="a volume that is no folder of the node is the container's own")
        if inside:
            parts = (outside, inside, how) if outside else (inside,)
            made.options[name] = f"--volume={shlex.quote(':'.join(filter(None, parts)))}"
        else:
            volume.leave(why="it has no container_path")
    return made


def _mount(name: str, volume: Part, storage: Storage) -> dict[str, Any] | None:
    driver, place = volume.text("volume_driver"), names.entry(name)
    options = " ".join(volume.texts("mount_options"))
    if driver == "azureblob":
        container = volume.text("azure_blob_container_name") or volume.text("azure_storage_container_name")
        _, account, made = storage.place(volume, container or name).split("/")
        mount = {"accountName": account, "containerName": made, "relativeMountPath": place}
        mount |= {"blobfuseOptions": options} if options else {}
        identity = {"identityReference": {"resourceId": f"identities/{storage.identity}"}}
        return {"azureBlobFileSystemConfiguration": {**mount, **identity}}
    entry = volume.part("fstab_entry")
    if driver == "custom_linux_mount" and entry.text("fs_vfstype") in ("nfs", "nfs4") and entry.text("fs_spec"):
        more = f"-o {entry.text('fs_mntops')}" if entry.text("fs_mntops") else options
        nfs = {"source": entry.text("fs_spec"), "relativeMountPath": place}
        return {"nfsMountConfiguration": {**nfs, **({"mountOptions": more} if more else {})}}
    volume.ignore()
    volume.leave(why=DRIVERS.get(driver, "a spec mounts containers of blobs and NFS only"))
    return None


DRIVERS = {
    "azurefile": "a mount of a file share needs a key; put the files into a container, or on NFS",
    "glusterfs_on_compute": "nodes do not make a file system of their disks; mount a container of blobs or NFS",
    "storage_cluster": "reconcile makes no file servers; mount NFS by mountConfiguration",
}
