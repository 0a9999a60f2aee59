"""A Debian machine in a folder: made once with debootstrap, and booted anew for every test."""

from __future__ import annotations

import fcntl
import os
import platform
import shutil
import subprocess
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
CACHE = CHECKOUT / ".reconcile/cache/rootfs"
STANDINS = Path(__file__).parent / "standins"
ALONE = ("unshare", "--mount", "--pid", "--fork", "--kill-child")
"""Mounts and processes of its own: nothing of them outlives the command."""
COMPONENTS = {"debian": "main", "ubuntu": "main universe"}
HOLD = """
mount -t tmpfs tmpfs "$2" && mkdir "$2/upper" "$2/work" "$2/root" &&
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/root" && echo held && exec cat
"""


@dataclass(frozen=True)
class Machine:
    """`path` is its root directory, `changes` what differs from the base, both as seen from outside."""

    path: Path
    changes: Path
    enter: tuple[str, ...]
    """The command that runs another one in it."""

    def start(self, script: str, **environment: str) -> subprocess.Popen[str]:
        """Run `script` as Azure's run command does: a file, executed by root, hardly any environment."""
        self.put("root/script.sh", script)
        proxies = {key: value for key, value in os.environ.items() if key.lower().endswith("_proxy")}
        kept = {"PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", **proxies, **environment}
        given = [f"{key}={value}" for key, value in kept.items()]
        return subprocess.Popen(
            [*self.enter, "/usr/bin/env", "-i", *given, "/root/script.sh"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
        with self.start(script, **environment) as process:
            try:
                stdout, stderr = process.communicate(timeout=120)
            finally:
                process.kill()
        return subprocess.CompletedProcess(script, process.returncode, stdout, stderr)

    def put(self, where: str, text: str) -> None:
        """An executable file."""
        path = self.path / where
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def read(self, where: str) -> str:
        return (self.path / where).read_text()

    def stand_in(self, names: Iterable[str], standin: str = "tool") -> None:
        """Tools of these names that keep what they are asked under /calls."""
        (self.path / "calls").mkdir(exist_ok=True)
        for name in names:
            self.put(f"usr/local/bin/{name}", (STANDINS / standin).read_text())


def base() -> Path:
    """The machine that all others start as; made if there is none. Skips, with the reason, where none can be made."""
    release = platform.freedesktop_os_release()
    suite, folder = release.get("VERSION_CODENAME", ""), CACHE / release.get("VERSION_CODENAME", "none")
    if os.geteuid() != 0:
        pytest.skip("only root can make and enter a root file system")
    if release["ID"] not in COMPONENTS:
        pytest.skip(f"debootstrap makes {' and '.join(COMPONENTS)} only, this is {release['ID']}")
    if subprocess.run([*ALONE, "true"], capture_output=True).returncode:
        pytest.skip("no mount and process namespaces here")
    mirror = _mirror(suite)
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:  # test processes beside one another make one
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            _make(folder, suite, mirror, COMPONENTS[release["ID"]])
    return folder


def _mirror(suite: str) -> str:
    """The package mirror of this machine."""
    wanted = ["apt-get", "indextargets", "--no-release-info", "--format", "$(SITE) $(RELEASE)", "Identifier: Packages"]
    listed = subprocess.run(wanted, capture_output=True, text=True, check=True).stdout.split("\n")
    mirror = next((line.split()[0] for line in listed if line.endswith(f" {suite}")), None)
    if mirror is None:
        pytest.skip(f"apt knows no mirror of {suite}")
    try:
        with urllib.request.urlopen(f"{mirror.rstrip('/')}/dists/{suite}/InRelease", timeout=20):
            return mirror
    except OSError as error:
        pytest.skip(f"the package mirror is not reached: {error}")


def _make(folder: Path, suite: str, mirror: str, components: str) -> None:
    if shutil.which("debootstrap") is None:
        pytest.skip("there is no debootstrap; apt-get install debootstrap")
    making = folder.with_suffix(".making")
    shutil.rmtree(making, ignore_errors=True)
    packages = "ca-certificates,curl"
    command = ["debootstrap", "--variant=minbase", f"--include={packages}", suite, str(making), mirror]
    done = subprocess.run([*ALONE, *command], capture_output=True, text=True, timeout=600)
    if done.returncode:
        pytest.skip(f"debootstrap fails: {(done.stdout + done.stderr).strip()[-300:]}")
    (making / "etc/apt/sources.list").write_text(f"deb {mirror} {suite} {components}\n")
    policy = making / "usr/sbin/policy-rc.d"  # packages must not start their services in a folder
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    making.rename(folder)


@contextmanager
def boot(base: Path, folder: Path) -> Iterator[Machine]:
    """A machine that starts as `base` is: changes stay in memory, and end with the process that holds its mounts."""
    folder.mkdir()
    command = ["unshare", "--mount", "sh", "-c", HOLD, "sh", str(base), str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        root = folder / "root"
        enter = [
            "nsenter",
            f"--mount=/proc/{holder.pid}/ns/mnt",
            *ALONE,
            f"--mount-proc={root}/proc",
            "chroot",
            str(root),
        ]
        outside = Path(f"/proc/{holder.pid}/root{folder}")
        machine = Machine(outside / "root", outside / "upper", tuple(enter))
        machine.put("etc/resolv.conf", Path("/etc/resolv.conf").read_text())
        machine.put("etc/apt/apt.conf.d/90network", _network())
        yield machine


def _network() -> str:
    """The network settings of this machine's apt."""
    settings = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True).stdout.splitlines()
    kept = ("Acquire::http", "Acquire::https", "Acquire::Check-")
    return "".join(f"{line}\n" for line in settings if line.startswith(kept))
