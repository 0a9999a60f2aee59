"""Registries of the local Azure's containers: where an image comes from, and how the runtime learns the password."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from azure_local.nodes import registries


@pytest.mark.parametrize(
    ("image", "server", "full"),
    [
        ("tool", "docker.io", "docker.io/library/tool"),
        ("team/tool:1", "docker.io", "docker.io/team/tool:1"),
        ("docker.io/team/tool", "docker.io", "docker.io/team/tool"),
        ("Example.azurecr.io/tool:1", "example.azurecr.io", "Example.azurecr.io/tool:1"),
        ("127.0.0.1:5000/a/b@sha256:00", "127.0.0.1:5000", "127.0.0.1:5000/a/b@sha256:00"),
        ("localhost/tool", "localhost", "localhost/tool"),
    ],
)
def test_an_image_name_tells_its_registry(image: str, server: str, full: str) -> None:
    assert (registries.server(image), registries.full(image)) == (server, full)


def test_the_tasks_own_registry_comes_before_the_pools_that_fits() -> None:
    hub, mine, other = {"username": "h"}, {"registryServer": "https://A.io/"}, {"registryServer": "b.io"}
    assert registries.matching("a.io/x", None, [other, mine, hub]) is mine
    assert registries.matching("x", None, [other, mine, hub]) is hub
    assert registries.matching("c.io/x", None, [other, mine, hub]) is None
    assert registries.matching("a.io/x", other, [mine]) is other


def test_a_password_is_in_a_private_file_only_while_the_image_is_pulled() -> None:
    with registries.signed_in({"registryServer": "a.io", "username": "me", "password": "s:x"}) as login:
        file = Path(login["REGISTRY_AUTH_FILE"])
        assert file == Path(login["DOCKER_CONFIG"], "config.json")
        assert file.parent.stat().st_mode & 0o077 == 0
        (found,) = json.loads(file.read_text())["auths"].items()
    assert found[0] == "a.io"
    assert base64.b64decode(found[1]["auth"]) == b"me:s:x"
    assert not file.parent.exists()
    with registries.signed_in({"registryServer": "a.io"}) as nothing:
        assert nothing == {}
