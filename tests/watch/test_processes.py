"""Watches as processes: from git, told to stop, killed, two beside each other."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from reconciler.model import Status
from tests.cli.command import CHECKOUT, reconcile
from tests.conftest import World
from tests.documents import dumped
from tests.local.pools import until

PAGE = ("--serve", "127.0.0.1:0")


@dataclass
class Process:
    """A watch that runs; its events are read as they come."""

    process: subprocess.Popen[str]
    events: list[dict[str, Any]] = field(default_factory=list)

    def until(self, event: str, **more: str) -> dict[str, Any]:
        """The next event of this name that says so."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            said: dict[str, Any] = json.loads(line)
            self.events.append(said)
            if said["event"] == event and more.items() <= said.items():
                return said
        raise AssertionError(f"no {event} in {self.events}; exit code {self.process.wait()}")

    def rest(self) -> list[str]:
        """The names of the events to its end."""
        assert self.process.stdout is not None
        return [json.loads(line)["event"] for line in self.process.stdout]


@dataclass
class Watches:
    world: World
    remote: Path
    stack: ExitStack

    def start(self, name: str, *more: str) -> Process:
        source = ("--git", str(self.remote), "--work", str(self.world.file.parent / name), "--poll", "1s")
        command = ("watch", *source, "--interval", "2s", "--listen", "127.0.0.1:0", *more, "--log-format", "json")
        process = self.stack.enter_context(
            subprocess.Popen(
                [sys.executable, "-m", "reconciler", *command],
                stdout=subprocess.PIPE,
                text=True,
                cwd=self.world.file.parent,
                env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
            )
        )
        self.stack.callback(process.kill)
        return Process(process)

    def commit(self) -> None:
        """What the spec says now is the head of the branch."""
        self.world.spec()
        (self.remote / "specs").mkdir(exist_ok=True)
        (self.remote / "specs/x.yaml").write_text(dumped(self.world.text))
        who = ("-c", "user.name=ann", "-c", "user.email=ann@example.com", "-c", "commit.gpgSign=false")
        for words in (("add", "--all"), ("commit", "--quiet", "--message", "x")):
            subprocess.run(["git", "-C", str(self.remote), *who, *words], check=True)

    def ask_for(self, container: str) -> None:
        self.world.text["storage"][self.world.account]["containers"].append(container)
        self.commit()


@pytest.fixture
def watches(world: World, tmp_path: Path) -> Iterator[Watches]:
    """A spec with a lock, applied and committed."""
    for section in ("identities", "pools", "jobs"):
        del world.text[section]
    world.text["storage"][world.account] = {"containers": ["locks"]}
    world.text["lock"] = world.text["audit"] = f"storage/{world.account}/locks"
    assert {outcome.status for outcome in world.apply().values()} == {Status.DONE}
    remote = tmp_path / "remote"
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", str(remote)], check=True)
    with ExitStack() as stack:
        made = Watches(world, remote, stack)
        made.commit()
        yield made


def answered(where: str, path: str, host: str = "localhost") -> str:
    request = urllib.request.Request(f"{where}{path}", headers={"Host": host})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return str(answer.read().decode())


def shown(page: str) -> dict[str, Any]:
    """What the page tells programs of the one spec; as its schema says."""
    told = json.loads(answered(page, "status.json"))
    jsonschema.validate(told, json.loads((CHECKOUT / "schemas/status.schema.json").read_text()))
    found: dict[str, Any] = told["specs"][0] if told["specs"] else {"status": None, "standby": "", "rounds": []}
    return found


