"""The container of a task of Batch Shipyard, as containerSettings of a spec.

Batch runs Docker images. An image of Singularity is run by Apptainer, its successor, which the start task installs on
nodes that run no other containers. Source: Batch Shipyard, jobs configuration; learn.microsoft.com, Batch, container
workloads (containerRunOptions are options of `docker create`); apptainer.org, installation on Ubuntu, and remote
endpoints. Options for InfiniBand are inferred, and that what ran with Singularity runs with Apptainer.
"""

from __future__ import annotations

import shlex
from typing import Any

from reconciler.importing.shipyard.around import Around
from reconciler.importing.shipyard.commands import Unsayable
from reconciler.importing.shipyard.part import Part

INFINIBAND = ("--ulimit=memlock=-1:-1", "--device=/dev/infiniband")
HOST = "--network=host"
INSTALL = (
    "add-apt-repository -y ppa:apptainer/ppa",
    "apt-get update",
    "apt-get install -y apptainer",
    "apptainer remote add --global --no-login SylabsCloud cloud.sylabs.io || true",
    "apptainer remote use --global SylabsCloud",
)
"""What brings Apptainer to a node, and tells it where library:// is."""


def either(task: Part, job: Part, key: str) -> Part:
    """The task if it has the key, else its job."""
    job.taken.add(key)
    return task if task.has(key) else job


def docker(image: str) -> str:
    """The Docker image of a Singularity image that is one, without `docker://`; empty for any other."""
    return image.removeprefix("docker://") if image.startswith("docker://") else ""


def image(task: Part) -> str:
    """The Docker image of a task. Raises Unsayable."""
    name = task.text("docker_image") or task.text("image")
    singularity = task.text("singularity_image")
    if name:
        return name
    if docker(singularity):
        words = f"{singularity} is run by Docker, as Batch knows no Singularity"
        task.change("singularity_image", words=words)
        return docker(singularity)
    if singularity:
        why = f"{singularity} is no Docker image, and a pool that runs these runs nothing else; build one of it"
        raise Unsayable(why)
    raise Unsayable("it names no docker_image")


def apptainer(task: Part, around: Around) -> str:
    """What begins a command that runs in an image of Singularity; empty for a task that does not, or cannot."""
    name = task.text("singularity_image")
    if not name or around.nodes.containers:
        return ""
    how = task.part("singularity_execution")
    elevated, verb = how.flag("elevated"), how.text("cmd") or "exec"
    task.change("singularity_image", words="run by apptainer, which the start task installs; see that it does")
    options = [*(["--nv"] if around.nodes.gpu else []), *task.texts("additional_singularity_options")]
    return " ".join([*(["sudo"] if elevated else []), "apptainer", verb, *options, shlex.quote(name)])


def settings(task: Part, job: Part, around: Around) -> dict[str, Any]:
    """containerSettings. Raises Unsayable."""
    name = image(task)
    options = [*_options(task, job), *_devices(task, job, around), *_volumes(task, job, around), *_user(job)]
    options += task.texts("additional_docker_run_options")
    if any(option.startswith(("--net=", "--net ")) for option in options) and HOST in options:
        options.remove(HOST)
    place = either(task, job, "default_working_dir").text("default_working_dir")
    where = {"workingDirectory": "ContainerImageDefault"} if place == "container" else {}
    line = " ".join(options)
    return {"imageName": name, **({"containerRunOptions": line} if line else {}), **where}


def _options(task: Part, job: Part) -> list[str]:
    remove = either(task, job, "remove_container_after_exit").flag("remove_container_after_exit")
    made = [] if remove is False else ["--rm"]
    if size := either(task, job, "shm_size").text("shm_size"):
        made.append(f"--shm-size={shlex.quote(size)}")
    made += [f"--publish={shlex.quote(port)}" for port in task.texts("ports")]
    return made + [f"--label={shlex.quote(label)}" for label in task.texts("labels")]


def _devices(task: Part, job: Part, around: Around) -> list[str]:
    """What the container has of the node: by default its GPUs, and its network for tasks on several nodes."""
    gpu = either(task, job, "gpu").flag("gpu")
    made = ["--gpus=all"] if around.nodes.gpu and gpu is not False else []
    if gpu and not around.nodes.gpu:
        task.leave("gpu", why="the pool's nodes have no GPU")
    fast = either(task, job, "infiniband").flag("infiniband")
    if fast and not around.nodes.infiniband:
        task.leave("infiniband", why="the pool's nodes have no InfiniBand")
    fast = around.nodes.infiniband and (fast if fast is not None else task.has("multi_instance"))
    made += [HOST] if fast or task.has("multi_instance") else []
    return [*made, *(INFINIBAND if fast else ())]


def _volumes(task: Part, job: Part, around: Around) -> list[str]:
    made = []
    for part in (job, task):
        for index, name in enumerate(part.texts("shared_data_volumes")):
            if name not in around.volumes.mounted:
                part.leave("shared_data_volumes", index, why=f"the pool mounts no {name}; see to what the command does")
        for index, name in enumerate(part.texts("data_volumes")):
            if name in around.volumes.options:
                made.append(around.volumes.options[name])
            else:
                part.leave("data_volumes", index, why="the global settings have no such volume")
    return list(dict.fromkeys(made))


def _user(job: Part) -> list[str]:
    user = job.part("user_identity").part("specific_user")
    uid, gid = user.number("uid"), user.number("gid")
    return [f"--user={uid}:{gid}"] if uid is not None and gid is not None else []
