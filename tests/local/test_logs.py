"""Logs of a Batch account: into a workspace and a storage account, as its settings say, and found by queries."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.local.monitors import Desk, bench, desk
from tests.local.pools import until

__all__ = ["bench", "desk"]


def found(desk: Desk, text: str) -> list[dict[str, Any]]:
    """The rows of an answer."""
    answer = desk.query(text)
    assert answer.status_code == 200, answer.text
    (table,) = answer.json()["tables"]
    names = [column["name"] for column in table["columns"]]
    return [dict(zip(names, row, strict=True)) for row in table["rows"]]


def test_what_happens_to_pools_and_tasks_is_logged_where_a_setting_says(desk: Desk) -> None:
    bench = desk.bench
    logs = [{"category": "ServiceLog", "enabled": True}, {"category": "AuditLog", "enabled": True}]
    sinks = {"workspaceId": desk.workspace, "storageAccountId": bench.storage_id}
    desk.put(desk.setting("all"), {"properties": {**sinks, "logs": logs}})
    bench.pool("logged")
    bench.azure.run(0.001)
    bench.job("bad", "logged")
    bench.task("bad", "one", "/bin/false")
    while bench.batch.get_task("bad", "one").state != "completed":
        bench.azure.advance(1)
    late = "AzureDiagnostics | where OperationName == 'TaskFailEvent' | count"
    assert found(desk, late) == [{"Count": 0}], "it is on its way"
    bench.azure.advance(200)
    rows = found(desk, "AzureDiagnostics | where Category == 'ServiceLog' | order by TimeGenerated asc")
    names = [row["OperationName"] for row in rows]
    assert names[:2] == ["PoolCreateEvent", "PoolResizeStartEvent"]
    assert names[-3:] == ["TaskStartEvent", "TaskCompleteEvent", "TaskFailEvent"]
    assert rows[0]["resizeTimeout_s"] == "900000"
    failed = rows[-1]
    assert (failed["jobId_s"], failed["id_s"], failed["executionInfo_exitCode_d"]) == ("bad", "one", 1.0)
    assert failed["nodeInfo_poolId_s"] == "logged"
    assert failed["executionInfo_startTime_t"].endswith("Z")
    assert failed["ResourceId"] == bench.account_id.upper()
    ended = found(desk, "AzureDiagnostics | where resultCode_s == 'Success' | project OperationName, id_s")
    assert {"OperationName": "PoolResizeCompleteEvent", "id_s": "logged"} in ended
    audit = found(desk, "AzureDiagnostics | where Category == 'AuditLog' | distinct OperationName")
    assert {"OperationName": "Microsoft.Batch/batchAccounts/pools/write"} in audit
    bench.azure.run(240)
    lines = until(lambda: stored(desk, "insights-logs-servicelog"))
    assert [line["operationName"] for line in lines][-1] == "TaskFailEvent"
    assert lines[0]["operationVersion"] == "2017-06-01"
    bench.drop("logged")


def stored(desk: Desk, container: str) -> list[Any]:
    client = desk.bench.blobs().get_container_client(container)
    if not client.exists():
        return []
    lines = []
    for blob in client.list_blobs():
        assert blob.name.startswith(f"resourceId={desk.bench.account_id.upper()}/y=")
        assert blob.name.endswith("/m=00/PT1H.json")
        lines += client.download_blob(blob.name).readall().decode().splitlines()
    return [json.loads(line) for line in lines]


def test_a_query_is_refused_with_its_place(desk: Desk) -> None:
    answer = desk.query("AzureDiagnostics | wher x")
    assert answer.status_code == 400
    inner = answer.json()["error"]["innererror"]
    assert (inner["code"], inner["innererror"]["line"], inner["innererror"]["pos"]) == ("SyntaxError", 1, 19)
    assert (
        desk.query("AzureDiagnostics | where never_s == 'x'").json()["error"]["innererror"]["code"] == "SemanticError"
    )
    assert desk.query("AzureDiagnostics | where column_ifexists('never_s', '') == 'x'").status_code == 200
    assert desk.query("").status_code == 400


@pytest.fixture
def still(desk: Desk) -> Iterator[None]:
    """Time that stands still, so that no log arrives between two queries."""
    desk.bench.azure.run(0.001)
    yield
    desk.bench.azure.run(240)


def test_a_query_sees_its_time_and_needs_a_workspace_and_a_token_for_it(desk: Desk, still: None) -> None:
    everything = found(desk, "AzureDiagnostics | count")[0]["Count"]
    assert everything
    before = desk.query("AzureDiagnostics | count", timespan="2020-01-01T00:00:00Z/2020-02-01T00:00:00Z").json()
    assert before["tables"][0]["rows"] == [[0]]
    recent = desk.query("AzureDiagnostics | count", timespan="P1D").json()
    assert recent["tables"][0]["rows"] == [[everything]]
    assert desk.query("AzureDiagnostics | count", timespan="whenever").status_code == 400
    assert desk.query("AzureDiagnostics | count", customer=str(uuid.uuid4())).status_code == 404
    other: httpx.Response = desk.client.post(desk.query_path(), json={"query": "AzureDiagnostics"})
    assert other.status_code == 401, "a token of another audience"


def test_logs_of_a_workspace_go_with_it(desk: Desk) -> None:
    desk.ask("DELETE", desk.setting("all"))
    customer = desk.get(desk.workspace)["properties"]["customerId"]
    desk.ask("DELETE", desk.workspace)
    desk.bench.azure.advance(60)
    assert desk.query("AzureDiagnostics | count", customer=customer).status_code == 404
