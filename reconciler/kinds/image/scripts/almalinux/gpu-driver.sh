#!/usr/bin/env bash
set -euo pipefail
# Installs NVIDIA's driver for servers without a display, from NVIDIA's repository; dkms builds its modules here.
#   DRIVER  a module stream of the repository, such as 580-dkms or 580-open; empty: open-dkms, the newest
: "${DRIVER:=open-dkms}"

[[ $DRIVER =~ ^[a-z0-9]+-(dkms|open)$ ]] || die "not a driver: $DRIVER; write one such as 580-open"
# The open modules serve every GPU since the T4; the others end with the drivers that still have them.
case $DRIVER in
  *open*) modules=kmod-nvidia-open-dkms ;;
  *) modules=kmod-nvidia-latest-dkms ;;
esac
# shellcheck source=/dev/null
major=$(. /etc/os-release && printf '%s' "${VERSION_ID%%.*}")
case $major in
  8) builder=powertools ;;
  *) builder=crb ;;
esac
kernel=$(uname -r)

say "installing driver $DRIVER for kernel $kernel"
dnf_retried install epel-release
add_repository cuda "https://developer.download.nvidia.com/compute/cuda/repos/rhel$major/x86_64/cuda-rhel$major.repo"
dnf_retried --refresh --enablerepo="$builder" install "kernel-devel-$kernel" kernel-headers gcc make dkms
dnf_retried module reset nvidia-driver
dnf_retried module enable "nvidia-driver:$DRIVER"
dnf_retried --enablerepo="$builder" install nvidia-driver-cuda "$modules"
# The package builds for the running kernel; where it could not, this says why.
dkms autoinstall --kernelver "$kernel" >&2

say "driver $(modinfo --field version nvidia)"
if ! grep -qs 0x10de /sys/bus/pci/devices/*/vendor; then
  say 'this machine has no NVIDIA GPU: the driver is installed, not tried'
  exit 0
fi
modprobe --remove nouveau 2>/dev/null || true
modprobe nvidia || die 'the kernel refuses the modules built here; with Secure Boot it takes signed ones only'
nvidia-smi -L
