#!/usr/bin/env bash
set -euo pipefail
# Lets Docker containers use the GPU: NVIDIA's container toolkit from NVIDIA's repository.

say() { printf 'nvidia-container: %s\n' "$*"; }
die() { printf 'nvidia-container: %s\n' "$*" >&2; exit 1; }

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

command -v docker >/dev/null || die 'there is no docker to configure; install it first'
say 'installing nvidia-container-toolkit'
source=https://nvidia.github.io/libnvidia-container
add_repository nvidia-container-toolkit "$source/stable/rpm/nvidia-container-toolkit.repo"
dnf_retried --refresh install nvidia-container-toolkit
nvidia-ctk runtime configure --runtime=docker >&2
if [[ -d /run/systemd/system ]]; then
  systemctl restart docker >&2
else
  say 'systemd does not run here: the engine is not restarted'
fi
say "$(nvidia-ctk --version | sed -n 1p)"
