"""Runs on a node, before a command: fetches secrets from key vaults into the environment that the command gets.

It is sent as text and needs Python 3.6 and nothing else. Values go nowhere but into that environment: they are in no
argument, file or line of output. Exit code 78 means that somebody must mend something, 75 that trying again may help.
"""

import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import Any, NoReturn

METADATA = "http://169.254.169.254"
MEND, AGAIN = 78, 75
ROLE = "Key Vault Secrets User"
CLOSED = ("ForbiddenByFirewall", "ForbiddenByConnection")


class Straight(urllib.request.HTTPRedirectHandler):
    """A token is sent to where it belongs, and nowhere else."""

    def redirect_request(self, *_: Any) -> None:
        return None


def end(code: int, text: str) -> NoReturn:
    sys.stderr.write(f"reconcile: {text}\n")
    sys.stderr.flush()
    os._exit(code)


def asked(url: str, headers: Any, until: float, lasting: Any, *handlers: Any) -> Any:
    """Status and body of an answer; 0 and the reason if there was none.

    What passes by itself is asked for again, until the time is over. `lasting` are the statuses that do not pass.
    """
    wait, opener = 1, urllib.request.build_opener(Straight, *handlers)
    while True:
        try:
            request = urllib.request.Request(url, headers=headers)  # noqa: S310  # the URL is made here
            with opener.open(request, timeout=15) as answer:
                return answer.status, json.loads(answer.read().decode("utf-8"))
        except urllib.error.HTTPError as error:
            if error.code in lasting:
                return error.code, told(error)
            why = f"HTTP {error.code}"
        except (OSError, ValueError) as error:
            why = str(getattr(error, "reason", type(error).__name__))
        if time.time() + wait > until:
            return 0, why
        time.sleep(wait)
        wait = min(2 * wait, 15)


def told(error: Any) -> str:
    """The code of a refusal."""
    try:
        body = json.loads(error.read().decode("utf-8"))["error"]
        return str((body.get("innererror") or {}).get("code") or body["code"]) if isinstance(body, dict) else str(body)
    except (OSError, ValueError, KeyError, AttributeError):
        return ""


def token(identity: str, until: float) -> str:
    host = os.environ.get("AZURE_POD_IDENTITY_AUTHORITY_HOST", METADATA)
    query = {"api-version": "2018-02-01", "resource": "https://vault.azure.net", "msi_res_id": identity}
    url = f"{host}/metadata/identity/oauth2/token?{urllib.parse.urlencode(query)}"
    status, body = asked(url, {"Metadata": "true"}, until, (400, 401, 403, 405), urllib.request.ProxyHandler({}))
    name = identity.rsplit("/", 1)[-1]
    if status == 0:
        end(AGAIN, f"the node's metadata service gives no token for the identity {name} ({body}); try again")
    if status != 200:
        end(MEND, f"the node has no identity {name} ({body or status}); add it to the identity: of the pool")
    return str(body["access_token"])


def value(reference: str, url: str, bearer: str, identity: str, until: float) -> bytes:
    """The secret's value, in UTF-8."""
    base = os.environ.get("AZURE_LOCAL_VAULTS")  # where vaults are reached on nodes of the local Azure
    there = f"{base}/{url[len('https://') :]}" if base else url
    headers = {"Authorization": f"Bearer {bearer}"}
    status, body = asked(f"{there}?api-version=7.4", headers, until, (400, 401, 403, 404, 405))
    if status == 0:
        end(AGAIN, f"the secret {reference}: the vault does not answer ({body}); try again")
    if status != 200:
        end(MEND, f"the secret {reference} {refused(reference, status, body, identity.rsplit('/', 1)[-1])}")
    try:
        data = str(body["value"]).encode("utf-8")
    except (UnicodeError, KeyError, TypeError):
        end(MEND, f"the secret {reference} is no text, so no environment variable can hold it; set it in base64")
    if b"\0" in data:
        end(MEND, f"the secret {reference} has a NUL, which no environment variable can hold; set it in base64")
    return data


def refused(reference: str, status: int, code: str, who: str) -> str:
    """Why a vault gives no value, and what to do."""
    vault, name = reference.split("/")[1:3]
    if status == 404:
        return f"is not there; set it: az keyvault secret set --vault-name {vault} --name {name} --file /dev/stdin"
    if code in CLOSED:
        return f"is out of reach: the network of the vault keeps this node out ({code}); let its subnet in"
    if code == "SecretDisabled":
        return "is disabled; enable it, or set a new version"
    return f"may not be read by the identity {who} ({code or status}); give it the role {ROLE} on keyVaults/{vault}"


def main(given: Any) -> NoReturn:
    """Fetch the secrets, and become the command."""
    until = time.time() + given.get("seconds", 90)
    environment = dict(os.environb)
    bearer = token(given["as"], until)
    for name, (reference, url) in sorted(given["secrets"].items()):
        environment[name.encode()] = value(reference, url, bearer, given["as"], until)
    command = sys.argv[1:]
    try:
        os.execvpe(command[0], command, environment)  # noqa: S606  # the command is to be run
    except OSError as error:
        end(126 if isinstance(error, PermissionError) else 127, f"{command[0]}: {error.strerror}")
