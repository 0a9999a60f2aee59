"""The built-in roles of Microsoft.ContainerRegistry, and the actions on images that are checked."""

from __future__ import annotations

from azure_local.azure import Role

PULL = "Microsoft.ContainerRegistry/registries/pull/read"
PUSH = "Microsoft.ContainerRegistry/registries/push/write"
BUILT_IN = (
    Role("7f951dda-4ed3-4680-a7ca-43fe172d538d", actions=(PULL,)),  # AcrPull
    Role("8311e382-0749-4cb8-b61a-304f252e45ec", actions=(PULL, PUSH)),  # AcrPush
)
