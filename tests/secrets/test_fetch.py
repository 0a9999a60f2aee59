"""The program that fetches secrets on a node, as a real process beside what it asks on a node."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.kind import node_secrets

IDENTITY = "/subscriptions/s/resourcegroups/g/providers/microsoft.managedidentity/userassignedidentities/id-a"
SHOWS = "import json,os,sys; print(json.dumps([os.environb.get(b'A', b'').hex(), sorted(os.environ), sys.argv[1:]]))"
HOSTILE = ["a\nb", "\"'$(id)`id`\\", "ü€𝄞", "", " lead", "x" * 25_000, "\x01\x1b[31m", "=", "%s{}"]


@dataclass
class Node:
    """What answers on a node: `vault` and `metadata` are answers (status, body); the last one stays."""

    url: str = ""
    vault: list[tuple[int, Any]] = field(default_factory=list)
    metadata: list[tuple[int, Any]] = field(default_factory=list)
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    def run(self, *command: str, seconds: float = 20, **more: Any) -> subprocess.CompletedProcess[bytes]:
        secrets = node_secrets.named({"A": {"secret": "keyVaults/kv/one"}, "B": "plain"}, IDENTITY)
        task = node_secrets.wired({"commandLine": shlex.join(command), "environmentSettings": secrets})
        told = json.loads(task["environmentSettings"][node_secrets.VARIABLE])
        env = {**task["environmentSettings"], node_secrets.VARIABLE: json.dumps({**told, "seconds": seconds})}
        env |= {"PATH": more.get("path", f"{Path(sys.executable).parent}:/usr/bin:/bin")}
        env |= {"AZURE_POD_IDENTITY_AUTHORITY_HOST": self.url, "AZURE_LOCAL_VAULTS": f"{self.url}/vaults"}
        words = shlex.split(task["commandLine"])
        return subprocess.run(words, env=env, cwd=more.get("folder"), capture_output=True, check=False)


@pytest.fixture
def node() -> Iterator[Node]:
    there = Node()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            of_vault = self.path.startswith("/vaults/")
            answers = there.vault if of_vault else there.metadata
            there.asked.append((self.path, self.headers.get("Authorization")))
            status, body = answers.pop(0) if len(answers) > 1 else answers[0]
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            if status == 302:
                self.send_header("Location", f"{there.url}/elsewhere")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  # its name in the library
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    there.url = f"http://127.0.0.1:{server.server_port}"
    there.metadata = [(200, {"access_token": "token"})]
    there.vault = [(200, {"value": "hunter2"})]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield there
    server.shutdown()
    server.server_close()


def test_the_command_has_the_secret_and_nothing_of_how_it_came(node: Node) -> None:
    done = node.run(sys.executable, "-c", SHOWS, "two words", "$A")
    value, names, arguments = json.loads(done.stdout)
    assert bytes.fromhex(value) == b"hunter2"
    assert {"A", "B"} <= set(names)
    assert node_secrets.VARIABLE not in names
    assert arguments == ["two words", "$A"]
    assert done.stderr == b""
    (token, _), (secret, bearer) = node.asked
    assert "resource=https%3A%2F%2Fvault.azure.net" in token
    assert f"msi_res_id={IDENTITY.replace('/', '%2F')}" in token
    assert (secret, bearer) == ("/vaults/kv.vault.azure.net/secrets/one?api-version=7.4", "Bearer token")


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_value_arrives_unharmed(node: Node, value: str) -> None:
    node.vault = [(200, {"value": value})]
    done = node.run(sys.executable, "-c", SHOWS)
    assert bytes.fromhex(json.loads(done.stdout)[0]).decode() == value


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=50))
def test_whatever_text_it_is_it_arrives(node: Node, value: str) -> None:
    node.vault = [(200, {"value": value})]
    assert bytes.fromhex(json.loads(node.run(sys.executable, "-c", SHOWS).stdout)[0]).decode() == value


def refusal(code: str) -> tuple[int, Any]:
    return 403, {"error": {"code": "Forbidden", "message": "hunter2", "innererror": {"code": code}}}


@pytest.mark.parametrize(
    ("answer", "code", "says"),
    [
        (
            (404, {"error": {"code": "SecretNotFound", "message": "x"}}),
            78,
            "is not there; set it: az keyvault",
        ),
        (refusal("ForbiddenByRbac"), 78, "may not be read by the identity id-a (ForbiddenByRbac); give it the role"),
        (refusal("ForbiddenByConnection"), 78, "is out of reach: the network of the vault keeps this node out"),
        (refusal("SecretDisabled"), 78, "is disabled; enable it"),
        ((401, b"<html>hunter2"), 78, "may not be read by the identity id-a (401)"),
        ((503, {}), 75, "the vault does not answer (HTTP 503); try again"),
        ((302, {}), 75, "the vault does not answer (HTTP 302); try again"),
        ((200, b"hunter2"), 75, "the vault does not answer (JSONDecodeError); try again"),
        ((200, {"value": "hunter2\0"}), 78, "has a NUL"),
        ((200, {"value": "hunter2\ud800"}), 78, "is no text"),
        ((200, {}), 78, "is no text"),
    ],
    ids=lambda case: str(case)[:40],
)
def test_a_secret_that_cannot_be_had_says_which_why_and_what_to_do(
    node: Node, answer: tuple[int, Any], code: int, says: str
) -> None:
    node.vault = [answer]
    done = node.run("/bin/echo", "began", seconds=0)
    assert done.returncode == code
    assert done.stdout == b""
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("reconcile: the secret keyVaults/kv/one")
    assert says in line
    assert "hunter2" not in line
    assert not any("elsewhere" in path for path, _ in node.asked)


def test_a_slow_start_of_the_node_is_sat_out(node: Node) -> None:
    node.metadata = [(500, {}), (200, {"access_token": "token"})]
    node.vault = [(429, {}), (200, {"value": "hunter2"})]
    assert node.run("/bin/sh", "-c", 'echo "$A"').stdout == b"hunter2\n"


def test_a_node_without_the_identity_says_so(node: Node) -> None:
    node.metadata = [(400, {"error": "invalid_request", "error_description": "Identity not found"})]
    done = node.run("/bin/true")
    assert done.returncode == 78
    assert b"the node has no identity id-a (invalid_request); add it to the identity: of the pool" in done.stderr


def test_a_node_without_python_says_so(node: Node) -> None:
    done = node.run("/bin/true", path="/nowhere")
    assert done.returncode == 78
    assert b"secrets are fetched by python3" in done.stderr


def test_a_program_that_is_not_there_is_told_as_a_shell_does(node: Node) -> None:
    done = node.run("no-such-program")
    assert (done.returncode, done.stderr) == (127, b"reconcile: no-such-program: No such file or directory\n")


def test_modules_in_the_folder_of_a_task_are_not_taken(node: Node, tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit(9)")
    assert node.run("/bin/true", folder=tmp_path).returncode == 0


def test_what_batch_shows_is_read_back_as_it_was_written() -> None:
    settings_ = {**node_secrets.named({"A": {"secret": "keyVaults/kv/one"}}, IDENTITY), "B": "b"}
    task = {"commandLine": "/bin/sh -c 'a b'", "environmentSettings": settings_}
    wired = node_secrets.wired(task)
    assert set(wired["environmentSettings"]) == {"B", node_secrets.VARIABLE}
    assert node_secrets.seen(wired) == task
    plain = {"commandLine": "x", "environmentSettings": {node_secrets.VARIABLE: "theirs"}}
    assert node_secrets.seen(plain) == plain
