"""A running local Azure for the tests that need one: one server a test process, every test with names of its own."""

from __future__ import annotations

import gc
import io
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

import azure_local
from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud, connect
from reconciler.engine import loop
from reconciler.events import Event, Listener, StepWaiting
from reconciler.kinds import load
from reconciler.model import Address, Outcome, Plan
from reconciler.spec import Spec
from reconciler.spec.spec import Target
from tests.bodies import CHECKED
from tests.documents import dumped

pytest_plugins = ["tests.validity.report"]
settings.register_profile("noisy", deadline=None)  # that a machine is slow is no failure
settings.load_profile("noisy")

SPEED = 240.0
PROVIDERS = ("Batch", "Compute", "ContainerRegistry", "ManagedIdentity", "Network", "Storage")
REGIONS = ("italynorth", "swedencentral", "westeurope", "northeurope", "uksouth", "eastus", "westus3", "japaneast")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that wait for real programs begin first, so that nobody waits for the last of them alone."""
    items.sort(key=lambda item: "worker" not in item.path.parent.parts)


def pytest_collection_finish() -> None:
    """What is loaded by now stays: looking for garbage in it again and again is a tenth of the time of a run."""
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


@dataclass(frozen=True)
class Azure:
    """The server of this test process."""

    folder: Path

    def advance(self, seconds: float) -> None:
        azure_local.ask(self.folder, "POST", "clock", {"advance": seconds})

    def run(self, speed: float) -> None:
        """Let simulated time run so many times as fast as the wall clock, and not jump."""
        azure_local.ask(self.folder, "POST", "clock", {"speed": speed, "jumps": False})

    def jump(self, speed: float = SPEED) -> None:
        """Let simulated time jump to whatever is due next, as soon as nothing real happens."""
        azure_local.ask(self.folder, "POST", "clock", {"speed": speed, "jumps": True})

    def next(self) -> None:
        """Go to what is due next."""
        azure_local.ask(self.folder, "POST", "clock", {"next": True})

    def fault(self, **fault: Any) -> None:
        azure_local.ask(self.folder, "POST", "faults", fault)

    def clear_faults(self) -> None:
        azure_local.ask(self.folder, "DELETE", "faults")

    def exchanges(self) -> int:
        """How many ARM and Batch requests it has seen."""
        path = self.folder / "wire.jsonl"
        return path.read_bytes().count(b"\n") if path.exists() else 0

    def wire(self, since: int = 0) -> list[dict[str, Any]]:
        """The ARM and Batch requests it has seen, less the first so many, with its answers."""
        path = self.folder / "wire.jsonl"
        return [json.loads(line) for line in path.read_bytes().splitlines()[since:]] if path.exists() else []

    def register(self) -> None:
        """Make the subscription one that has been in use: registered for all that a spec can ask for."""
        target = Target("local", os.environ["AZURE_SUBSCRIPTION_ID"], "italynorth", "nowhere")
        cloud = connect(Spec("nobody", "", target), os.environ)
        for name in PROVIDERS:
            cloud.register(f"Microsoft.{name}")
        self.advance(60)


@pytest.fixture(scope="session")
def azure_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azure]:
    with serving(tmp_path_factory.mktemp("azure")) as azure:
        azure.register()
        yield azure


@contextmanager
def serving(folder: Path, **environment: str) -> Iterator[Azure]:
    """A server started with more environment variables; while it lasts, the process's clients find it."""
    (folder / "wire.on").touch()
    before = dict(os.environ)
    os.environ.update(environment)
    azure_local.up(folder, speed=SPEED)
    os.environ.update(azure_local.env(folder))
    try:
        yield Azure(folder)
    finally:
        azure_local.down(folder)
        os.environ.clear()
        os.environ.update(before)
    from tests.validity import report  # a plugin must not be imported before pytest has loaded it

    report.collect(folder / "wire.jsonl")


@pytest.fixture
def azure(azure_server: Azure) -> Iterator[Azure]:
    yield azure_server
    azure_server.clear_faults()


_numbers = itertools.count()


class Killed(BaseException):
    """An apply ends here, as if its process had been killed."""


