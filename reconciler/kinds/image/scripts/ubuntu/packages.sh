#!/usr/bin/env bash
set -euo pipefail
# Installs packages by name.
#   PACKAGES  names separated by spaces, each with or without =version; empty: nothing to do
: "${PACKAGES?names of packages, separated by spaces}"

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
