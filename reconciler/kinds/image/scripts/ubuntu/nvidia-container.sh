#!/usr/bin/env bash
set -euo pipefail
# Lets Docker containers use the GPU: NVIDIA's container toolkit from NVIDIA's repository.

say() { printf 'nvidia-container: %s\n' "$*"; }
die() { printf 'nvidia-container: %s\n' "$*" >&2; exit 1; }

# What apt says goes to stderr; needrestart would restart the agent that runs this script.
export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
apt_get() {
  apt-get --yes --quiet -o DPkg::Lock::Timeout=600 -o Acquire::Retries=5 -o APT::Update::Error-Mode=any \
    -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold "$@" >&2
}
# The lock of the package lists has no time-out of its own, so updating them is tried again.
update() {
  local try
  for try in 1 2 3 4 5; do
    if apt_get update; then return; fi
    sleep $((try * 5))
  done
  die 'cannot update the package lists'
}

source=https://nvidia.github.io/libnvidia-container
key=/etc/apt/keyrings/nvidia-container-toolkit.asc

command -v docker >/dev/null || die 'there is no docker to configure; install it first'
say "adding $source"
if ! command -v curl >/dev/null; then
  update
  apt_get install --no-install-recommends -- curl ca-certificates
fi
install --directory --mode=0755 /etc/apt/keyrings
curl --fail --silent --show-error --location --proto '=https' --retry 5 --output "$key.new" "$source/gpgkey"
chmod 0644 "$key.new"
mv "$key.new" "$key"
printf 'deb [signed-by=%s] %s/stable/deb/%s /\n' "$key" "$source" "$(dpkg --print-architecture)" \
  >/etc/apt/sources.list.d/nvidia-container-toolkit.list

say 'installing nvidia-container-toolkit'
update
apt_get install --no-install-recommends -- nvidia-container-toolkit
nvidia-ctk runtime configure --runtime=docker >&2
if [[ -d /run/systemd/system ]]; then
  systemctl restart docker >&2
else
  say 'systemd does not run here: the engine is not restarted'
fi
say "$(nvidia-ctk --version | sed -n 1p)"