def test_a_commit_is_carried_out_and_a_clean_stop_lets_the_next_lead_at_once(watches: Watches) -> None:
    first = watches.start("one", *PAGE)
    started = first.until("WatchStarted")
    where, page = started["listen"], started["page"]
    first.until("RoundEnded", end="unchanged")
    first.until("RoundEnded", end="unchanged")
    assert (answered(where, "/healthz"), answered(where, "/readyz")) == ("ok\n", "ok\n")
    assert 'reconcile_watch_leader{spec="specs/x.yaml"} 1.0' in answered(where, "/metrics")
    until(lambda: shown(page)["status"])
    assert "<h1>specs/x.yaml</h1>" in answered(page, "")
    assert "<h2>Last rounds</h2>" in answered(page, "specs/specs%2Fx.yaml")
    with pytest.raises(urllib.error.HTTPError, match="400"):
        answered(page, "", "evil.example")
    second = watches.start("two", *PAGE)
    other = second.until("WatchStarted")["page"]
    assert "stands by; led by " in second.until("Standby")["text"]
    assert "led by " in until(lambda: shown(other)["standby"])
    assert shown(other)["status"] is None
    watches.ask_for("more")
    done = first.until("StepFinished")
    assert (done["address"], done["status"]) == (f"container/{watches.world.account}/more", "done")
    first.until("RoundEnded", end="changed")
    until(lambda: "done; " in str(shown(page)["rounds"]))
    head = subprocess.run(["git", "-C", str(watches.remote), "rev-parse", "HEAD"], capture_output=True, text=True)
    told = reconcile("history", "--spec", str(watches.world.file), "--format", "json", cwd=watches.world.file.parent)
    assert head.stdout.strip() in told.stdout, told

    first.process.send_signal(signal.SIGTERM)
    assert first.rest()[-2:] == ["WatchStopping", "WatchStopped"]
    assert first.process.wait() == 0
    begun = time.monotonic()
    second.until("Leading")
    assert time.monotonic() - begun < 10
    second.until("RoundEnded", end="unchanged")
    second.process.send_signal(signal.SIGINT)
    assert second.rest()[-1] == "WatchStopped"
    assert second.process.wait() == 0


@pytest.mark.slow
def test_when_the_leader_is_killed_in_the_middle_the_standby_takes_over_within_a_minute(watches: Watches) -> None:
    world = watches.world
    first = watches.start("one")
    first.until("RoundEnded")
    second = watches.start("two")
    second.until("Standby")
    world.azure.run(0.001)
    world.text["pools"] = {"pool": {"vmSize": "Standard_D2s_v3", "image": "ubuntu-22.04", "nodes": 1}}
    watches.commit()
    first.until("StepStarted", address="pool/pool")
    first.process.kill()
    killed, at = time.monotonic(), first.events[-1]["time"]
    world.azure.jump()
    led = second.until("Leading")
    assert time.monotonic() - killed < 60
    assert led["time"] > at
    assert all(event["event"] not in ("StepStarted", "RoundEnded") for event in second.events[:-1])
    while second.until("RoundEnded")["resources"].get("as_desired") != 4:
        assert time.monotonic() - killed < 120
    second.process.send_signal(signal.SIGTERM)
    second.rest()
    assert second.process.wait() == 0


@pytest.mark.slow
def test_a_leader_that_was_stopped_for_longer_than_its_leases_changes_nothing_when_it_goes_on(watches: Watches) -> None:
    world = watches.world
    first = watches.start("one")
    first.until("RoundEnded")
    second = watches.start("two")
    second.until("Standby")
    first.process.send_signal(signal.SIGSTOP)
    second.until("Leading")
    watches.ask_for("more")
    second.until("StepFinished", address=f"container/{world.account}/more")
    first.process.send_signal(signal.SIGCONT)
    first.until("LeadershipLost")
    first.until("Standby")
    assert not any(event["event"] == "StepStarted" for event in first.events)


def test_a_second_signal_ends_it_at_once(watches: Watches) -> None:
    world = watches.world
    only = watches.start("one")
    only.until("RoundEnded")
    world.azure.fault(match={"method": "PUT", "path": "containers/slow"}, action={"delay": 60})
    watches.ask_for("slow")
    only.until("StepStarted", address=f"container/{world.account}/slow")
    only.process.send_signal(signal.SIGTERM)
    only.until("WatchStopping")
    begun = time.monotonic()
    while only.process.poll() is None and time.monotonic() - begun < 20:
        only.process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            only.process.wait(0.3)
    assert only.process.returncode == 128 + signal.SIGTERM
    world.azure.clear_faults()
