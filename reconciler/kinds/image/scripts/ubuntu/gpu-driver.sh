#!/usr/bin/env bash
set -euo pipefail
# Installs NVIDIA's driver for servers without a display, with the kernel modules that Ubuntu has built and signed.
#   DRIVER  a driver of the archive, such as 580-server or 580-server-open; empty: the newest one
: "${DRIVER:=}"

in_archive() { apt-cache show "$1" >/dev/null 2>&1; }

# The drivers that have modules for the running kernel. The open modules are taken only where there are no others.
newest() {
  local found closed
  found=$(apt-cache search --names-only "^linux-modules-nvidia-[0-9]+-server(-open)?-${kernel//./\\.}\$" |
    sed -E 's/^linux-modules-nvidia-([0-9]+-server(-open)?)-.*/\1/' | sort -V)
  closed=$(grep -v -- -open <<<"$found" || true)
  tail -n 1 <<<"${closed:-$found}"
}

# The image's kernel is kept up to date by a package such as linux-image-azure: its flavour is azure.
flavour() {
  dpkg-query --show --showformat '${db:Status-Abbrev}${Package}\n' 'linux-image-azure*' 2>/dev/null |
    sed -n 's/^ii *linux-image-//p' | sed -n 1p || true
}

# shellcheck source=/dev/null
distribution=$(. /etc/os-release && printf '%s' "$ID")
[[ $distribution == ubuntu ]] || die "the driver's packages are Ubuntu's, this is $distribution"
[[ -z $DRIVER || $DRIVER =~ ^[0-9]+-server(-open)?$ ]] || die "not a driver: $DRIVER; write one such as 580-server"
kernel=$(uname -r)

update
driver=${DRIVER:-$(newest)}
[[ -n $driver ]] || die "the archive has no NVIDIA modules for kernel $kernel; update the kernel and restart first"
say "installing driver $driver for kernel $kernel"
packages=("linux-modules-nvidia-$driver-$kernel" "nvidia-headless-no-dkms-$driver" "nvidia-utils-${driver%-open}")
later="linux-modules-nvidia-$driver-$(flavour)"
# Without it, the next kernel update would leave the driver behind.
if in_archive "$later"; then packages+=("$later"); fi
apt_get install --no-install-recommends -- "${packages[@]}"

say "driver $(modinfo --field version nvidia)"
if ! grep -qs 0x10de /sys/bus/pci/devices/*/vendor; then
  say 'this machine has no NVIDIA GPU: the driver is installed, not tried'
  exit 0
fi
modprobe --remove nouveau 2>/dev/null || true
modprobe nvidia
nvidia-smi -L
