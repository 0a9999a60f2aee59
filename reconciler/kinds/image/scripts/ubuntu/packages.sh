#!/usr/bin/env bash
set -euo pipefail
# Installs packages by name.
#   PACKAGES  names separated by spaces, each with or without =version; empty: nothing to do
: "${PACKAGES?names of packages, separated by spaces}"

say() { printf 'packages: %s\n' "$*"; }
die() { printf 'packages: %s\n' "$*" >&2; exit 1; }

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

read -r -d '' -a packages <<<"$PACKAGES" || true
if ((${#packages[@]} == 0)); then
  say 'none asked for'
  exit 0
fi
for package in "${packages[@]}"; do
  # apt would remove a package named with a final minus.
  [[ $package =~ ^[A-Za-z0-9][A-Za-z0-9.+_:~=-]*$ && $package != *- ]] || die "not a package name: $package"
done

say "installing ${packages[*]}"
update
# Without Pattern-Only, a name that there is not would be searched for as a regular expression.
apt_get -o APT::Cmd::Pattern-Only=true install --no-install-recommends -- "${packages[@]}"
for package in "${packages[@]}"; do
  name=${package%%=*}
  version=$(dpkg-query --show --showformat '${Version}' "$name" 2>/dev/null || true)
  say "$name ${version:-is provided by another package}"
done
