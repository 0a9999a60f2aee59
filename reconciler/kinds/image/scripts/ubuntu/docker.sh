#!/usr/bin/env bash
set -euo pipefail
# Installs the Docker engine of the distribution, and starts it where systemd runs.

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
