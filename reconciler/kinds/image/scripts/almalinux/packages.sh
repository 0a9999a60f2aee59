#!/usr/bin/env bash
set -euo pipefail
# Installs packages by name.
#   PACKAGES  names separated by spaces, each with or without -version; empty: nothing to do
: "${PACKAGES?names of packages, separated by spaces}"

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
