# dnf, as every script of AlmaLinux calls it.
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
forget_packages() {
  dnf --quiet clean all >&2
  rm -rf /var/cache/dnf/*
}
