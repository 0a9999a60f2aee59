"""A reviewed plan is carried out as it was shown, or not at all."""

from __future__ import annotations

import pytest

from reconciler.model import Status
from tests.cli.command import reconcile
from tests.conftest import World


@pytest.fixture
def small(world: World) -> World:
    """A storage account, a Batch account, and a pool without nodes."""
    world.text["jobs"] = {}
    world.text["pools"]["pool"]["nodes"] = 0
    world.spec()
    return world


def saved(world: World) -> str:
    """A saved plan of the world's spec."""
    world.spec()
    done = reconcile("plan", str(world.file), "--out", "plan.json", cwd=world.file.parent)
    assert done.returncode == 0, done.stderr
    return done.stderr.partition("sha256:")[2].partition(";")[0]


def apply(world: World, *arguments: str) -> tuple[int, str]:
    done = reconcile("apply", *arguments, cwd=world.file.parent)
    return done.returncode, done.stdout + done.stderr


def test_a_saved_plan_is_done_without_asking_and_once(small: World) -> None:
    digest = saved(small)
    shown = reconcile("show", "plan.json", cwd=small.file.parent).stdout
    assert digest in shown
    assert "+ pool/pool  not there yet" in shown
    drawn = reconcile("graph", "plan.json", "--format", "dot", cwd=small.file.parent).stdout
    assert drawn == reconcile("graph", str(small.file), "--format", "dot", cwd=small.file.parent).stdout
    assert "+ pool/pool" in drawn
    comment = reconcile("show", "plan.json", "--format", "markdown", "--link", "https://x/1", cwd=small.file.parent)
    assert comment.stdout.startswith(f"<!-- reconcile plan {small.spec().name} -->\n<!-- sha256:{digest} -->\n")
    assert comment.stdout.endswith("[The whole plan](https://x/1)\n")
    assert "**New permissions** | 1 | `role_assignment/" in comment.stdout
    page = reconcile("show", "plan.json", "--format", "html", cwd=small.file.parent).stdout
    assert page.startswith("<!doctype html>")
    assert digest in page

    code, said = apply(small, "plan.json", "--digest", f"sha256:{digest}")
    assert (code, "done" in said) == (0, True)
    assert small.plan().steps == ()
    assert apply(small, "plan.json")[0] == 0, "what is done already is no difference"

    small.text["pools"]["pool"]["nodes"] = 1
    small.spec()
    code, said = apply(small, "plan.json")
    assert code == 3
    assert "the plan is stale: pools of " in said


def test_a_plan_that_others_have_overtaken_is_refused(small: World) -> None:
    small.apply()
    small.text["pools"]["pool"]["metadata"] = {"team": "a"}
    saved(small)
    small.text["pools"]["pool"]["metadata"] = {"team": "b"}
    assert {outcome.status for outcome in small.apply().values()} == {Status.DONE}
    small.text["pools"]["pool"]["metadata"] = {"team": "a"}
    small.spec()

    code, said = apply(small, "plan.json")

    assert code == 3
    assert 'pool/pool metadata.team is "b" now, and was (none)' in said
    assert small.plan().steps != (), "nothing was changed"


def test_what_was_reviewed_is_done_of_a_spec_that_has_moved_on(small: World) -> None:
    saved(small)
    text = small.file.read_text()
    small.file.write_text(f"# merged\n{text}")
    assert apply(small, str(small.file), "--reviewed", "plan.json")[0] == 0

    small.text["pools"]["pool"]["metadata"] = {"team": "a"}
    small.spec()
    code, said = apply(small, str(small.file), "--reviewed", "plan.json")
    assert code == 3
    assert "pool/pool would be updated, and was to be created" in said


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("plan.json", "--target", "pool/pool"), 4, "a saved plan says itself what it is about"),
        (("plan.json", "--cloud", "public"), 3, "made for the local cloud, not for the public one"),
        (("spec.yaml", "--digest", "12"), 4, "--digest is that of a saved plan"),
        (("plan.json", "--digest", "sha256:12"), 3, "is not the plan with digest sha256:12"),
    ],
)
def test_what_does_not_go_with_a_saved_plan(world: World, arguments: tuple[str, ...], code: int, says: str) -> None:
    world.text |= {"jobs": {}, "pools": {}, "identities": {}, "storage": {}}
    saved(world)
    assert apply(world, *arguments)[0] == code
    assert says in apply(world, *arguments)[1]
