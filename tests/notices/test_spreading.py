"""Those that a spec names are told of drift, waiting plans, and ends of runs; once for each state, if that is kept."""

from __future__ import annotations

import json

import pytest

from tests.audit.test_runs import audited
from tests.cli.command import reconcile
from tests.conftest import World
from tests.notices.receiver import PATH, Receiver, receiving

__all__ = ["audited"]


@pytest.fixture
def told(audited: World) -> World:
    """A spec with audit that tells everything to one, and failures to another."""
    audited.text["notify"] = [
        {"webhook": {"environmentVariable": "HOOK"}},
        {"webhook": {"environmentVariable": "SLACK"}, "template": "slack", "on": ["failure"]},
    ]
    return audited


def run(world: World, receiver: Receiver, *arguments: str) -> tuple[int, str, list[str]]:
    """Exit code, standard error, and what was told."""
    world.spec()
    receiver.got.clear()
    hooks = {"HOOK": receiver.url, "SLACK": receiver.url}
    done = reconcile(*arguments, str(world.file), cwd=world.file.parent, **hooks)
    assert PATH not in done.stdout + done.stderr
    return done.returncode, done.stderr, [str(got["text"]) for got in receiver.got]


def test_how_runs_end_is_told_and_a_failure_once_until_it_is_another(told: World) -> None:
    name = told.text["name"]
    with receiving() as receiver:
        code, err, texts = run(told, receiver, "apply", "--yes")
        assert (code, "✓ done told to the webhook HOOK\n" in err) == (0, True)
        assert texts == [f"The apply of {name} is done: 3 created"]
        assert receiver.got[0]["event"] == "RunDone"
        assert run(told, receiver, "apply", "--yes")[2] == [], "nothing was done"

        told.text["storage"][told.account]["containers"] += ["more"]
        failed = f"The apply of {name} failed: 1 of 1 step failed"
        for texts in ([failed, failed], []):
            told.azure.fault(match={"method": "PUT", "path": "containers/more"}, times=9, action={"status": 403})
            code, _, said = run(told, receiver, "apply", "--yes")
            told.azure.clear_faults()
            assert (code, said) == (1, texts), "both are told, once"
        assert run(told, receiver, "apply", "--yes")[2] == [f"The apply of {name} is done: 1 created"]
        told.text["storage"][told.account]["containers"] += ["last"]
        assert run(told, receiver, "apply")[2] == [f"The apply of {name} was refused"] * 2, "well in between: told anew"


def test_drift_is_told_once_until_it_changes(told: World) -> None:
    drift = f"Drift: 1 resource of {told.text['name']} is not as the spec says"
    with receiving() as receiver:
        run(told, receiver, "apply", "--yes")
        nightly = ("plan", "--notify", "drift")
        assert run(told, receiver, *nightly)[2] == []
        told.text["storage"][told.account]["containers"] += ["more"]
        code, err, texts = run(told, receiver, *nightly)
        assert (code, err, texts) == (0, "✓ drift told to the webhook HOOK\n", [drift])
        assert run(told, receiver, *nightly)[2] == [], "it is the same, the next night"
        told.text["storage"][told.account]["containers"].pop()
        assert run(told, receiver, *nightly)[2] == []
        told.text["storage"][told.account]["containers"] += ["more"]
        assert run(told, receiver, *nightly)[2] == [drift], "it was gone in between"

        code, _, texts = run(told, receiver, "plan", "--notify", "approval", "--out", "plan.json")
        assert texts == [f"A plan of {told.text['name']} waits for approval: 1 to create"]
        saved = json.loads((told.file.parent / "plan.json").read_text())["digest"]
        assert receiver.got[0]["plan"]["saved"] == f"sha256:{saved}"
        assert run(told, receiver, "plan")[2] == [], "nobody asked for it"


def test_one_that_is_not_reached_is_told_next_time_and_changes_no_exit_code(told: World) -> None:
    told.text["storage"][told.account]["containers"] += ["more"]
    nightly = ("plan", "--notify", "drift")
    with receiving() as receiver:
        run(told, receiver, "apply", "--yes")
        told.text["storage"][told.account]["containers"].pop()
        receiver.answers = [(404, {})]
        code, err, texts = run(told, receiver, *nightly)
        assert (code, len(texts)) == (0, 1)
        assert "warning: drift is not told to the webhook HOOK: 127.0.0.1:" in err
        assert "answers with HTTP 404; the webhook is not valid any more" in err
        assert len(run(told, receiver, *nightly)[2]) == 1
        assert len(run(told, receiver, *nightly)[2]) == 0
        del told.text["audit"]
        for _ in range(2):
            assert len(run(told, receiver, *nightly)[2]) == 1, "nothing is kept, so each is told"


@pytest.mark.parametrize("event", ["drift", "approval"])
def test_a_plan_that_is_to_tell_nobody_is_refused_with_what_to_write(told: World, event: str) -> None:
    told.text["notify"] = [{"webhook": {"environmentVariable": "HOOK"}, "on": ["done"]}]
    with receiving() as receiver:
        code, err, _ = run(told, receiver, "plan", "--notify", event)
    assert code == 4
    assert f"tells nobody of {event}: write notify: [{{webhook: {{environmentVariable: NAME}}, on: [{event}]}}]" in err
