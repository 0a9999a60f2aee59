"""What needs a GPU, systemd, AlmaLinux's mirrors or Azure's agent: which tools are asked for what."""

from __future__ import annotations

from subprocess import CompletedProcess

import pytest

from reconciler.kinds.image import stagescript
from tests.scripts.machine import Machine

KERNEL = "6.8.0-1021-azure"
TOOLS = (
    "apt-cache", "apt-get", "curl", "dkms", "dnf", "docker", "dockerd", "modinfo", "modprobe", "nvidia-ctk",
    "nvidia-smi", "rpm", "systemctl", "systemd-run", "uname", "waagent",
)  # fmt: skip
OPTIONS = {
    "-o", "--", "--yes", "--quiet", "--assumeyes", "--no-install-recommends", "--refresh", "--setopt=retries=10"
}  # fmt: skip
ARCHIVE = "\n".join(
    f"linux-modules-nvidia-{driver}-{KERNEL} - modules"
    for driver in ("535-server", "580-server-open", "580-server", "615-server-open")
)


@pytest.fixture
def machine(machine: Machine) -> Machine:
    machine.stand_in(TOOLS)
    machine.put("answers/uname", KERNEL)
    machine.put("answers/apt-cache", ARCHIVE)
    machine.put("answers/modinfo", "580.95.05")
    machine.put("answers/nvidia-smi", "GPU 0: Tesla T4\n")
    machine.put("answers/nvidia-ctk", "NVIDIA Container Toolkit CLI version 1.18.0\ncommit: x\n")
    machine.put("answers/docker", "Docker version 29.0.0\n")
    return machine


def _become(machine: Machine, system: str, *, gpu: bool = False, systemd: bool = False) -> None:
    name, _, version = system.partition("-")
    (machine.path / "etc/os-release").unlink()
    machine.put("etc/os-release", f'ID="{name}"\nVERSION_ID="{version}.4"\n')
    if name == "almalinux":
        (machine.path / "etc/yum.repos.d").mkdir()
    if gpu:
        machine.put("sys/bus/pci/devices/0001:00:00.0/vendor", "0x10de\n")
    if systemd:
        (machine.path / "run/systemd/system").mkdir(parents=True)


def _run(machine: Machine, system: str, name: str, **variables: str) -> CompletedProcess[str]:
    return machine.run(stagescript.text(system, name, variables))


def _asked(machine: Machine, tool: str) -> list[str]:
    """A tool's arguments, call by call, without apt's and dnf's options."""
    calls = [line.split() for line in machine.read("calls/tools").splitlines()]
    kept = [[word for word in call if word not in OPTIONS and "::" not in word] for call in calls]
    return [" ".join(call[1:]) for call in kept if call[0] == tool]


def test_ubuntu_takes_the_newest_driver_that_has_closed_modules_for_the_kernel(machine: Machine) -> None:
    _become(machine, "ubuntu-22.04", gpu=True)
    # The image follows the kernels of azure-lts, and so must the driver's modules.
    machine.stand_in(["dpkg-query"])
    machine.put("answers/dpkg-query", "un linux-image-azure\nii linux-image-azure-lts-22.04\n")
    done = _run(machine, "ubuntu-22.04", "gpu-driver")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        f"gpu-driver: installing driver 580-server for kernel {KERNEL}",
        "gpu-driver: driver 580.95.05",
        "GPU 0: Tesla T4",
    ]
    assert _asked(machine, "apt-get") == [
        "update",
        f"install linux-modules-nvidia-580-server-{KERNEL} nvidia-headless-no-dkms-580-server nvidia-utils-580-server"
        " linux-modules-nvidia-580-server-azure-lts-22.04",
    ]
    assert _asked(machine, "modprobe")[-1] == "nvidia"


def test_a_driver_can_be_named_and_needs_no_gpu_to_be_installed(machine: Machine) -> None:
    _become(machine, "ubuntu-24.04")
    done = _run(machine, "ubuntu-24.04", "gpu-driver", DRIVER="615-server-open")
    assert done.returncode == 0, done.stderr
    assert "nvidia-headless-no-dkms-615-server-open nvidia-utils-615-server" in _asked(machine, "apt-get")[-1]
    assert "no NVIDIA GPU" in done.stdout
    assert _asked(machine, "modprobe") == []


def test_a_kernel_without_modules_is_told(machine: Machine) -> None:
    _become(machine, "ubuntu-24.04")
    machine.put("answers/apt-cache", "")
    done = _run(machine, "ubuntu-24.04", "gpu-driver")
    assert done.returncode == 1
    assert done.stderr.endswith(f"no NVIDIA modules for kernel {KERNEL}; update the kernel and restart first\n")
    assert _asked(machine, "apt-get") == ["update"]


