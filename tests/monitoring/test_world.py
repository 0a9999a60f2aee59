"""All of monitoring on the local Azure: made, left alone, put right, said back, and gone when it leaves the spec."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from reconciler import importing
from reconciler.cloud import arm
from reconciler.engine import loop
from reconciler.importing import live as reading
from reconciler.kinds import KINDS, load
from reconciler.model import Action, Plan, Status
from reconciler.render import as_json, as_yaml
from tests.bodies import CHECKED
from tests.conftest import World
from tests.monitoring.conftest import ADDRESS, HOOK

INSIGHTS = "Microsoft.Insights"


def changes(plan: Plan) -> dict[str, list[str]]:
    """Address → what differs, in the words of the spec, of all that the plan changes."""
    return {str(one.address): [change.key for change in one.diff.changes] for one in plan.decisions if one.diff}


def done(world: World) -> set[str]:
    outcomes = world.apply(poll_seconds=0.05)
    assert {one.status for one in outcomes.values()} <= {Status.DONE}, [one.error for one in outcomes.values()]
    return set(outcomes)


def raw(world: World, type_: str, name: str) -> dict[str, Any]:
    found = arm.get(world.cloud(), f"{world.cloud().group_id}/providers/{INSIGHTS}/{type_}/{name}", VERSIONS[type_])
    assert found is not None
    return found


VERSIONS = {
    arm_type.name.partition("/")[2]: arm_type.api_version
    for kind in KINDS.values()
    if (arm_type := kind.arm) and arm_type.provider == INSIGHTS
}


def unchanged(world: World) -> list[str]:
    """The paths that a plan with nothing to do asks for; what goes on in accounts of other tests is none of them."""
    before, account = world.azure.exchanges(), world.text["batchAccount"]["name"]
    assert world.plan().steps == ()
    paths = [call["path"].partition("?")[0] for call in world.azure.wire(before)]
    return sorted(path for path in paths if not path.startswith("/batch/") or path.startswith(f"/batch/{account}/"))


def put(world: World, resource: dict[str, Any], type_: str) -> None:
    body = {key: part for key, part in resource.items() if key in ("location", "tags", "kind", "properties")}
    arm.put(world.cloud(), resource["id"], body, VERSIONS[type_])


def test_all_of_it_is_made_and_then_there_is_nothing_to_do(monitored: World) -> None:
    made = done(monitored)
    assert len([name for name in made if name.startswith("metric_alert/")]) == 7
    asked = unchanged(monitored)
    settings = [path for path in asked if "/diagnosticSettings" in path]
    assert len([path for path in asked if f"/{INSIGHTS}/" in path]) - len(settings) == 5  # a list each, and a workbook
    assert len(settings) == 2  # of each resource that has some
    assert not [path for path, times in Counter(asked).items() if times > 1 and INSIGHTS in path]


def test_more_alerts_ask_no_more(monitored: World) -> None:
    own = monitored.text["monitoring"]["metricAlerts"]
    more = {f"more{number}": {"metricName": "IdleNodeCount", "threshold": number} for number in (1, 2)}
    alone = unchanged(monitored)
    monitored.text["monitoring"]["metricAlerts"] = {**own, **more}
    done(monitored)
    assert unchanged(monitored) == alone
    monitored.text["monitoring"]["metricAlerts"] = own
    assert done(monitored) == {f"metric_alert/{name}" for name in more}


def test_the_share_of_a_quota_is_a_number_on_azure_and_follows_it(monitored: World) -> None:
    name = f"{monitored.text['batchAccount']['name']}-quotaUse"
    alert = raw(monitored, "metricAlerts", name)
    account = arm.get(monitored.cloud(), monitored.cloud().account_id or "")
    assert account is not None
    criterion = alert["properties"]["criteria"]["allOf"][0]
    assert criterion["threshold"] == account["properties"]["dedicatedCoreQuota"] * 80 // 100
    criterion["threshold"] += 40
    put(monitored, alert, "metricAlerts")
    assert changes(monitored.plan()) == {f"metric_alert/{name}": ["threshold"]}
    assert done(monitored) == {f"metric_alert/{name}"}
    assert monitored.plan().steps == ()


def test_the_address_of_a_webhook_reaches_azure_and_nothing_else(
    monitored: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [hook["serviceUri"] for hook in raw(monitored, "actionGroups", "ops")["properties"]["webhookReceivers"]] == [
        ADDRESS
    ]
    monkeypatch.setenv(HOOK, f"{ADDRESS}-NEW")
    plan = monitored.plan()
    assert changes(plan) == {"action_group/ops": ["webhookReceivers[0].serviceUri"]}
    assert "SECRET" not in as_json.plan(plan)
    done(monitored)
    assert f"{ADDRESS}-NEW" in str(raw(monitored, "actionGroups", "ops"))
    monkeypatch.delenv(HOOK)
    assert monitored.plan().steps == ()  # who only looks need not have it
    monitored.text["monitoring"]["notify"]["ops"]["mail"] += ["more@contoso.com"]
    outcomes = monitored.apply(poll_seconds=0.05)
    assert "set it" in str(outcomes["action_group/ops"].error)
    monkeypatch.undo()
    done(monitored)


def test_what_was_changed_beside_the_spec_is_put_right(monitored: World) -> None:
    account = monitored.text["batchAccount"]["name"]
    alert, rule = raw(monitored, "metricAlerts", "unusual"), raw(monitored, "scheduledQueryRules", "busy")
    alert["properties"] |= {"enabled": False, "actions": []}
    rule["properties"]["criteria"]["allOf"][0]["query"] = "AzureDiagnostics | take 1"
    group = raw(monitored, "actionGroups", "duty")
    group["properties"] |= {
        "emailReceivers": [],
        "smsReceivers": [{"name": "phone", "countryCode": "39", "phoneNumber": "5551234"}],
    }
    for resource, type_ in ((alert, "metricAlerts"), (rule, "scheduledQueryRules"), (group, "actionGroups")):
        put(monitored, resource, type_)
    place = f"{monitored.cloud().account_id}/providers/{INSIGHTS}/diagnosticSettings/reconcile-{monitored.text['name']}"
    setting = arm.get(monitored.cloud(), place, VERSIONS["diagnosticSettings"])
    assert setting is not None
    setting["properties"]["logs"].pop()
    arm.put(monitored.cloud(), place, {"properties": setting["properties"]}, VERSIONS["diagnosticSettings"])
    plan = monitored.plan()
    assert changes(plan) == {
        "action_group/duty": ["emailReceivers[0]"],
        f"diagnostic_setting/batch_account/{account}/reconcile-{monitored.text['name']}": ["logs[1]"],
        "metric_alert/unusual": ["actions[0]", "actions[1]", "enabled"],
        "scheduled_query_rule/busy": ["query"],
    }
    done(monitored)
    assert monitored.plan().steps == ()
    assert raw(monitored, "actionGroups", "duty")["properties"]["smsReceivers"], "what others added stays"


def test_it_is_said_back_as_a_spec_that_changes_nothing(monitored: World, tmp_path: Any) -> None:
    spec = monitored.spec()
    sections = {key: section for key, section in spec.sections.items() if key != "batchAccount"}
    cloud = monitored.cloud(replace(spec, sections=sections))
    draft = importing.draft(importing.read(cloud, reading.group(cloud), None), spec.azure, spec.name)
    assert draft.left == {}
    path = tmp_path / "imported.yaml"
    path.write_text(as_yaml.spec(draft.value))
    assert ADDRESS not in path.read_text()
    assert draft.value["monitoring"]["notify"]["ops"]["webhooks"] == [{"environmentVariable": HOOK}]
    again = load(path, os.environ)
    assert loop.read(again, monitored.cloud(again), CHECKED).plan.steps == ()


def test_a_setting_of_others_is_left_alone(monitored: World) -> None:
    """Azure refuses two of a resource that send one category to one place; another place is no harm."""
    place = f"{monitored.cloud().account_id}/providers/{INSIGHTS}/diagnosticSettings/setByPolicy"
    storage = f"{monitored.cloud().group_id}/providers/Microsoft.Storage/storageAccounts/{monitored.account}"
    theirs = {"logs": [{"categoryGroup": "allLogs", "enabled": True}], "storageAccountId": storage}
    arm.put(monitored.cloud(), place, {"properties": theirs}, VERSIONS["diagnosticSettings"])
    assert monitored.plan().steps == ()
    arm.delete(monitored.cloud(), place, VERSIONS["diagnosticSettings"])


def test_what_leaves_the_spec_goes_and_then_nothing_is_asked_for(monitored: World) -> None:
    del monitored.text["monitoring"]
    name = monitored.text["name"]
    plan = monitored.plan()
    gone = {str(one.address) for one in plan.of(Action.DELETE)}
    assert f"diagnostic_setting/storage_account/{monitored.account}/reconcile-{name}" in gone
    assert {address.partition("/")[0] for address in gone} == {
        "log_analytics_workspace",
        *(kind.name for kind in KINDS.values() if kind.arm and kind.arm.provider == INSIGHTS),
    }
    done(monitored)
    assert not [path for path in unchanged(monitored) if INSIGHTS in path or "OperationalInsights" in path]
