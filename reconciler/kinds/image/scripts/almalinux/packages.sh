#!/usr/bin/env bash
set -euo pipefail
# Installs packages by name.
#   PACKAGES  names separated by spaces, each with or without -version; empty: nothing to do
: "${PACKAGES?names of packages, separated by spaces}"

say() { printf 'packages: %s\n' "$*"; }
die() { printf 'packages: %s\n' "$*" >&2; exit 1; }

# What dnf says goes to stderr. It waits by itself for another dnf; mirrors may fail for a while.
dnf_retried() {
  local try
  for try in 1 2 3; do
    if dnf --assumeyes --quiet --setopt=retries=10 "$@" >&2; then return; fi
    sleep $((try * 10))
  done
  die "dnf does not do: $*"
}

read -r -d '' -a packages <<<"$PACKAGES" || true
if ((${#packages[@]} == 0)); then
  say 'none asked for'
  exit 0
fi
for package in "${packages[@]}"; do
  [[ $package =~ ^[A-Za-z0-9][A-Za-z0-9.+_:~=-]*$ && $package != *- ]] || die "not a package name: $package"
done

say "installing ${packages[*]}"
dnf_retried --refresh install "${packages[@]}"
for package in "${packages[@]}"; do
  installed=$(rpm --query "$package" 2>/dev/null) || installed="$package is provided by another package"
  say "$installed"
done
