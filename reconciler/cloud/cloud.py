"""The connection to one Azure: its endpoints, one credential, and one client for each API, made on first use."""

from __future__ import annotations

import threading
from collections.abc import Container, Iterator, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from reconciler.azure.api_versions import api_version_of, provider_of
from reconciler.cloud.endpoints import Endpoints
from reconciler.cloud.errors import NOT_PROVISIONED, from_body
from reconciler.cloud.logs import keep_quiet
from reconciler.cloud.operations import Answer, Operation, OperationState
from reconciler.cloud.shared import Shared
from reconciler.errors import AzureError, ReconcileError, Unreachable
from reconciler.model import Observed
from reconciler.spec.spec import Spec, Target

if TYPE_CHECKING:
    from azure.batch import BatchClient
    from azure.core.rest import HttpResponse
    from azure.mgmt.batch import BatchManagementClient
    from azure.mgmt.compute import ComputeManagementClient
    from azure.mgmt.resource.resources import ResourceManagementClient
    from azure.storage.blob import BlobClient, BlobServiceClient, ContainerClient


def connect(spec: Spec, environ: Mapping[str, str]) -> Cloud:
    """The cloud of `spec`. For the local one, `environ` holds what `reconcile local env` prints."""
    keep_quiet(environ)
    account = spec.batch_account["name"] if spec.batch_account else None
    made = Cloud(spec.azure, spec.name, account, Endpoints.of(spec.azure.cloud, environ))
    made.environ = environ
    return made


