"""The sections of a spec that several families read, as kinds get them: in one form, with every default.

A key that may be missing is NotRequired; what is missing then means that nobody asks for it. Pools are in `pools`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

from reconciler.spec.tasks import Environment, JobManagerTask, JobPreparationTask, JobReleaseTask, Task

Texts = Mapping[str, str]


class Container(TypedDict):
    metadata: Texts
    protect: bool
    existing: bool


class Encryption(TypedDict):
    """With which key of a vault (`keyVaults/VAULT/KEY`) an account encrypts, and as whom it uses it."""

    key: str
    identity: str


class NetworkAcls(TypedDict):
    """`virtualNetworkRules` are the ids of subnets."""

    defaultAction: str
    bypass: str
    virtualNetworkRules: Sequence[str]
    ipRules: Sequence[str]


class StorageAccount(TypedDict):
    sku: str
    kind: str
    publicNetworkAccess: str
    allowSharedKeyAccess: bool
    allowBlobPublicAccess: bool
    minimumTlsVersion: str
    encryption: NotRequired[Encryption]
    networkAcls: NotRequired[NetworkAcls]
    containers: Mapping[str, Container]
    tags: Texts
    protect: bool
    existing: bool
    resourceGroup: NotRequired[str]
    subscription: NotRequired[str]


class Role(TypedDict):
    role: str
    scope: str


class FederatedCredential(TypedDict):
    name: str
    issuer: str
    subject: str
    audiences: Sequence[str]


class Identity(TypedDict):
    roles: Sequence[Role]
    federatedCredentials: Sequence[FederatedCredential]
    tags: Texts
    protect: bool
    existing: bool
    resourceGroup: NotRequired[str]
    subscription: NotRequired[str]


class ContainerBuild(TypedDict):
    context: str
    dockerfile: str
    tag: str
    arguments: Texts
    timeoutMinutes: int


class Registry(TypedDict):
    sku: str
    publicNetworkAccess: NotRequired[str]
    builds: Mapping[str, ContainerBuild]
    tags: Texts
    protect: bool
    existing: bool
    resourceGroup: NotRequired[str]
    subscription: NotRequired[str]


class ImageDefinition(TypedDict):
    existing: bool
    description: NotRequired[str]
    publisher: NotRequired[str]
    offer: NotRequired[str]
    sku: NotRequired[str]


class BuildMachine(TypedDict):
    size: str
    keepOnFailure: bool
    expiresAfterHours: int
    subnet: NotRequired[str]
    sshPublicKey: NotRequired[str]


class BuildStep(TypedDict):
    """`run` is the text of the script, also where a `file` holds it."""

    name: str
    run: str
    file: NotRequired[str]


class Image(TypedDict):
    gallery: str
    definition: ImageDefinition
    os: str
    baseVersion: NotRequired[str]
    gpu: bool
    buildVm: BuildMachine
    identity: NotRequired[str]
    preload: Sequence[str]
    packages: Sequence[str]
    scripts: Sequence[BuildStep]
    verify: Sequence[BuildStep]
    regions: NotRequired[Mapping[str, int]]
    version: str
    keep: int
    excludeFromLatest: bool | str
    endOfLife: NotRequired[str]
    tags: Texts
    protect: bool


class Gallery(TypedDict):
    existing: bool
    resourceGroup: NotRequired[str]
    subscription: NotRequired[str]


class Quota(TypedDict, total=False):
    cores: int
    spotCores: int
    families: Mapping[str, int]
    pools: int
    jobs: int


class EndpointAccess(TypedDict):
    defaultAction: str
    ipRules: Sequence[str]


class NetworkProfile(TypedDict):
    accountAccess: NotRequired[EndpointAccess]
    nodeManagementAccess: NotRequired[EndpointAccess]


class BatchAccount(TypedDict):
    name: str
    autoStorage: NotRequired[str]
    autoStorageIdentity: NotRequired[str]
    publicNetworkAccess: str
    networkProfile: NotRequired[NetworkProfile]
    allowedAuthenticationModes: Sequence[str]
    encryption: NotRequired[Encryption]
    tags: Texts
    protect: bool
    existing: bool
    resourceGroup: NotRequired[str]
    subscription: NotRequired[str]
    quota: NotRequired[Quota]


class Application(TypedDict):
    displayName: NotRequired[str]
    allowUpdates: bool
    defaultVersion: NotRequired[str]
    packages: NotRequired[Texts]
    protect: bool
    existing: bool


Conversion = TypedDict(
    "Conversion",
    {
        "from": str,
        "to": str,
        "scripts": str,
        "suffixes": Sequence[str],
        "prefix": str,
        "deleteOrphans": bool,
        "overwriteForeign": bool,
        "tasks": NotRequired[int],
        "sample": NotRequired[int],
    },
)


class JobNetwork(TypedDict):
    subnetId: str
    skipWithdrawFromVNet: bool


class Schedule(TypedDict):
    """Lengths in ISO 8601, times in RFC 3339; without a recurrenceInterval one job is made."""

    recurrenceInterval: NotRequired[str]
    startWindow: NotRequired[str]
    doNotRunUntil: NotRequired[str]
    doNotRunAfter: NotRequired[str]


class SecretReference(TypedDict):
    """Where a secret is: exactly one of the two."""

    environmentVariable: NotRequired[str]
    keyVaultSecret: NotRequired[str]


class OnDone(TypedDict):
    """Whom to tell that a job has ended: at least one of webhook and command."""

    webhook: NotRequired[str | SecretReference]
    command: NotRequired[Sequence[str]]
    when: str
    maxWallClockTime: str


class Receiver(TypedDict):
    """Whom to tell of a run or a plan, in which form, of which events."""

    webhook: SecretReference
    template: str
    on: Sequence[str]


class Job(TypedDict):
    pool: str
    schedule: NotRequired[Schedule]
    dependsOn: Sequence[str]
    priority: int
    maxTaskRetryCount: int
    maxWallClockTime: NotRequired[str]
    displayName: NotRequired[str]
    metadata: Texts
    protect: bool
    commonEnvironmentSettings: Environment
    maxParallelTasks: int
    allowTaskPreemption: bool
    usesTaskDependencies: bool
    onAllTasksComplete: str
    whenReplaced: str
    jobManagerTask: NotRequired[JobManagerTask]
    jobPreparationTask: NotRequired[JobPreparationTask]
    jobReleaseTask: NotRequired[JobReleaseTask]
    networkConfiguration: NotRequired[JobNetwork]
    convert: NotRequired[Conversion]
    tasks: NotRequired[Mapping[str, Task]]
    staging: NotRequired[str]
    wait: bool
    onDone: Sequence[OnDone]
