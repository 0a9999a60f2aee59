"""A monitored world that the tests of a module share: what one leaves behind, the next one finds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import Azure, World, new_world

HOOK = "MONITORED_HOOK"
ADDRESS = "https://hooks.contoso.com/services/T0-QUITE-SECRET"


@pytest.fixture(scope="module")
def monitored(azure_server: Azure, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """An account with all of monitoring, and a storage account whose logs are kept too."""
    with new_world(azure_server, tmp_path_factory.mktemp("monitored")) as world, pytest.MonkeyPatch.context() as patch:
        patch.setenv(HOOK, ADDRESS)
        for section in ("pools", "jobs", "identities"):
            del world.text[section]
        world.text["monitoring"] = {
            "notify": {
                "ops": {"mail": ["ops@contoso.com"], "webhooks": [{"environmentVariable": HOOK}]},
                "duty": {"mail": ["duty@contoso.com"]},
            },
            "logs": {"batchAccount": None, f"storage/{world.account}": ["StorageWrite", "AllMetrics"]},
            "presets": {"taskFailures": {"notify": ["ops"], "threshold": 3}, "throttling": False},
            "metricAlerts": {"unusual": {"metricName": "TaskFailEvent", "alertSensitivity": "Low"}},
            "scheduledQueryRules": {"busy": {"query": "AzureDiagnostics | take 9", "threshold": 5}},
        }
        yield world
