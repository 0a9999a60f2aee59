#!/usr/bin/env bash
set -euo pipefail
# Takes off the machine what must not be in an image: logs, caches, keys, names, its user. Docker's images stay.
#   DELAY  seconds from the end of this script to waagent's part, where systemd runs
#
# waagent ends its own service, and with it the run command that it carries out: such a command would never be answered.
# So, where systemd runs, systemd starts waagent a little later and then powers the machine off:
# the machine is ready to be generalized when it is stopped, not when this script ends.
: "${DELAY:=60}"

[[ $DELAY =~ ^[0-9]+$ ]] || die "not a number of seconds: $DELAY"
command -v waagent >/dev/null || die 'there is no waagent: this is no Azure machine, or its agent is broken'

say 'removing package caches, logs, logins, keys and the machine id'
forget_packages
if command -v cloud-init >/dev/null; then cloud-init clean --logs >&2; fi
rm -rf /var/log/journal/*
find /var/log -xdev -type f \( -name '*.gz' -o -name '*.xz' -o -name '*.old' -o -name '*.[0-9]' \) -delete
find /var/log -xdev -type f -exec truncate --size=0 {} +
rm -rf /root/.docker /home/*/.docker /root/.cache /root/.bash_history
rm -f /etc/ssh/ssh_host_*_key /etc/ssh/ssh_host_*_key.pub
# Empty, not absent: systemd makes a new one at the next boot.
if [[ -e /etc/machine-id ]]; then truncate --size=0 /etc/machine-id; fi
if [[ -f /var/lib/dbus/machine-id && ! -L /var/lib/dbus/machine-id ]]; then rm -f /var/lib/dbus/machine-id; fi

if [[ -d /run/systemd/system ]]; then
  systemctl stop reconcile-deprovision.timer 2>/dev/null || true
  systemd-run --quiet --collect --unit=reconcile-deprovision --on-active="$DELAY" \
    /bin/sh -c 'waagent -deprovision+user -force && systemctl poweroff' >&2
  say "in $DELAY seconds waagent deprovisions the machine and powers it off"
else
  waagent -deprovision+user -force >&2
  say 'waagent has deprovisioned the machine'
fi
