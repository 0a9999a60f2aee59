"""The Ubuntu family's scripts on a real Debian: real apt, real packages, a real engine."""

from __future__ import annotations

import fcntl
import subprocess

import pytest

from reconciler.kinds.image import stagescript
from tests.scripts.machine import Machine

OS = "debian-12"
pytestmark = pytest.mark.slow


def _ran(machine: Machine, name: str, **variables: str) -> str:
    """What a script says that succeeds."""
    done = machine.run(stagescript.text(OS, name, variables))
    assert done.returncode == 0, done.stderr
    return done.stdout


def _version(machine: Machine, package: str) -> str:
    command = [*machine.enter, "dpkg-query", "-W", "-f", "${db:Status-Status} ${Version}", package]
    return subprocess.run(command, capture_output=True, text=True).stdout


def test_wait_goes_on_only_when_the_package_manager_is_free(machine: Machine) -> None:
    with (machine.path / "var/lib/dpkg/lock-frontend").open("w") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        process = machine.start(stagescript.text(OS, "wait", {}))
        assert process.stderr
        assert any("Waiting for cache lock" in line for line in iter(process.stderr.readline, ""))
        assert process.poll() is None
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 0, stderr
    assert stdout.splitlines()[0] == "wait: no cloud-init here"
    assert stdout.splitlines()[-1].startswith("wait: the package manager is free (apt ")


def test_wait_completes_an_installation_that_was_broken_off(machine: Machine) -> None:
    status = machine.path / "var/lib/dpkg/status"
    parts = status.read_text().split("\n\n")
    broken = [
        part.replace("Status: install ok installed", "Status: install ok unpacked")
        if part.startswith("Package: curl\n")
        else part
        for part in parts
    ]
    assert broken != parts
    status.write_text("\n\n".join(broken))
    (machine.path / "var/lib/dpkg/updates/0001").write_text(broken[0] + "\n")
    assert "the package manager is free" in _ran(machine, "wait")
    assert _version(machine, "curl").startswith("installed ")


def test_wait_tells_a_failed_cloud_init_from_one_that_hangs(machine: Machine) -> None:
    machine.put("usr/local/bin/cloud-init", "#!/bin/sh\necho; echo 'status: error'; exit 1\n")
    assert "wait: cloud-init: error" in _ran(machine, "wait").splitlines()
    machine.put("usr/local/bin/cloud-init", "#!/bin/sh\necho 'status: running'; exit 1\n")
    done = machine.run(stagescript.text(OS, "wait", {}))
    assert done.returncode == 1
    assert "cloud-init is not done after 15 minutes (running)" in done.stderr


def test_packages_are_installed_and_a_second_run_changes_nothing(machine: Machine) -> None:
    first = _ran(machine, "packages", PACKAGES="hello  tree\n")
    second = _ran(machine, "packages", PACKAGES="hello  tree\n")
    assert first == second
    assert first.splitlines()[0] == "packages: installing hello tree"
    assert _version(machine, "hello") == "installed " + first.splitlines()[1].removeprefix("packages: hello ")
    assert _version(machine, "tree").startswith("installed ")


def test_a_package_that_there_is_not_fails(machine: Machine) -> None:
    # apt-get alone would take the first as a regular expression and remove for the last.
    for typo in (
        "hell.-traditional",
        "no-such-package-at-all",
        "hello; touch /tmp/out",
        "curl-",
        "--allow-unauthenticated",
    ):
        done = machine.run(stagescript.text(OS, "packages", {"PACKAGES": typo}))
        assert done.returncode != 0, typo
        assert "package" in done.stderr
    assert _version(machine, "hello-traditional") == ""
    assert _version(machine, "curl").startswith("installed ")
    assert not (machine.path / "tmp/out").exists()


def test_no_packages_is_no_error_but_an_unset_variable_is(machine: Machine) -> None:
    assert _ran(machine, "packages", PACKAGES=" ") == "packages: none asked for\n"
    done = machine.run(stagescript.text(OS, "packages", {}))
    assert done.returncode != 0
    assert "PACKAGES: names of packages, separated by spaces" in done.stderr


def test_docker_is_installed_and_a_second_run_keeps_it(machine: Machine) -> None:
    first = _ran(machine, "docker").splitlines()
    assert _version(machine, "docker.io").startswith("installed ")
    assert first[0] == "docker: installing docker.io"
    assert first[-1].startswith("docker: Docker version ")
    assert _ran(machine, "docker").splitlines() == ["docker: an engine is here already", *first[1:]]


def test_the_driver_is_for_ubuntu_only(machine: Machine) -> None:
    done = machine.run(stagescript.text(OS, "gpu-driver", {}))
    assert done.returncode == 1
    assert done.stderr == "gpu-driver: the driver's packages are Ubuntu's, this is debian\n"
