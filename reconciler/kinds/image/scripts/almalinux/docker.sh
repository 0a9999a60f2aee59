#!/usr/bin/env bash
set -euo pipefail
# Installs the Docker engine from Docker's repository (AlmaLinux has none of its own), and starts it where systemd runs.

say() { printf 'docker: %s\n' "$*"; }
die() { printf 'docker: %s\n' "$*" >&2; exit 1; }

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
