#!/usr/bin/env bash
set -euo pipefail
# Lets Docker containers use the GPU: NVIDIA's container toolkit from NVIDIA's repository.

source=https://nvidia.github.io/libnvidia-container
key=/etc/apt/keyrings/nvidia-container-toolkit.asc

command -v docker >/dev/null || die 'there is no docker to configure; install it first'
say "adding $source"
if ! command -v curl >/dev/null; then
  update
  apt_get install --no-install-recommends -- curl ca-certificates
fi
install --directory --mode=0755 /etc/apt/keyrings
curl --fail --silent --show-error --location --proto '=https' --retry 5 --output "$key.new" "$source/gpgkey"
chmod 0644 "$key.new"
mv "$key.new" "$key"
printf 'deb [signed-by=%s] %s/stable/deb/%s /\n' "$key" "$source" "$(dpkg --print-architecture)" \
  >/etc/apt/sources.list.d/nvidia-container-toolkit.list

say 'installing nvidia-container-toolkit'
update
apt_get install --no-install-recommends -- nvidia-container-toolkit
nvidia-ctk runtime configure --runtime=docker >&2
if [[ -d /run/systemd/system ]]; then
  systemctl restart docker >&2
else
  say 'systemd does not run here: the engine is not restarted'
fi
say "$(nvidia-ctk --version | sed -n 1p)"
