#!/usr/bin/env bash
set -euo pipefail
# Lets Docker containers use the GPU: NVIDIA's container toolkit from NVIDIA's repository.

command -v docker >/dev/null || die 'there is no docker to configure; install it first'
say 'installing nvidia-container-toolkit'
source=https://nvidia.github.io/libnvidia-container
add_repository nvidia-container-toolkit "$source/stable/rpm/nvidia-container-toolkit.repo"
dnf_retried --refresh install nvidia-container-toolkit
nvidia-ctk runtime configure --runtime=docker >&2
if [[ -d /run/systemd/system ]]; then
  systemctl restart docker >&2
else
  say 'systemd does not run here: the engine is not restarted'
fi
say "$(nvidia-ctk --version | sed -n 1p)"