class Cloud:
    """One subscription and resource group of one Azure, as one owner.

    target     where the spec's resources live
    owner      the spec's name: the owner mark
    account    the spec's Batch account name, or None
    environ    the variables in which secrets of the spec may be
    """

    def __init__(self, target: Target, owner: str, account: str | None, endpoints: Endpoints) -> None:
        self.target, self.owner, self.account, self.endpoints = target, owner, account, endpoints
        self.environ: Mapping[str, str] = {}
        self.time = datetime.now(UTC)
        """Azure's own time when it last answered, so that a wrong clock here does not matter."""
        self._lock = threading.RLock()
        self._batch: BatchClient | None = None
        self._blobs: dict[str, BlobServiceClient] = {}
        self.runs: dict[str, str] = {}
        """What this process has started and Azure does not show: runs of registries by what they build, reboots."""
        self.node_agents: dict[str, str] = {}
        """publisher:offer:sku → its node agent; empty until the account has been asked."""
        self.pools: dict[str, str] = {}
        """The spec's name of a pool → the id of the live pool that serves it; filled when the pools are listed."""
        self.jobs: dict[str, str] = {}
        """The spec's name of a job → the id of the live job that serves it, as it was seen or made last."""
        self.standing: dict[str, Observed] = {}
        """The spec's name of a pool → the pool that stands for it, kept from the list of pools to what reads them."""
        self.versions: dict[str, list[dict[str, Any]]] = {}
        """Id of an image definition → its versions, kept from resolving until listing."""
        self.shared = Shared()
        self.former: tuple[str, ...] = ()
        """Batch accounts that are ours and that the spec does not name any more; filled when accounts are listed."""
        self._beside: dict[str, Cloud] = {}

    def at(self, account: str) -> Cloud:
        """The same cloud, with another Batch account of the group as the spec's; it shares sign-in and connections."""
        if account == self.account:
            return self
        with self._lock:
            if account not in self._beside:
                self._beside[account] = beside = self.unguarded(account)
                beside.guarding = self.guarding
            return self._beside[account]

    def unguarded(self, account: str | None = None) -> Cloud:
        """The same cloud, whose writes no lock holds up: for the lock itself."""
        beside = Cloud(self.target, self.owner, account, self.endpoints)
        beside.credential, beside.transport, beside._pace = self.credential, self.transport, self._pace
        beside.environ = self.environ
        return beside

    @property
    def group_id(self) -> str:
        """ARM id of the spec's resource group."""
        return self.target.group_id

    def id_of(self, type_: str, name: str) -> str:
        """ARM id of a resource that the spec names."""
        return self.target.id_of(type_, name)

    @property
    def account_id(self) -> str | None:
        """ARM id of the spec's Batch account, or None if it has none."""
        return self.id_of("Microsoft.Batch/batchAccounts", self.account) if self.account else None

    @property
    def account_place(self) -> tuple[str, str]:
        """Resource group and name of the spec's Batch account, as its ARM client wants them."""
        parts = (self.account_id or "").split("/")
        return parts[4], parts[-1]

    @cached_property
    def credential(self) -> Any:
        """Whoever is signed in; see DefaultAzureCredential."""
        from reconciler.cloud.signing import SignIn

        return SignIn()

    @cached_property
    def transport(self) -> Any:
        """The connections."""
        from reconciler.cloud.connections import transport

        return transport()

    @cached_property
    def _pace(self) -> Any:
        from reconciler.cloud.policies import Pacing

        return Pacing()

    @cached_property
    def guarding(self) -> Any:
        """What asks the lock before each write, once its `lock` is set."""
        from reconciler.cloud.policies import Guarding

        return Guarding()

    @property
    def _dating(self) -> Any:
        from reconciler.cloud.policies import Dating

        return Dating(lambda moment: setattr(self, "time", moment))

    @property
    def _management(self) -> dict[str, Any]:
        """Arguments of an ARM client. All share the pace, because ARM counts what they ask together.

        The other policies are each client's own: such a policy knows the next one of its pipeline.
        """
        return {
            **self._sending(("GET", "PUT", "PATCH"), self._dating, self._pace),
            "base_url": self.endpoints.resource_manager,
            "credential_scopes": ["https://management.azure.com/.default"],
            "permit_redirects": False,  # our token goes to the resource manager and nowhere else
            "user_agent": "reconcile",
        }

    def _sending(self, full: Container[str], *more: Any) -> dict[str, Any]:
        """Arguments of any client: the connections, and what happens to a request, with `more` policies."""
        from reconciler.cloud.policies import Inspecting, Retries

        each, retries = [Inspecting(full), *more, self.guarding], Retries(self.endpoints.backoff)
        return {"transport": self.transport, "retry_policy": retries, "per_retry_policies": each}

    @cached_property
    def resources(self) -> ResourceManagementClient:
        """Resource groups, provider registration, and every ARM type without a client of its own here."""
        from azure.mgmt.resource.resources import ResourceManagementClient

        return ResourceManagementClient(self.credential, self.target.subscription, **self._management)

    @cached_property
    def batch_management(self) -> BatchManagementClient:
        """The Batch account and its pools, on the ARM plane."""
        from azure.mgmt.batch import BatchManagementClient

        subscription = self.account_id.split("/")[2] if self.account_id else self.target.subscription
        return BatchManagementClient(self.credential, subscription, **self._management)

    @cached_property
    def compute(self) -> ComputeManagementClient:
        """Galleries, images, machines, sizes and quotas. A large package, loaded when one of them is asked for."""
        from azure.mgmt.compute import ComputeManagementClient

        return ComputeManagementClient(self.credential, self.target.subscription, **self._management)

    def _client(self, path: str) -> Any:
        """The client that carries requests about a resource id."""
        provider = provider_of(path)
        if provider == "microsoft.compute":
            return self.compute
        return self.batch_management if provider == "microsoft.batch" else self.resources

    def register(self, namespace: str) -> None:
        """Start to register the subscription for a resource provider; harmless if that is done or under way."""
        self.resources.providers.register(namespace)

    def batch(self) -> BatchClient:
        """The data plane of the spec's Batch account; its endpoint is read from the account on first use."""
        from azure.batch import BatchClient

        with self._lock:
            if self._batch is None:
                endpoint = f"https://{self._properties(self.account_id or '')['accountEndpoint']}"
                self._batch = BatchClient(endpoint, self.credential, **self._sending(("GET", "POST"), self._dating))
            return self._batch

    def blobs(self, storage_account: str) -> BlobServiceClient:
        """The blobs of a storage account that the spec names; its endpoint is read on first use."""
        from azure.storage.blob import BlobServiceClient

        with self._lock:
            if storage_account not in self._blobs:
                url = self.blob_endpoint(storage_account)
                self._blobs[storage_account] = BlobServiceClient(url, self.credential, **self._of_blobs)
            return self._blobs[storage_account]

    def container(self, place: str) -> ContainerClient:
        """The blobs of a container that the spec names, as `storage/ACCOUNT/CONTAINER`."""
        _, account, name = place.split("/")
        return self.blobs(account).get_container_client(name)

    def container_url(self, place: str) -> str:
        """The URL of a container that the spec names, as `storage/ACCOUNT/CONTAINER`."""
        _, account, name = place.split("/")
        return f"{self.blob_endpoint(account)}/{quote(name)}"

    def linked_blob(self, link: str) -> BlobClient:
        """The blob of a link that carries its own permission. It is not to be closed: it shares our connections."""
        from azure.storage.blob import BlobClient

        return BlobClient.from_blob_url(link, **self._of_blobs)

    @property
    def _of_blobs(self) -> dict[str, Any]:
        """Arguments of a client of blobs, whose SDK calls policies by another name."""
        sending = self._sending(("GET",))
        policies = sending.pop("per_retry_policies")
        return {**sending, "_additional_pipeline_policies": policies, "max_single_get_size": 64 * 2**20}

    def blob_endpoint(self, storage_account: str) -> str:
        """`https://account.blob.core.windows.net`, as the account itself says, without a slash at the end."""
        account = self.id_of("Microsoft.Storage/storageAccounts", storage_account)
        endpoints = self._properties(account).get("primaryEndpoints")
        if not endpoints:
            raise AzureError(409, NOT_PROVISIONED, f"the storage account {storage_account} is still being made.")
        return str(endpoints["blob"]).rstrip("/")

    def _properties(self, account: str) -> dict[str, Any]:
        """What an account says of itself. While lists are shared it is asked once, also if it is not there."""
        return dict(next(self.shared.listed(account, lambda: iter([self.arm("GET", account).body])))["properties"])

    def arm(self, method: str, path: str, body: Any = None, api_version: str | None = None, **query: str) -> Answer:
        """One ARM request for a resource id or a full URL; `query` adds `$expand` and such.

        Raises HttpResponseError for an error answer, NotRegistered where the subscription is not registered.
        """
        return self._send(method, path, body, api_version, query, "application/json")

    def told(self, path: str, body: Any = None, api_version: str | None = None) -> dict[str, Any]:
        """What ARM answers to a POST that asks for something. Raises as `arm` does."""
        answer = self.arm("POST", path, body, api_version)
        if not isinstance(answer.body, dict):
            raise Unreachable(f"Azure's answer to POST {path} did not arrive whole: it is empty; run it again")
        return answer.body

    def _send(
        self, method: str, path: str, body: Any, api_version: str | None, query: Mapping[str, str], accept: str
    ) -> Answer:
        from azure.core.exceptions import HttpResponseError
        from azure.core.rest import HttpRequest

        url = path if path.startswith("https:") else self.endpoints.resource_manager + path
        self._check_host(url)
        more = {f"${name}": value for name, value in query.items()}
        params = None if path.startswith("https:") else {"api-version": api_version or api_version_of(path), **more}
        request = HttpRequest(method, url, params=params, json=body, headers={"Accept": accept})
        response: HttpResponse = self._client(urlsplit(url).path).send_request(request)
        if response.status_code >= 300:
            raise HttpResponseError(response=response)
        return Answer(response.status_code, response.headers, response.json() if response.text() else None)

    def list_arm(self, path: str, api_version: str | None = None, **query: str) -> Iterator[dict[str, Any]]:
        """Every item of an ARM collection, page by page."""
        answer = self.arm("GET", path, None, api_version, **query)
        while True:
            yield from answer.body["value"]
            if not answer.body.get("nextLink"):
                return
            answer = self.arm("GET", answer.body["nextLink"])

    def poll(self, operation: Operation) -> OperationState:
        """One look at a running operation: an Azure-AsyncOperation document, or a Location that is 202 until done.

        The end of a Location may have no body.
        """
        answer = self._send("GET", operation.url, None, None, {}, "application/json, */*")
        wait = answer.headers.get("Retry-After")
        after = float(wait) if wait and wait.isdigit() and wait != "0" else None
        status = str((answer.body or {}).get("status", "")).lower()
        if status in ("failed", "canceled"):
            return OperationState(done=True, error=from_body(answer.status, answer.body))
        running = answer.status == 202 or status not in ("", "succeeded")
        return OperationState(done=not running, retry_after=after)

    def check_registry(self, realm: str, server: str) -> None:
        """Our token goes to the registry itself, whatever its challenge says."""
        if not realm.startswith(f"{self.endpoints.registry(server)}/"):
            raise ReconcileError(f"{server} wants our token sent to another host, which is not done: {realm}")

    def _check_host(self, url: str) -> None:
        """Our token goes to the resource manager and nowhere else, whatever a link says."""
        if urlsplit(url).netloc != urlsplit(self.endpoints.resource_manager).netloc:
            raise ReconcileError(f"an answer of Azure points to another host, which is not followed: {url}")
