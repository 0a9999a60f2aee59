"""Workload identity federation: a token of another issuer is exchanged for one of a managed identity.

The issuer, the subject and the audience must be those of one of its federated credentials. The local Azure stands in
for all issuers: `POST /local/assertion` gives the token that GitHub, GitLab or Azure DevOps would give a pipeline.
Source of the texts: answers of login.microsoftonline.com, quoted in issues of Azure/login and azure-workload-identity.
"""

from __future__ import annotations

import time
from typing import Any

import jwt

from azure_local.asked import members, text
from azure_local.azure import Azure, Service, Setting
from azure_local.http import Failure
from azure_local.identity.federated import STORE
from azure_local.settings import OPERATOR

AUDIENCE = "api://AzureADTokenExchange"
LASTS = 600
MORE = "Check your federated identity credential Subject, Audience and Issuer against the presented assertion. "
MORE += "https://learn.microsoft.com/entra/workload-id/workload-identity-federation"
NO_MATCH = "No matching federated identity record found for presented assertion"
CASE = "The subject matches with case-insensitive comparison, but not with case-sensitive comparison. "


def exchange(azure: Azure, form: dict[str, str]) -> dict[str, Any]:
    """The client-credentials grant, of the operator or of an identity. Failure as Entra ID words it."""
    if form.get("client_id") == OPERATOR or "client_assertion" not in form:
        return azure.tokens.exchange(form)
    for document in azure.store.list("identity"):
        properties = document["resource"]["properties"]
        if properties["clientId"] == form.get("client_id"):
            _check(azure, document["resource"]["id"], form["client_assertion"])
            resource = form.get("resource") or form.get("scope", "").split(" ")[0].removesuffix("/.default")
            who = (properties["principalId"], properties["clientId"])
            return {**azure.tokens.issue(*who, resource, document["resource"]["id"]), "ext_expires_in": 3600}
    return azure.tokens.exchange(form)


def _check(azure: Azure, identity: str, assertion: str) -> None:
    """Failure 401 unless one of the identity's credentials fits the assertion, which is signed and still good."""
    try:
        claims = jwt.decode(assertion, options={"verify_signature": False})
        issuer, subject, audience = str(claims["iss"]), str(claims["sub"]), claims["aud"]
    except (jwt.InvalidTokenError, KeyError) as error:
        raise _refused("AADSTS50027", f"JWT token is invalid or malformed. {error}") from None
    known = [
        document["resource"]["properties"]
        for document in azure.store.list(STORE, f"{identity}/federatedIdentityCredentials/")
        if azure.clock.past(document["works"])
    ]
    if not known:
        text = "The client is not configured with a federated identity credential. " + MORE
        raise _refused("AADSTS70025", text)
    of_issuer = [one for one in known if one["issuer"] == issuer]
    if not of_issuer:
        raise _refused("AADSTS700211", f"{NO_MATCH} issuer '{issuer}'. {MORE}")
    fitting = [one for one in of_issuer if one["subject"] == subject]
    if not fitting:
        alike = any(one["subject"].lower() == subject.lower() for one in of_issuer)
        code = "AADSTS7002138" if alike else "AADSTS700213"
        raise _refused(code, f"{NO_MATCH} subject '{subject}'. {CASE if alike else ''}{MORE}")
    if not any(audience in one["audiences"] for one in fitting):
        raise _refused("AADSTS700212", f"{NO_MATCH} audience '{audience}'. {MORE}")
    azure.tokens.verified(assertion, ("exp", "iss", "sub", "aud"))


def _refused(code: str, text: str) -> Failure:
    return Failure(401, "invalid_client", f"{code}: {text}")


def _assertion(azure: Azure, body: dict[str, Any]) -> Any:
    now = int(time.time())
    claims = {"iss": body["issuer"], "sub": body["subject"], "aud": body.get("audience", AUDIENCE)}
    return {"assertion": azure.tokens.sign({**claims, "iat": now, "nbf": now - 5, "exp": now + LASTS})}


READ = members({"issuer": text, "subject": text, "audience": text}, "issuer", "subject")
SERVICE = Service(settings={"assertion": Setting(READ, _assertion)})
