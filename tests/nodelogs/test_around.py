"""Preparation and release tasks whose logs are kept: what Batch is sent, and that it reads back as what a spec says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reconciler.cloud.cloud import Cloud
from reconciler.errors import SpecError
from reconciler.kinds import KINDS, load
from reconciler.kinds.job import body, schedule
from reconciler.model import Desired
from reconciler.nodelogs import startline
from reconciler.spec import Spec
from tests.kinds.cases import Recording

AROUND: dict[str, Any] = {
    "jobPreparationTask": {
        "commandLine": "/bin/sh -c 'echo \"$0\"'",
        "environmentSettings": {"KEY": {"secret": "keyVaults/kv-case/key"}, "PLAIN": "x"},
    },
    "jobReleaseTask": {"commandLine": "/bin/true", "maxWallClockTime": "PT5M"},
}
MANAGED = {"schedule": {"recurrenceInterval": "P1D"}, "jobManagerTask": {"id": "main", "commandLine": "/bin/true"}}
ROLES = [
    {"role": "Storage Blob Data Contributor", "scope": "storage/sacase"},
    {"role": "Key Vault Secrets User", "scope": "keyVaults/kv-case"},
]


@pytest.fixture(autouse=True)
def _urls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Cloud, "container_url", lambda self, place: f"https://sacase/{place}")


def spec(folder: Path, job: dict[str, Any], pool: dict[str, Any] | None = None) -> Spec:
    settings = {"vmSize": "Standard_D2s_v3", "image": "ubuntu-22.04", "nodes": 1, "identity": "identities/id-case"}
    text = {
        "apiVersion": "reconciler/v1",
        "name": "case",
        "azure": {"location": "italynorth", "resourceGroup": "rg"},
        "storage": {"sacase": {"containers": ["logs"]}},
        "keyVaults": {"kv-case": {"secrets": ["key"]}},
        "identities": {"id-case": {"roles": ROLES}},
        "batchAccount": {"name": "bacase01"},
        "pools": {"pool": settings | ({"logs": "storage/sacase/logs"} if pool is None else pool)},
        "jobs": {"job": {"pool": "pools/pool", **job}},
    }
    path = folder / "spec.yaml"
    path.write_text(json.dumps(text))
    return load(path, {}, "local")


def desired(spec: Spec, kind: str = "job") -> Desired:
    (found,) = KINDS[kind].expand(spec)
    return found


def sent(spec: Spec, want: Desired) -> Any:
    return body.wire(Recording(spec, {}), want.body, {}, want.data["logs"])


def test_both_are_wrapped_and_read_back_as_they_were_with_their_secrets(tmp_path: Path) -> None:
    made = spec(tmp_path, AROUND)
    want = desired(made)
    wire = sent(made, want)
    told = {name: startline.read(wire[name]["commandLine"]) for name in AROUND}
    assert {name: kept.settings["logs"] for name, kept in told.items() if kept} == {
        "jobPreparationTask": {
            "in": "storage/sacase/logs",
            "of": "preparation",
            "url": "https://sacase/storage/sacase/logs",
        },
        "jobReleaseTask": {"in": "storage/sacase/logs", "of": "release", "url": "https://sacase/storage/sacase/logs"},
    }
    assert wire["jobReleaseTask"]["maxWallClockTime"] == "PT5M"
    seen = body.observed({**wire, "state": "active"}, "pool")
    assert {name: seen[name] for name in AROUND} == {name: want.body[name] for name in AROUND}
    assert {"container/sacase/logs"} <= {str(ref) for ref in want.refs}


def test_a_job_whose_pool_keeps_nothing_is_sent_as_ever_and_is_no_other_one(tmp_path: Path) -> None:
    job = {"jobPreparationTask": {"commandLine": "/bin/true"}}
    without, kept = desired(spec(tmp_path, job, {})), desired(made := spec(tmp_path, job))
    assert without.body == kept.body  # so that a job which is there stays as it is
    assert sent(made, without)["jobPreparationTask"]["commandLine"] == "/bin/true"
    assert "container/sacase/logs" not in {str(ref) for ref in without.refs}
    assert "container/sacase/logs" not in {str(ref) for ref in desired(spec(tmp_path, {})).refs}


def test_one_in_a_container_stays_as_it_is_and_a_plan_says_so(tmp_path: Path) -> None:
    inside = {"commandLine": "/bin/true", "containerSettings": {"imageName": "alpine"}}
    machine = {"containers": {"images": ["alpine"]}, "logs": "storage/sacase/logs"}
    made = spec(tmp_path, {"jobPreparationTask": inside, "jobReleaseTask": {"commandLine": "/bin/true"}}, machine)
    want = desired(made)
    wire = sent(made, want)
    assert wire["jobPreparationTask"]["commandLine"] == "/bin/true"
    assert startline.read(wire["jobReleaseTask"]["commandLine"])
    (note,) = want.notes
    assert note.startswith("what jobPreparationTask prints is not kept, as it runs in a container")


def test_the_jobs_of_a_schedule_keep_theirs_and_their_manager_is_left_alone(tmp_path: Path) -> None:
    made = spec(tmp_path, {**AROUND, **MANAGED, "onAllTasksComplete": "TerminateJob"})
    want = desired(made, "job_schedule")
    wire = schedule.wire(Recording(made, {}), want.body, {}, want.data["logs"])[schedule.SPECIFICATION]
    assert startline.read(wire["jobPreparationTask"]["commandLine"])
    assert wire["jobManagerTask"]["commandLine"] == "/bin/true"
    seen = schedule.observed({"state": "active", "schedule": {}, schedule.SPECIFICATION: wire}, "pool")
    specified = want.body[schedule.SPECIFICATION]
    assert {name: seen[schedule.SPECIFICATION][name] for name in AROUND} == {name: specified[name] for name in AROUND}


def test_two_of_them_add_less_than_8_kb_to_a_job_and_each_leaves_most_of_its_line(tmp_path: Path) -> None:
    plain = {name: {"commandLine": "/bin/true"} for name in AROUND}
    made = spec(tmp_path, plain)
    want = desired(made)
    more = len(json.dumps(sent(made, want))) - len(json.dumps(body.wire(Recording(made, {}), want.body, {}, None)))
    assert 4_000 < more < 8_000
    spec(tmp_path, {"jobPreparationTask": {"commandLine": "x" * 4_400}})
    with pytest.raises(SpecError, match="characters too long beside what keeps its logs; put it into a file"):
        spec(tmp_path, {"jobPreparationTask": {"commandLine": "x" * 5_000}})
