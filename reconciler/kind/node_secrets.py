"""Commands whose environment has secrets: these are fetched on the node as the command begins, by `fetch`. Pure.

In bodies a variable that is a secret is `{from: keyVaults/VAULT/NAME, as: IDENTITY}` among the plain ones. Of Batch's
own, the command line gets a program before it, and the environment one variable in place of these: which secrets are
meant, as whom, and how they are fetched. Whoever reads that learns no value, and the command itself does not get it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reconciler.spec.vault_secrets import SECTION, Reference, plain, secrets_of

VARIABLE = "RECONCILE_SECRETS"
ENVIRONMENT, LINE = "environmentSettings", "commandLine"
_LACKS = "reconcile: secrets are fetched by python3, and this node or container has none; install it"
_PYTHON = f'import json,os;g=json.loads(os.environ.pop(\\"{VARIABLE}\\"));exec(g[\\"fetch\\"]);main(g)'
PREFIX = (
    f'/bin/sh -c \'command -v python3 >/dev/null || {{ echo "{_LACKS}" >&2; exit 78; }}; '
    f'exec python3 -Ic "{_PYTHON}" "$0" "$@"\' '
)
"""What stands before a command line. Isolated (-I), Python takes no module from the folder that the command runs in."""


def named(settings: Mapping[str, Any], identity: str) -> dict[str, Any]:
    """The environment of a spec as bodies have it; secrets are read as the identity of this ARM id."""
    secrets = {name: {"from": text, "as": identity} for name, text in secrets_of(settings).items()}
    return {**settings, **secrets}


def _meant(settings: Mapping[str, Any]) -> dict[str, str]:
    """Variable → reference, of the secrets of a body's environment."""
    return {name: value["from"] for name, value in settings.items() if isinstance(value, Mapping)}


def wired(task: Mapping[str, Any]) -> dict[str, Any]:
    """A task of a body, with its environment as a map, as Batch takes it; as it is if it has no secrets."""
    settings = {name: value for name, value in task[ENVIRONMENT].items() if value is not None}
    secrets = _meant(settings)
    if not secrets:
        return dict(task)
    identity = next(settings[name]["as"] for name in secrets)
    meant = {name: [text, Reference.of(text).url] for name, text in sorted(secrets.items())}
    program = Path(__file__).with_name("fetch.py").read_text(encoding="utf-8")
    given = json.dumps({"as": identity, "secrets": meant, "fetch": program})
    return {**task, LINE: PREFIX + task[LINE], ENVIRONMENT: {**plain(settings), VARIABLE: given}}


def seen(task: Mapping[str, Any]) -> dict[str, Any]:
    """The inverse of `wired`, whatever program it was that fetches the secrets."""
    settings, line = dict(task[ENVIRONMENT]), str(task.get(LINE) or "")
    given = _given(settings.get(VARIABLE))
    if given is None or not line.startswith(PREFIX):
        return dict(task)
    del settings[VARIABLE]
    secrets = {name: {"from": text, "as": given["as"]} for name, (text, _) in given["secrets"].items()}
    return {**task, LINE: line.removeprefix(PREFIX), ENVIRONMENT: {**settings, **secrets}}


def told(task: Mapping[str, Any], where: str, notes: list[str]) -> dict[str, Any]:
    """A task of a body without its secrets, of which notes tell how a spec says them. `where` is its environment."""
    for name, text in _meant(task[ENVIRONMENT]).items():
        vault, _, secret = text.removeprefix(f"{SECTION}/").partition("/")
        named = f"list {secret.partition('/')[0]} in secrets: of {SECTION}.{vault}"
        notes.append(f"{where}.{name} is left out, as it is a secret: write {{secret: {text}}}, and {named}")
    return {**task, ENVIRONMENT: plain(task[ENVIRONMENT])}


def _given(text: Any) -> Any:
    """What the variable holds; None if it is none of ours: anybody may have made the task."""
    try:
        given = json.loads(text)
        return given if all(len(pair) == 2 for pair in given["secrets"].values()) and given["as"] else None
    except (TypeError, ValueError, KeyError, AttributeError):
        return None
