"""What runs on each node: a command whose output is brought into a container; and the service that measures."""

import os
import re
import shlex
import subprocess
import sys
import time
from typing import Any

from reconciler.nodelogs.onnode.writing import FAILS, FOR_JOBS, NODE, Container, node, place, say

LOG = 32 * 2**20
PERIOD = 60
UNIT = "reconcile-telemetry"


def keep(line: str, container: Container, stage: str) -> int:
    """Run the command line of a task, as Batch does, and keep what it writes as that of a stage; its exit code."""
    words = [re.sub(r"\$(AZ_BATCH_\w+)", variable, word) for word in shlex.split(line)]
    begun = time.strftime("%Y-%m-%dT%H-%M-%SZ", time.gmtime())
    try:
        running = subprocess.Popen(words)
    except OSError as error:
        say(f"cannot run the {stage} task: {error}")
        running = subprocess.Popen(["/bin/sh", "-c", "exit 127"])
    logs = Logs(container, stage, begun)
    while True:
        try:
            code = running.wait(PERIOD)
            break
        except subprocess.TimeoutExpired:
            logs.bring()
    logs.bring()
    return code if code >= 0 else 128 - code


def variable(match: Any) -> str:
    return str(os.environ.get(match.group(1), match.group(0)))


class Logs:
    """What the task has written so far, and what of it was brought."""

    def __init__(self, container: Container, stage: str, begun: str) -> None:
        self.container, self.stage, self.place = container, stage, "/".join((place(stage), node(), begun))
        self.folder = os.environ.get("AZ_BATCH_TASK_DIR" if stage in FOR_JOBS else "AZ_BATCH_NODE_STARTUP_DIR", ".")
        self.brought: dict[str, int] = {}
        self.told = False

    def bring(self) -> None:
        """Write both files as blobs if they have changed; of a long one the end."""
        sys.stderr.flush()
        for name in ("stdout.txt", "stderr.txt"):
            path = os.path.join(self.folder, name)
            try:
                size = os.stat(path).st_size
                if self.brought.get(name) == size:
                    continue
                with open(path, "rb") as file:
                    file.seek(max(0, size - LOG))
                    self.container.write(f"{self.place}/{name}", file.read(LOG))
                self.brought[name] = size
            except FAILS as error:
                if not self.told:
                    say(f"cannot keep {name} of the {self.stage} task: {error}")
                self.told = True


def install(code: str, settings: str) -> None:
    """Begin to measure, as a service of the system: what a start task leaves running otherwise ends with it.

    The service may do nothing but look, and its program is in no file that a task could change.
    """
    known = [f"--setenv={name}={os.environ[name]}" for name in NODE if name in os.environ]
    limits = [
        "--property=DynamicUser=yes",
        "--property=Nice=10",
        "--property=CPUQuota=20%",
        "--property=MemoryMax=256M",
    ]
    program = f'import base64,zlib;CODE="{code}";exec(zlib.decompress(base64.b64decode(CODE)))'
    command = ["systemd-run", "--quiet", f"--unit={UNIT}", *limits, *known, sys.executable, "-c", program]
    try:
        ended = subprocess.call([*command, "sample", settings], stdout=subprocess.DEVNULL)
    except OSError as error:
        say(f"this node is not measured: {error}")
    else:
        if ended:
            say(f"this node is not measured: systemd-run ended with {ended}")
