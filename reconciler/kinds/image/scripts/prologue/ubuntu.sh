# apt, as every script of Debian and Ubuntu calls it.
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
forget_packages() {
  apt-get -o DPkg::Lock::Timeout=600 clean
  rm -rf /var/lib/apt/lists/*
}
