#!/usr/bin/env bash
set -euo pipefail
# Installs the Docker engine from Docker's repository (AlmaLinux has none of its own), and starts it where systemd runs.

if command -v dockerd >/dev/null && command -v docker >/dev/null; then
  say 'an engine is here already'
else
  say 'installing docker-ce'
  add_repository docker-ce https://download.docker.com/linux/rhel/docker-ce.repo
  # containerd.io cannot be beside the runc of the distribution: what needs that one, such as podman, is removed.
  dnf_retried --refresh --allowerasing install docker-ce docker-ce-cli containerd.io
fi

if [[ -d /run/systemd/system ]]; then
  systemctl enable --now docker >&2
  docker info --format 'docker: the engine runs, {{.Driver}} storage, cgroup v{{.CgroupVersion}}'
else
  say 'systemd does not run here: the engine is not started'
fi
say "$(docker --version)"