@pytest.mark.parametrize(("system", "builder"), [("almalinux-8", "powertools"), ("almalinux-9", "crb")])
def test_almalinux_builds_the_driver_of_nvidias_repository(machine: Machine, system: str, builder: str) -> None:
    _become(machine, system, gpu=True)
    done = _run(machine, system, "gpu-driver")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("gpu-driver: driver 580.95.05\nGPU 0: Tesla T4\n")
    major = system[-1]
    address = f"https://developer.download.nvidia.com/compute/cuda/repos/rhel{major}/x86_64/cuda-rhel{major}.repo"
    assert _asked(machine, "curl")[0].endswith(address)
    assert (machine.path / "etc/yum.repos.d/cuda.repo").exists()
    assert _asked(machine, "dnf") == [
        "install epel-release",
        f"--enablerepo={builder} install kernel-devel-{KERNEL} kernel-headers gcc make dkms",
        "module reset nvidia-driver",
        "module enable nvidia-driver:open-dkms",
        f"--enablerepo={builder} install nvidia-driver-cuda kmod-nvidia-open-dkms",
    ]
    assert _asked(machine, "dkms") == [f"autoinstall --kernelver {KERNEL}"]


def test_almalinux_installs_the_engine_of_dockers_repository_and_starts_it(machine: Machine) -> None:
    _become(machine, "almalinux-9", systemd=True)
    (machine.path / "usr/local/bin/dockerd").unlink()
    done = _run(machine, "almalinux-9", "docker")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "docker: Docker version 29.0.0"
    assert _asked(machine, "dnf") == ["--allowerasing install docker-ce docker-ce-cli containerd.io"]
    assert _asked(machine, "curl")[0].endswith("https://download.docker.com/linux/rhel/docker-ce.repo")
    assert _asked(machine, "systemctl") == ["enable --now docker"]


def test_almalinux_installs_packages_and_refuses_what_is_none(machine: Machine) -> None:
    _become(machine, "almalinux-8")
    assert _run(machine, "almalinux-8", "wait").returncode == 0
    assert _run(machine, "almalinux-8", "packages", PACKAGES="jq unzip").returncode == 0
    assert _asked(machine, "dnf") == ["makecache", "--version", "install jq unzip"]
    assert _run(machine, "almalinux-8", "packages", PACKAGES="-x").returncode == 1
    assert len(_asked(machine, "dnf")) == 3


@pytest.mark.parametrize("system", ["ubuntu-24.04", "almalinux-9"])
def test_containers_get_the_gpu_through_nvidias_toolkit(machine: Machine, system: str) -> None:
    _become(machine, system, systemd=True)
    for _ in range(2):
        done = _run(machine, system, "nvidia-container")
        assert done.returncode == 0, done.stderr
        assert done.stdout.endswith("nvidia-container: NVIDIA Container Toolkit CLI version 1.18.0\n")
    manager = "dnf" if system.startswith("almalinux") else "apt-get"
    assert _asked(machine, manager)[-1] == "install nvidia-container-toolkit"
    assert "runtime configure --runtime=docker" in _asked(machine, "nvidia-ctk")
    assert _asked(machine, "systemctl")[-1] == "restart docker"
    if manager == "apt-get":
        source = machine.read("etc/apt/sources.list.d/nvidia-container-toolkit.list")
        assert source.startswith(
            "deb [signed-by=/etc/apt/keyrings/nvidia-container-toolkit.asc] https://nvidia.github.io/"
        )


@pytest.mark.parametrize("system", ["debian-12", "almalinux-9"])
def test_a_deprovisioned_machine_keeps_its_images_and_nothing_of_its_own(machine: Machine, system: str) -> None:
    logs = ["var/log/syslog.1", "var/log/old/dmesg.gz", "root/.bash_history"]
    keys = ["etc/ssh/ssh_host_rsa_key", "etc/ssh/ssh_host_rsa_key.pub"]
    gone = [*logs, *keys, "root/.docker/config.json", "home/azureuser/.docker/config.json"]
    kept = ["var/lib/docker/overlay2/layer", "etc/docker/daemon.json", "etc/ssh/sshd_config"]
    for where in (*gone, *kept, "var/log/azure/waagent.log", "etc/machine-id"):
        machine.put(where, "something")
    for _ in range(2):
        done = _run(machine, system, "deprovision")
        assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "deprovision: waagent has deprovisioned the machine"
    assert [where for where in gone if (machine.path / where).exists()] == []
    assert [machine.read(where) for where in kept] == ["something"] * 3
    assert (machine.read("var/log/azure/waagent.log"), machine.read("etc/machine-id")) == ("", "")
    assert _asked(machine, "waagent") == ["-deprovision+user -force"] * 2


def test_where_systemd_runs_waagent_comes_after_the_run_commands_answer(machine: Machine) -> None:
    _become(machine, "almalinux-9", systemd=True)
    done = _run(machine, "almalinux-9", "deprovision", DELAY="90")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("deprovision: in 90 seconds waagent deprovisions the machine and powers it off\n")
    assert _asked(machine, "waagent") == []
    (call,) = _asked(machine, "systemd-run")
    assert "--on-active=90" in call
    assert call.endswith("/bin/sh -c waagent -deprovision+user -force && systemctl poweroff")


@pytest.mark.parametrize("system", ["ubuntu-22.04", "almalinux-9"])
def test_without_waagent_nothing_is_taken_off(machine: Machine, system: str) -> None:
    (machine.path / "usr/local/bin/waagent").unlink()
    machine.put("etc/ssh/ssh_host_rsa_key", "key")
    done = _run(machine, system, "deprovision")
    assert done.returncode == 1
    assert "there is no waagent" in done.stderr
    assert machine.read("etc/ssh/ssh_host_rsa_key") == "key"
