#!/usr/bin/env bash
set -euo pipefail
# Installs NVIDIA's driver for servers without a display, from NVIDIA's repository; dkms builds its modules here.
#   DRIVER  a module stream of the repository, such as 580-dkms or 580-open; empty: open-dkms, the newest
: "${DRIVER:=open-dkms}"

say() { printf 'gpu-driver: %s\n' "$*"; }
die() { printf 'gpu-driver: %s\n' "$*" >&2; exit 1; }

# What dnf says goes to stderr. It waits by itself for another dnf; mirrors may fail for a while.
dnf_retried() {
  local try
  for try in 1 2 3; do
    if dnf --assumeyes --quiet --setopt=retries=10 "$@" >&2; then return; fi
    sleep $((try * 10))
  done
  die "dnf does not do: $*"
}
# A repository as its owner describes it.
add_repository() {
  local file=/etc/yum.repos.d/$1.repo
  curl --fail --silent --show-error --location --proto '=https' --retry 5 --output "$file.new" "$2"
  mv "$file.new" "$file"
}

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
