"""Images are pulled with a login that leaves no trace: real bash, curl and TLS; a stand-in for docker and for Azure."""

from __future__ import annotations

import re
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from reconciler.kinds.image import stagescript
from tests.scripts.azure import CLIENT, Registry
from tests.scripts.machine import Machine

DIGESTS = {number: f"sha256:{number * 64}" for number in "abc"}


@pytest.fixture
def machine(machine: Machine, registry: Registry) -> Machine:
    machine.stand_in(["docker"], "docker")
    machine.stand_in(["curl"], "curl")
    registry.authority.cert_pem.write_to_path(str(machine.path / "authority.pem"))
    return machine


def _images(machine: Machine, *lines: str) -> None:
    (machine.path / "images").write_text("".join(f"{line}\n" for line in lines))


def _run(machine: Machine, registry: Registry, **variables: str) -> CompletedProcess[str]:
    given = {"IMDS": registry.imds, "PAUSE": "0", **variables}
    return machine.run(stagescript.text("ubuntu-22.04", "preload", given), CURL_CA_BUNDLE="/authority.pem")


def _holding(machine: Machine, secret: str) -> list[str]:
    """Files that hold a text, of all that were written since the machine was booted; /calls is the stand-ins' own."""
    files = [path for path in machine.changes.rglob("*") if path.is_file() and not path.is_symlink()]
    assert files
    own = machine.changes / "calls"
    return [str(path) for path in files if own not in path.parents and secret.encode() in path.read_bytes()]


def _calls(machine: Machine, tool: str) -> list[str]:
    return machine.read(f"calls/{tool}").splitlines()


def test_an_image_of_a_registry_is_pulled_with_the_identity(machine: Machine, registry: Registry) -> None:
    image = f"{registry.name}/team/app:1"
    _images(machine, f"{image} {registry.name}/team/app@{DIGESTS['a']}")
    done = _run(machine, registry, IMAGES=image, REGISTRIES=registry.name, IDENTITY_CLIENT_ID=CLIENT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == f"pulled {image} {registry.name}/team/app@{DIGESTS['a']}"
    assert registry.asked == [
        {"api-version": "2018-02-01", "resource": "https://management.azure.com/", "client_id": CLIENT}
    ]
    assert registry.exchanged == [
        {"grant_type": "access_token", "service": registry.name, "access_token": registry.identity_token}
    ]
    assert _calls(machine, "docker") == [
        f"login --username 00000000-0000-0000-0000-000000000000 --password-stdin {registry.name}",
        f"pull --quiet {image}",
        f"image inspect --format {{{{range .RepoDigests}}}}{{{{println .}}}}{{{{end}}}} {image}",
    ]
    assert machine.read("calls/password") == registry.registry_token


def test_tokens_are_in_no_argument_no_output_and_no_file(machine: Machine, registry: Registry) -> None:
    image = f"{registry.name}/app:1"
    _images(machine, f"{image} {registry.name}/app@{DIGESTS['a']}")
    done = _run(machine, registry, IMAGES=image, REGISTRIES=registry.name)
    assert done.returncode == 0, done.stderr
    folder = Path(machine.read("calls/folder"))
    assert folder.parent == Path("/dev/shm")
    assert not (machine.path / folder.relative_to("/")).exists()
    said = [*_calls(machine, "docker"), *_calls(machine, "curl"), done.stdout, done.stderr]
    for token in (registry.identity_token, registry.registry_token):
        assert not [line for line in said if token in line]
        assert _holding(machine, token) == []
    assert len(_calls(machine, "curl")) == 2


def test_a_role_that_is_new_is_waited_for(machine: Machine, registry: Registry) -> None:
    image = f"{registry.name}/app:1"
    _images(machine, f"{image} {registry.name}/app@{DIGESTS['a']} 4 unauthorized")
    registry.refusals = {"/metadata/identity/oauth2/token": 2, "/oauth2/exchange": 2}
    done = _run(machine, registry, IMAGES=image, REGISTRIES=registry.name)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("HTTP 401: authentication required, the role is new") == 4
    assert _calls(machine, "docker").count(f"pull --quiet {image}") == 5


def test_a_role_that_never_comes_ends_the_script(machine: Machine, registry: Registry) -> None:
    registry.refusals = {"/oauth2/exchange": 100}
    done = _run(machine, registry, IMAGES=f"{registry.name}/app:1", REGISTRIES=registry.name, TRIES="3")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == f"preload: cannot log in to {registry.name} after 3 tries"
    assert registry.refusals == {"/oauth2/exchange": 97}
    assert list((machine.path / "dev/shm").iterdir()) == []


def test_an_identity_that_the_machine_has_not_is_named(machine: Machine, registry: Registry) -> None:
    given = {"REGISTRIES": registry.name, "IDENTITY_CLIENT_ID": "99999999-9999", "TRIES": "1"}
    done = _run(machine, registry, IMAGES=f"{registry.name}/app:1", **given)
    assert done.returncode == 1
    assert "HTTP 400: Identity not found" in done.stderr
    assert registry.exchanged == []


def test_public_images_are_pulled_without_a_login_and_named_as_asked(machine: Machine, registry: Registry) -> None:
    exact = f"docker.io/library/busybox@{DIGESTS['b']}"
    _images(machine, f"{exact} busybox@{DIGESTS['b']} 2 timeout", f"quay.io/app quay.io/app@{DIGESTS['c']}")
    done = _run(machine, registry, IMAGES=f"{exact}|tools.example/busybox:1\n\nquay.io/app\n")
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stdout.splitlines() if line.startswith("pulled ")] == [
        f"pulled {exact} busybox@{DIGESTS['b']}",
        f"pulled quay.io/app quay.io/app@{DIGESTS['c']}",
    ]
    calls = _calls(machine, "docker")
    assert f"tag {exact} tools.example/busybox:1" in calls
    assert calls.count(f"pull --quiet {exact}") == 3
    assert not [call for call in calls if call.startswith("login")]
    assert not (machine.path / "calls/curl").exists()


def test_an_image_that_there_is_not_fails_after_three_tries(machine: Machine, registry: Registry) -> None:
    _images(machine)
    done = _run(machine, registry, IMAGES="quay.io/none:1")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "preload: cannot pull quay.io/none:1: manifest for quay.io/none:1 not found"
    assert _calls(machine, "docker") == ["pull --quiet quay.io/none:1"] * 3


@pytest.mark.parametrize(
    ("variable", "value"),
    [("IMAGES", "--privileged"), ("IMAGES", "a b"), ("IMAGES", "a|-b"), ("REGISTRIES", "evil.example/path?"),
     ("REGISTRIES", "-K/etc/shadow"), ("TRIES", "0"), ("PAUSE", "a[$(touch /tmp/out)]")],
)  # fmt: skip
def test_what_is_no_image_or_registry_is_refused(
    machine: Machine, registry: Registry, variable: str, value: str
) -> None:
    done = _run(machine, registry, **{"IMAGES": "quay.io/app", variable: value})
    assert done.returncode == 1
    assert re.match(r"preload: not (an image|a registry|numbers): ", done.stderr)
    assert not (machine.path / "calls/docker").exists()
    assert not (machine.path / "tmp/out").exists()
