#!/usr/bin/env bash
set -euo pipefail
# Installs the Docker engine of the distribution, and starts it where systemd runs.

say() { printf 'docker: %s\n' "$*"; }
die() { printf 'docker: %s\n' "$*" >&2; exit 1; }

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

if command -v dockerd >/dev/null && command -v docker >/dev/null; then
  say 'an engine is here already'
else
  say 'installing docker.io'
  update
  # apparmor: the engine confines containers by it where the kernel has it.
  # docker-cli: a package of its own in newer releases.
  packages=(docker.io ca-certificates apparmor)
  if apt-cache show docker-cli >/dev/null 2>&1; then packages+=(docker-cli); fi
  apt_get install --no-install-recommends -- "${packages[@]}"
fi

if [[ -d /run/systemd/system ]]; then
  systemctl enable --now docker >&2
  docker info --format 'docker: the engine runs, {{.Driver}} storage, cgroup v{{.CgroupVersion}}'
else
  say 'systemd does not run here: the engine is not started'
fi
say "$(docker --version)"
