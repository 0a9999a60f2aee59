"""A plan that a policy refuses is shown and ends with 3, and nothing of it is applied, however it is asked for."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.cli.command import reconcile
from tests.cli.test_cli import check
from tests.conftest import World
from tests.documents import dumped


@pytest.fixture
def small(world: World) -> World:
    """A storage account, and an organisation's file that wants it protected."""
    for key in ("jobs", "pools", "batchAccount", "identities"):
        del world.text[key]
    world.spec()
    write(world, "org.yaml", {"rules": {"protect": None, "deletion": None}})
    return world


def write(world: World, name: str, body: dict[str, object]) -> Path:
    path = world.file.parent / name
    path.write_text(dumped({"apiVersion": "reconciler-policy/v1", **body}))
    return path


def run(world: World, *arguments: str, **environ: str) -> tuple[int, str]:
    done = reconcile(*arguments, cwd=world.file.parent, **environ)
    return done.returncode, done.stdout + done.stderr


def test_a_refused_plan_is_shown_and_never_applied(small: World) -> None:
    spec = str(small.file)
    assert run(small, "plan", spec)[0] == 0
    code, said = run(small, "plan", spec, "--policy", "org.yaml", "--out", "plan.json")
    assert code == 3
    sentence = "refused by protect (org.yaml:4): holds data and is not protected; write protect: true"
    assert sentence in said
    assert f"      storage_account/{small.account}, container/{small.account}/" in said
    assert "By policy: 4 refused.\n" in said
    assert not (small.file.parent / "plan.json").exists()

    document = json.loads(run(small, "plan", spec, "--format", "json", RECONCILE_POLICY="org.yaml")[1])
    check("plan", document)
    assert document["verdicts"][0] == {
        "address": f"storage_account/{small.account}",
        "rule": "protect",
        "level": "refuse",
        "text": "holds data and is not protected; write protect: true",
        "place": "org.yaml:4",
        "exception": "",
    }
    for shape in ("markdown", "html"):
        code, said = run(small, "plan", spec, "--policy", "org.yaml", "--format", shape)
        assert (code, "Refused by policy: nothing is applied" in said) == (3, True)

    shown = reconcile("plan", spec, "--out", "plan.json", "--format", "markdown", cwd=small.file.parent)
    again = reconcile("show", "plan.json", "--format", "markdown", cwd=small.file.parent)
    assert (shown.returncode, shown.stdout) == (0, again.stdout)
    assert "<!-- sha256:" in shown.stdout
    for what in (spec, "plan.json"):
        code, said = run(small, "apply", what, "--yes", "--policy", "org.yaml")
        assert (code, "a policy refuses the plan; nothing was changed" in said) == (3, True)
    assert run(small, "status", spec)[1] == "Nothing of this spec is live.\n"


def test_what_the_environment_names_holds_beside_the_command_line_and_the_spec(small: World) -> None:
    small.text["policy"] = {
        "rules": {"protect": {"level": "warn"}},
        "exceptions": {"all": {"address": "*", "rule": "protect", "reason": "so", "expires": "2999-01-01"}},
    }
    write(small, "empty.yaml", {})
    small.spec()
    code, said = run(small, "plan", str(small.file), "--policy", "empty.yaml", RECONCILE_POLICY="org.yaml")
    assert (code, "By policy: 4 refused, 4 excepted." in said) == (3, True)
    both = f"empty.yaml{os.pathsep}org.yaml"
    assert run(small, "plan", str(small.file), RECONCILE_POLICY=both)[0] == 3
    assert run(small, "plan", str(small.file), RECONCILE_POLICY="empty.yaml")[0] == 0


def test_deleting_needs_the_label(small: World) -> None:
    spec = str(small.file)
    assert run(small, "apply", spec, "--yes")[0] == 0
    write(small, "org.yaml", {"rules": {"deletion": None}})
    small.text["storage"][small.account]["containers"] = ["images"]
    small.spec()
    code, said = run(small, "apply", spec, "--yes", "--policy", "org.yaml", "--label", "other")
    assert (code, "give the pull request the label allow-deletion if that is right" in said) == (3, True)
    code, said = run(small, "destroy", spec, "--yes", "--policy", "org.yaml")
    assert (code, "By policy: 5 refused." in said) == (3, True)
    for told, code in (('["other"]', 3), ('["allow-deletion"]', 0)):
        environ = {"RECONCILE_POLICY": "org.yaml", "RECONCILE_LABELS": told}
        assert run(small, "apply", spec, "--yes", "--label", "more", **environ)[0] == code
    assert "scripts" not in run(small, "status", spec)[1]
    assert run(small, "destroy", spec, "--yes", "--policy", "org.yaml", "--label", "allow-deletion")[0] == 0


@pytest.mark.parametrize(
    "told", ["allow-deletion", '"allow-deletion"', '["a", 1]', '{"a": "b"}', "null", "[" * 100_000]
)
def test_labels_that_are_no_list_are_told_before_anything_is_read(tmp_path: Path, told: str) -> None:
    for command in ("plan", "apply", "destroy"):
        done = reconcile(command, "specs/pool.yaml", RECONCILE_LABELS=told)
        assert (done.returncode, done.stdout) == (4, "")
        assert done.stderr == (
            'Error: RECONCILE_LABELS is no JSON list of strings, such as ["allow-deletion"]; set it to what '
            "`reconcile ci labels --format json` prints\n"
        )


def test_a_file_that_is_no_policy_is_told_before_anything_is_read(small: World) -> None:
    small.azure.fault(match={"plane": "arm"}, action={"drop": True})
    (small.file.parent / "org.yaml").write_text("apiVersion: reconciler-policy/v1\nrules: {protekt: }\n")
    code, said = run(small, "apply", str(small.file), "--yes", RECONCILE_POLICY="org.yaml")
    assert code == 4
    assert said == (
        "Error: 1 problem in the policy; nothing was done\n"
        "org.yaml:2:9 rules.protekt: is not a known rule (did you mean protect?)\n"
    )
    assert run(small, "validate", str(small.file), "--policy", "org.yaml") == (code, said)
    code, said = run(small, "plan", str(small.file), "--policy", "there-is-none.yaml")
    assert (code, "there-is-none.yaml:1:1: cannot be read: No such file or directory" in said) == (4, True)
    write(small, "org.yaml", {"rules": {"protect": None, "deletion": None}})
    write(small, "empty.yaml", {})
    code, said = run(small, "validate", str(small.file), "--policy", "empty.yaml", RECONCILE_POLICY="org.yaml")
    assert (code, said.splitlines()[-2:]) == (0, ["org.yaml is valid: 2 rules.", "empty.yaml is valid: 0 rules."])


def test_prices_are_asked_for_only_if_a_policy_needs_them(world: World) -> None:
    del world.text["jobs"]
    world.spec()
    write(world, "org.yaml", {"rules": {"budget": {"maxMonthly": 70}}})
    write(world, "other.yaml", {"rules": {"spotOnly": {"level": "warn"}}})
    arguments = ("plan", str(world.file), "--no-cost", "--policy")
    code, said = run(world, *arguments, "other.yaml")
    assert (code, "warned by spotOnly" in said) == (0, True)
    assert not (world.file.parent / ".reconcile/prices").exists()
    code, said = run(world, *arguments, "org.yaml")
    assert (code, "the spec may cost $70.08/month; allowed is $70.00/month" in said) == (3, True)
