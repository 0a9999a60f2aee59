"""A bench with a workspace, and what tests of monitoring ask of it over HTTP."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

import azure_local
from tests.local.pools import REGION, Bench, bench
from tests.local.registries import operator

__all__ = ["Desk", "bench", "desk"]

VERSIONS = {
    "diagnosticsettings": "2021-05-01-preview",
    "diagnosticsettingscategories": "2021-05-01-preview",
    "actiongroups": "2023-01-01",
    "metricalerts": "2018-03-01",
    "scheduledqueryrules": "2026-03-01",
    "activitylogalerts": "2020-10-01",
    "workbooks": "2023-06-01",
    "workspaces": "2025-02-01",
    "metrics": "2024-02-01",
    "metricdefinitions": "2024-02-01",
    "alerts": "2019-05-05-preview",
    "eventtypes": "2015-04-01",
    "availabilitystatuses": "2025-05-01",
    "events": "2025-05-01",
}
"""Type → its api-version."""


class Desk:
    """Where a test looks after a bench's resources."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        context = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
        headers = {"Authorization": f"Bearer {operator()}"}
        front = os.environ["RECONCILE_RESOURCE_MANAGER"]
        self.client = httpx.Client(verify=context, trust_env=False, headers=headers, base_url=front, timeout=60)
        for namespace in ("Microsoft.Insights", "Microsoft.OperationalInsights"):
            bench.resources.providers.register(namespace)
        bench.azure.advance(60)
        self.put(self.workspace, {"location": REGION, "properties": {"retentionInDays": 30}})
        bench.azure.advance(60)

    @property
    def workspace(self) -> str:
        return f"{self.bench.group_id}/providers/Microsoft.OperationalInsights/workspaces/log-{self.bench.account}"

    def insights(self, path: str) -> str:
        """`metricAlerts/one` → its id in the bench's group."""
        return f"{self.bench.group_id}/providers/Microsoft.Insights/{path}"

    def setting(self, name: str, resource: str = "") -> str:
        """The id of a diagnostic setting of a resource, which is the Batch account unless said otherwise."""
        return f"{resource or self.bench.account_id}/providers/Microsoft.Insights/diagnosticSettings/{name}"

    def ask(self, method: str, path: str, body: Any = None, **query: str) -> httpx.Response:
        """One request about an id below the group."""
        kind = path.lower().rpartition("/providers/")[2].split("/")[1]
        return self.client.request(method, path, json=body, params={"api-version": VERSIONS[kind], **query})

    def get(self, path: str, **query: str) -> Any:
        answer = self.ask("GET", path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def put(self, path: str, body: Any) -> Any:
        answer = self.ask("PUT", path, body)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    def refused(self, method: str, path: str, body: Any = None, **query: str) -> tuple[int, str, str]:
        """The status, the code and the text of a refusal."""
        answer = self.ask(method, path, body, **query)
        assert answer.status_code >= 400, answer.text
        return answer.status_code, answer.json()["error"]["code"], answer.json()["error"]["message"]

    def query_path(self, customer: str = "") -> str:
        """Where the workspace is queried; one of another customer id if that is given."""
        return f"/loganalytics/v1/workspaces/{customer or self.get(self.workspace)['properties']['customerId']}/query"

    def query(self, text: str, customer: str = "", **more: Any) -> httpx.Response:
        """A query of the workspace's logs."""
        headers = {"Authorization": f"Bearer {operator('https://api.loganalytics.io')}"}
        return self.client.post(self.query_path(customer), json={"query": text, **more}, headers=headers)

    def local(self, method: str, what: str, body: Any = None) -> Any:
        """A request to the control API."""
        return azure_local.ask(self.bench.azure.folder, method, what, body)


@pytest.fixture(scope="module")
def desk(bench: Bench) -> Iterator[Desk]:
    made = Desk(bench)
    yield made
    made.client.close()
