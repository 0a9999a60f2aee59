"""The end of a job is told once, to each whom the spec names, whoever sees it and whatever is killed on the way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from typing import Any

from jsonschema import Draft202012Validator

from reconciler.cloud import batch_jobs, told
from reconciler.events import Event, NoticeLogged, NoticeSent
from reconciler.kinds import KINDS
from reconciler.notices.telling import Teller
from tests.cli.command import CHECKOUT, reconcile
from tests.conftest import World
from tests.notices.receiver import Receiver, receiving
from tests.secrets.vaults import OFFICER, USER, ask, give, vault
from tests.tasks.conftest import lab
from tests.tasks.test_lab import states

__all__ = ["lab"]
SCHEMA = Draft202012Validator(json.loads((CHECKOUT / "schemas/notification.schema.json").read_text()))
FLAKY = {"command": '[ -e "$AZ_BATCH_NODE_SHARED_DIR/there" ] || { touch "$AZ_BATCH_NODE_SHARED_DIR/there"; exit 3; }'}
TASKS: dict[str, Any] = {
    "bad": FLAKY,
    "good": {"sweep": {"n": [1, 2]}, "command": "echo {{n}}"},
    "last": {"command": "true", "dependsOn": ["bad"]},
}
HOOK = {"webhook": {"environmentVariable": "HOOK"}}


def job(world: World, tasks: dict[str, Any], *who: dict[str, Any], **more: Any) -> None:
    world.text["jobs"]["job"] |= {"tasks": tasks, "onDone": list(who), **more}


def applied(world: World, code: int, *options: str, **environ: str) -> tuple[str, str]:
    """What an apply that ends with `code` says; the address of the webhook is never a part of it."""
    world.spec()
    done = reconcile("apply", "--yes", "--no-cost", *options, str(world.file), cwd=world.file.parent, **environ)
    assert done.returncode == code, done.stderr + done.stdout
    assert "very-secret" not in done.stdout + done.stderr
    return done.stdout, done.stderr


def numbers(got: dict[str, Any]) -> list[Any]:
    SCHEMA.validate(got)
    return [got[key] for key in ("outcome", "succeeded", "failed", "cancelled", "unstarted")]


def test_an_end_is_told_once_and_the_next_one_again(lab: World) -> None:
    command = ["sh", "-c", 'echo "$RECONCILE_JOB $RECONCILE_OUTCOME $1"; exec cat', "sh", "it's; $(touch here)"]
    job(lab, TASKS, {**HOOK, "command": command}, {"command": ["echo", "well"], "when": "success"})
    with receiving((500, {})) as receiver:
        out, err = applied(lab, 5, HOOK=receiver.url)
        assert err == ""
        assert "✓ the end of job job told to the webhook HOOK\n" in out
        assert "command sh: job failure it's; $(touch here)\n" in out
        assert "told to the command echo" not in out
        first, again = receiver.got
        assert first == again, "the first was answered with 500"
        assert numbers(first) == ["failure", 2, 2, 1, 0]
        assert first["text"] == (
            f"Job job of {lab.text['name']} has ended: 2 of 4 tasks failed, 1 of them cancelled. "
            "More: reconcile why job"
        )
        reasons = {failure["reason"]: failure["count"] for failure in first["failures"]}
        assert reasons == {"exit code 3": 1, "TaskEnded: Task Was Ended by User Request": 1}
        assert f'  command sh: {{"version": 1, "event": "JobEnded", "text": "{first["text"]}"' in out
        assert lab.plan().steps == ()
        assert reconcile("retry", "job", "--spec", str(lab.file)).returncode == 0
        waited = reconcile("wait", "job", "--spec", str(lab.file), HOOK=receiver.url)
        assert (waited.returncode, waited.stderr.count("very-secret")) == (0, 0)
        assert "  command echo: well\n✓ the end of job job told to the command echo\n" in waited.stdout
        assert numbers(receiver.got[2]) == ["success", 4, 0, 0, 0]
        assert receiver.got[2]["ended"] > first["ended"]
        assert "told" not in applied(lab, 0, HOOK="unused")[0]
    assert not (lab.file.parent / "here").exists()


def test_whom_it_does_not_reach_is_told_by_a_later_apply_and_nobody_else_is(lab: World) -> None:
    job(lab, {"one": {"command": "true"}}, HOOK, {"command": ["./done.sh"]}, {"command": ["echo", "fine"]})
    out, err = applied(lab, 2)
    assert "will not reach the webhook HOOK: the environment variable HOOK is not set; set it" in err.splitlines()[0]
    assert "will not reach the command ./done.sh: there is no program ./done.sh in the folder" in err.splitlines()[1]
    assert "not told to the webhook HOOK: the environment variable HOOK is not set; set it; the next apply tries" in err
    assert "not told to the command ./done.sh: cannot be started: No such file or directory; the next apply" in err
    assert "command echo: fine" in out
    script = lab.file.parent / "done.sh"
    script.write_text("#!/bin/sh\nexit 7\n")
    script.chmod(0o755)
    with receiving() as receiver:
        lines = [json.loads(line) for line in applied(lab, 2, "--format", "json", HOOK=receiver.url)[0].splitlines()]
        events = Draft202012Validator(json.loads((CHECKOUT / "schemas/event.schema.json").read_text()))
        for line in lines:
            events.validate(line)
        assert [(line["to"], line["error"]) for line in lines] == [
            ("webhook HOOK", ""),
            ("command ./done.sh", "exited with 7"),
        ]
        script.write_text("#!/bin/sh\necho $RECONCILE_SUCCEEDED well\n")
        out, err = applied(lab, 0, HOOK=receiver.url)
        assert ("command ./done.sh: 1 well" in out, "echo" in out, err) == (True, False, "")
        before = lab.azure.exchanges()
        assert "told" not in applied(lab, 0, HOOK=receiver.url)[0]
        (listed,) = [call for call in lab.azure.wire(before) if call["path"].endswith("/jobs/job/tasks")]
        assert "stateTransitionTime ge datetime'20" in listed["query"]["$filter"], "not all of them, each time"
        lab.azure.fault(match={"plane": "blob", "path": ".*/told/.*"}, times=9, action={"status": 403})
        _, err = applied(lab, 0)
        assert err.startswith(
            "warning: the end of job job: nobody is told, as that must be known: cannot read what was told"
        )
        assert len(receiver.got) == 1


def test_an_end_is_told_while_apply_goes_on_with_the_jobs_after_it(lab: World) -> None:
    there = lab.file.parent / "told"
    job(lab, {"one": {"command": "true"}}, {"command": ["touch", "told"]})
    waits = f"until [ -e {there} ]; do sleep 0.05; done"
    lab.text["jobs"]["after"] = {
        **lab.text["jobs"]["job"],
        "tasks": {"two": {"command": waits}},
        "dependsOn": ["jobs/job"],
    }
    lab.text["jobs"]["after"]["onDone"] = {"command": ["echo", "after"]}
    out, err = applied(lab, 0)
    lines = [line for line in out.splitlines() if " told to " in line or line.startswith("✓ tasks/")]
    assert sorted(line.partition(" done")[0] for line in lines) == [
        "✓ tasks/after",
        "✓ tasks/job",
        "✓ the end of job after told to the command echo",
        "✓ the end of job job told to the command touch",
    ]
    assert err == ""


def test_a_job_that_no_apply_waits_for_is_told_of_by_whoever_sees_its_end_first(lab: World) -> None:
    there = lab.file.parent / "go"
    lab.text["pools"]["pool"]["taskSlotsPerNode"] = 2
    slow = f"until [ -e {there} ]; do sleep 0.05; done"
    job(lab, {"quick": {"command": "true"}, "slow": {"command": slow}}, {"command": ["echo", "well"]}, wait=False)
    assert "told" not in applied(lab, 0)[0]
    while "completed" not in states(lab):
        lab.azure.next()
    assert "told" not in applied(lab, 0)[0], "one of two has ended"
    there.touch()
    waited = reconcile("wait", "job", "--spec", str(lab.file))
    assert "command echo: well\n✓ the end of job job told to the command echo\n" in waited.stdout
    assert "told" not in applied(lab, 0)[0]


def killed(world: World, receiver: Receiver) -> None:
    """An apply is killed when the webhook has got the message and not answered yet."""
    receiver.holding.set()
    world.spec()
    command = [sys.executable, "-m", "reconciler", "apply", "--yes", str(world.file)]
    env = {**os.environ, "PYTHONPATH": str(CHECKOUT), "HOOK": receiver.url}
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            assert receiver.arrived.acquire(timeout=90)
        finally:
            process.send_signal(signal.SIGKILL)
    receiver.holding.clear()


def test_what_a_killed_apply_may_not_have_told_is_told_when_its_claim_has_ended(lab: World) -> None:
    job(lab, {"one": {"command": "true"}}, HOOK)
    place = f"storage/{lab.account}/staging"
    with receiving() as receiver:
        killed(lab, receiver)
        _, err = applied(lab, 0, HOOK=receiver.url)
        assert "warning: the end of job job: another run is telling it; if that was killed, an apply after " in err
        assert len(receiver.got) == 1
        known = told.read(lab.cloud(), place, "job")
        assert known.free is not None
        assert 60 < known.busy < 600
        assert told.claim(lab.cloud(), place, "job", known, 0)  # its time is over
        out, err = applied(lab, 0, HOOK=receiver.url)
        assert ("told to the webhook HOOK" in out, err) == (True, "")
        assert receiver.got[0] == receiver.got[1]
        assert told.read(lab.cloud(), place, "job").busy == 0


def test_two_at_once_tell_it_once_and_what_others_write_there_counts_as_nothing(lab: World) -> None:
    job(lab, {"one": {"command": "true"}}, {"command": ["true"]}, onAllTasksComplete="TerminateJob")
    applied(lab, 0)
    blob = lab.container("staging").get_blob_client(f"told/{lab.text['batchAccount']['name']}/job.json")
    assert batch_jobs.get(lab.cloud(), "job")["state"] in batch_jobs.ENDED  # type: ignore[index]
    for content in (b"", b"[]", b'{"since": 1}', b'{"since": "0001-01-01", "until": "x"}', b"[" * 60_000):
        blob.upload_blob(content, overwrite=True)
        assert told.read(lab.cloud(), f"storage/{lab.account}/staging", "job").left == ()
    spec = lab.spec()
    reports = [
        report
        for kind in KINDS.values()
        for want in kind.expand(spec)
        if kind.report and (report := kind.report(lab.cloud(), want)) and report.end
    ]
    said: list[Event] = []
    both = threading.Barrier(2)

    def tell() -> None:
        teller = Teller(spec, lab.cloud(spec), os.environ, said.append)
        both.wait(60)
        assert teller.tell("job", reports) is False

    threads = [threading.Thread(target=tell) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    sent = [event for event in said if isinstance(event, NoticeSent)]
    assert NoticeSent("job", "command true") in sent
    others = [event for event in sent if event.to == ""]
    assert len(sent) == 1 + len(others), sent
    assert all(event.error.startswith("another run is telling it; ") for event in others)
    assert not [event for event in said if isinstance(event, NoticeLogged)]


def test_the_end_of_a_conversion_is_told_when_an_apply_sees_it_and_the_address_is_kept_in_a_vault(world: World) -> None:
    kept = vault(world.azure, world.cloud(), f"kn-{world.account}"[:24])
    host = kept["properties"]["vaultUri"].rstrip("/").rpartition("/")[2]
    secret = f"https://{host}/secrets/hook"
    world.text["jobs"]["job"]["onDone"] = {"webhook": {"keyVaultSecret": secret}}
    world.text["pools"]["pool"]["nodes"] = 1
    assert world.apply()
    world.container("images").upload_blob("no-picture.jpg", b"no picture")
    with receiving() as receiver:
        _, err = applied(world, 5)
        assert f"the end of job job was not told to the webhook {secret}: cannot read the secret {secret}: " in err
        assert "give your principal the role Key Vault Secrets User on the vault" in err
        for role in (OFFICER, USER):
            give(world.cloud(), kept["id"], os.environ["AZURE_CLIENT_ID"], role)
        world.azure.advance(900)
        assert "put the secret there, or correct its name" in applied(world, 5)[1]
        assert ask("PUT", f"{kept['properties']['vaultUri'].rstrip('/')}/secrets/hook", json={"value": receiver.url})
        out, err = applied(world, 5)
        assert (f"✓ the end of job job told to the webhook {secret}" in out, err) == (True, "")
        (got,) = receiver.got
        assert numbers(got)[:3] == ["failure", 0, 1]
        assert got["work"][0]["unit"] == "inputs"
        assert (got["failures"][0]["unit"], got["failures"][0]["count"]) == ("inputs", 1)
        assert "told" not in applied(world, 5)[0]
