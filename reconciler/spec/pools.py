"""The section `pools` of a spec, as kinds get it: in one form, with every default.

What a pool takes under Azure's own names and hands on as it is, is a `Body`: JSON as Azure's REST reference spells it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

from reconciler.azure.images import Image
from reconciler.model import Body
from reconciler.spec.tasks import Environment


class Span(TypedDict):
    """How many tasks, how long each, and what else its kind of trace needs."""

    tasks: int
    takes: str
    every: NotRequired[str]
    days: NotRequired[int]


class Autoscale(TypedDict):
    formula: NotRequired[str]
    scenario: NotRequired[str]
    max: NotRequired[int]
    min: int
    spot: bool
    every: str
    expect: NotRequired[Mapping[str, str | float]]
    trace: NotRequired[str | Mapping[str, Span]]
    boot: str


class Nodes(TypedDict):
    dedicated: int
    spot: int
    resizeTimeout: NotRequired[str]
    nodeDeallocationOption: NotRequired[str]
    autoscale: NotRequired[Autoscale]


class StartTask(TypedDict):
    commandLine: str
    environmentSettings: Environment
    maxTaskRetryCount: int
    waitForSuccess: bool
    elevationLevel: str
    resourceFiles: Sequence[Body]
    containerSettings: NotRequired[Body]


class Logs(TypedDict):
    to: str
    keep: NotRequired[str]


class Telemetry(TypedDict):
    to: str
    every: str
    keep: NotRequired[str]


class Containers(TypedDict, total=False):
    preloaded: bool
    images: Sequence[str]
    registries: Sequence[str]


class Package(TypedDict):
    id: str
    version: NotRequired[str]


class PoolCheck(TypedDict):
    name: str
    run: str
    container: NotRequired[str]


class Verification(TypedDict):
    checks: Sequence[PoolCheck]
    allowSkipped: bool


Verify = bool | Verification
"""How a pool is verified; False: it is not. True is written out."""


class Window(TypedDict):
    days: NotRequired[Sequence[str]]
    start: str
    lasts: str
    timeZone: str


class Rollout(TypedDict):
    whenEmpty: str
    drainWithin: str
    keepOnFailure: bool
    newNodes: str
    maxUnavailable: int
    windows: NotRequired[Sequence[Window]]


class Idle(TypedDict):
    """After which time without a task a pool has so many nodes."""

    after: str
    to: int


class Certificate(TypedDict):
    """A certificate of a vault, and where nodes have it: left out, that goes by their system and is written out."""

    secret: str
    store: NotRequired[str]


class AutoPool(TypedDict):
    """Of a pool that is made for a job, or for all jobs of a schedule, rather than for itself."""

    poolLifetimeOption: str
    keepAlive: bool


class Pool(TypedDict):
    vmSize: Sequence[str]
    image: Image
    nodes: Nodes
    identity: Sequence[str]
    startTask: NotRequired[StartTask]
    logs: NotRequired[Logs]
    telemetry: NotRequired[Telemetry]
    taskSlotsPerNode: int
    displayName: NotRequired[str]
    metadata: Mapping[str, str]
    protect: bool
    nodeAgentSkuId: NotRequired[str]
    containers: NotRequired[Containers]
    verify: Verify
    interNodeCommunication: NotRequired[str]
    networkConfiguration: NotRequired[Body]
    taskSchedulingPolicy: NotRequired[Body]
    userAccounts: NotRequired[Sequence[Body]]
    applicationPackages: Sequence[Package]
    mountConfiguration: NotRequired[Sequence[Body]]
    upgradePolicy: NotRequired[Body]
    dataDisks: NotRequired[Sequence[Body]]
    licenseType: NotRequired[str]
    diskEncryptionConfiguration: NotRequired[Body]
    nodePlacementConfiguration: NotRequired[Body]
    extensions: NotRequired[Sequence[Body]]
    certificates: NotRequired[Sequence[Certificate]]
    osDisk: NotRequired[Body]
    securityProfile: NotRequired[Body]
    serviceArtifactReference: NotRequired[Body]
    tags: Mapping[str, str]
    autoPool: NotRequired[AutoPool]
    rollout: Rollout
    idle: NotRequired[Idle]
    onExisting: str
