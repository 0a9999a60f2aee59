#!/usr/bin/env bash
set -euo pipefail
# Waits until the first boot's cloud-init is done and no one else holds the package manager.

if command -v cloud-init >/dev/null; then
  say 'waiting for cloud-init'
  # An error of cloud-init is an end too, and exits non-zero: only a run that goes on is waited for in vain.
  state=$(timeout 900 cloud-init status --wait 2>/dev/null | sed -n 's/^status: //p' | tail -n 1) || true
  case $state in
    '' | running | 'not run' | 'not started') die "cloud-init is not done after 15 minutes (${state:-no answer})" ;;
    *) say "cloud-init: $state" ;;
  esac
else
  say 'no cloud-init here'
fi

say 'waiting for the package manager'
for try in 1 2 3; do
  # dnf waits by itself for a dnf that runs; the time-out is for one that hangs.
  if timeout 900 dnf --assumeyes --quiet --setopt=retries=10 makecache >&2; then
    say "the package manager is free (dnf $(dnf --version | sed -n 1p))"
    exit 0
  fi
  sleep $((try * 10))
done
die 'the package manager does not become free'