@dataclass
class World:
    """One spec on the local Azure, to be edited, planned and applied."""

    azure: Azure
    file: Path
    text: dict[str, Any]
    account: str
    credential: Any = None
    transport: Any = None
    planned: Plan | None = None
    """The plan that was applied last."""

    loaded: tuple[Any, Spec] | None = None
    """The spec that was loaded last, after the text and the environment that it came from."""

    def spec(self) -> Spec:
        text = dumped(self.text)
        self.file.write_text(text)
        made = load(self.file, os.environ)
        self.loaded = (text, dict(os.environ)), made
        return made

    def cloud(self, spec: Spec | None = None) -> Cloud:
        """A cloud of its own for each who looks; whose it is stands in `spec`, by default the text as it is now."""
        if spec is None and self.loaded and self.loaded[0] == (dumped(self.text), dict(os.environ)):
            spec = self.loaded[1]
        made = connect(spec or self.spec(), os.environ)
        self.credential = self.credential or made.credential
        self.transport = self.transport or made.transport
        made.credential, made.transport = self.credential, self.transport  # one sign-in and its connections for all
        return made

    def plan(self, **more: Any) -> Plan:
        spec = self.spec()
        return loop.read(spec, self.cloud(spec), CHECKED, **more).plan

    def apply(
        self, poll_seconds: float | None = None, listen: Listener = lambda event: None, **more: Any
    ) -> dict[str, Outcome]:
        spec = self.spec()
        cloud = self.cloud(spec)
        reading = loop.read(spec, cloud, CHECKED, **more)
        self.planned = reading.plan
        stop = threading.Event()
        outcomes = loop.carry_out(reading, cloud, CHECKED, listen=listen, stop=stop, poll_seconds=poll_seconds)
        loop.settle(cloud, CHECKED, reading.desired.values())
        return {str(outcome.step.address): outcome for outcome in outcomes}

    def kill_at(self, stage: str, *, jumps: bool = False) -> None:
        """Break an apply off as soon as it tells of this stage: nothing that follows a kill runs.

        Time goes on, a moment, only when a step has told the same twice, so that no stage passes between two looks; or,
        with `jumps`, as it does else, for stages that tasks lead to, which take real time.
        """
        told: set[tuple[Address, str]] = set()

        def listen(event: Event) -> None:
            if isinstance(event, StepWaiting):
                if stage in event.detail:
                    raise Killed
                if (event.step.address, event.detail) in told and not jumps:
                    self.azure.next()
                told.add((event.step.address, event.detail))

        if not jumps:
            self.azure.run(1)
        with pytest.raises(Killed):
            self.apply(poll_seconds=0.05, listen=listen)
        self.azure.jump()

    def kill_process_at(self, stage: str, speed: float = SPEED / 2) -> None:
        """As `kill_at`, but the apply is a process of its own, which is killed.

        Time must not run so fast that a slow machine passes a stage between two looks, or a limit.
        """
        self.spec()
        self.azure.run(speed)
        command = [sys.executable, "-m", "reconciler", "apply", "--yes", "--format", "json", str(self.file)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for line in process.stdout:
                event = json.loads(line)
                if event["event"] == "StepWaiting" and stage in event["detail"]:
                    process.send_signal(signal.SIGKILL)
                    break
        assert process.returncode == -signal.SIGKILL, f"no stage {stage}"
        self.azure.jump()

    def drop(self) -> None:
        """The resource group goes with all that is in it, by and by."""
        cloud = self.cloud()
        arm.delete(cloud, cloud.group_id)

    def container(self, name: str) -> Any:
        return self.cloud().blobs(self.account).get_container_client(name)


@contextmanager
def new_world(azure: Azure, folder: Path) -> Iterator[World]:
    """The main job's spec under names that no other test uses, where time jumps; destroyed at the end."""
    number = next(_numbers)
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    name = f"t{worker}x{number}"
    account = f"sa{name}"
    text = {
        "apiVersion": "reconciler/v1",
        "name": f"spec-{name}",
        "azure": {"cloud": "local", "location": REGIONS[number % len(REGIONS)], "resourceGroup": f"rg-{name}"},
        "storage": {account: {"containers": ["scripts", "images", "converted"]}},
        "identities": {
            "id-pool": {"roles": [{"role": "Storage Blob Data Contributor", "scope": f"storage/{account}"}]}
        },
        "batchAccount": {"name": f"ba{name}"},
        "pools": {
            "pool": {
                "vmSize": "Standard_D2s_v3",
                "image": "ubuntu-22.04",
                "nodes": {"dedicated": 1},
                "identity": "identities/id-pool",
            }
        },
        "jobs": {
            "job": {
                "pool": "pools/pool",
                "convert": {"from": f"storage/{account}/images", "to": f"storage/{account}/converted"},
            }
        },
    }
    made = World(azure, folder / "spec.yaml", text, account)
    azure.jump()
    yield made
    azure.clear_faults()
    made.drop()
    azure.run(SPEED)


@pytest.fixture
def world(azure: Azure, tmp_path: Path) -> Iterator[World]:
    """A world of a test's own."""
    with new_world(azure, tmp_path) as world:
        yield world


@pytest.fixture
def photograph() -> Callable[[int], bytes]:
    """A small JPEG, in one of three colour models; another number gives another picture."""
    from PIL import Image

    def make(number: int) -> bytes:
        shade = Image.linear_gradient("L").resize((64, 48))
        picture = Image.merge("RGB", (Image.new("L", shade.size, number * 29 % 256), shade, shade.rotate(180)))
        out = io.BytesIO()
        picture.convert(("CMYK", "RGB", "L")[number % 3]).save(out, "JPEG")
        return out.getvalue()

    return make
