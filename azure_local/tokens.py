"""Entra ID: issues tokens to callers that prove their identity, and checks the tokens of requests.

The operator shows a federated assertion (the file that `reconcile local env` names) or a client secret; a node asks
at its secret path at the metadata service.
"""

from __future__ import annotations

import base64
import json
import secrets
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from azure_local.http import Failure
from azure_local.settings import OPERATOR, TENANT

LIFETIME = 3600
REMEMBERED = 1000
"""How many checked tokens are remembered."""
AUDIENCES = {
    "arm": ("https://management.azure.com", "https://management.core.windows.net"),
    "batch": ("https://batch.core.windows.net",),
    "blob": ("https://storage.azure.com",),
    "vault": ("https://vault.azure.net",),
    "registry": (
        "https://containerregistry.azure.net",
        "https://management.azure.com",
        "https://management.core.windows.net",
    ),
}


class Tokens:
    """One signing key, kept in the state folder."""

    def __init__(self, folder: Path) -> None:
        path = folder / "signing.pem"
        if not path.exists():
            key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
            pem = key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            path.touch(mode=0o600)
            path.write_bytes(pem)
        # That the key is sound is not asked again: it is our own, and asking takes longer than all else at start.
        self._key = serialization.load_pem_private_key(path.read_bytes(), None, unsafe_skip_rsa_key_validation=True)
        secret = folder / "client-secret"
        if not secret.exists():
            secret.touch(mode=0o600)
            secret.write_text(secrets.token_urlsafe(24))
        self.client_secret = secret.read_text()
        self._verified: dict[tuple[str, tuple[str, ...]], dict[str, Any]] = {}
        """Claims of tokens whose signature has been checked, as every request shows one of a few."""

    def assertion(self) -> str:
        """The operator's assertion, as a pipeline's identity provider would issue it; it is exchanged for a token."""
        claims = {"iss": "https://local", "sub": OPERATOR, "aud": "api://AzureADTokenExchange"}
        return self._sign({**claims, "exp": int(time.time()) + 10 * 365 * 86400})

    def issue(
        self,
        principal: str,
        application: str,
        resource: str,
        identity: str = "",
        place: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """An access token for `resource`, as the token endpoint answers.

        `identity` is a managed identity's ARM id. `place` is where the node stands that asks (`reach.places`).
        """
        now = int(time.time())
        claims = {
            "aud": resource,
            "iss": f"https://sts.windows.net/{TENANT}/",
            "iat": now,
            "nbf": now - 5,
            "exp": now + LIFETIME,
            "tid": TENANT,
            "oid": principal,
            "sub": principal,
            "appid": application,
            "ver": "1.0",
            "uti": uuid.uuid4().hex,
            **({"xms_mirid": identity} if identity else {}),
            **({"local": dict(place)} if place else {}),
        }
        return {"token_type": "Bearer", "expires_in": LIFETIME, "access_token": self._sign(claims)}

    def exchange(self, form: dict[str, str]) -> dict[str, Any]:
        """The client-credentials grant. Failure as Entra ID words it."""
        if form.get("grant_type") != "client_credentials":
            raise Failure(400, "unsupported_grant_type", "AADSTS70003: the grant type is not supported.")
        if form.get("client_id") != OPERATOR:
            raise Failure(400, "unauthorized_client", "AADSTS700016: the application was not found in the tenant.")
        if "client_assertion" in form:
            self._check_assertion(form["client_assertion"])
        elif not secrets.compare_digest(form.get("client_secret", ""), self.client_secret):
            raise Failure(401, "invalid_client", "AADSTS7000215: Invalid client secret provided.")
        resource = form.get("resource") or form.get("scope", "").split(" ")[0].removesuffix("/.default")
        return {**self.issue(OPERATOR, OPERATOR, resource), "ext_expires_in": LIFETIME}

    def principal(self, authorization: str | None, plane: str) -> str:
        """The principal of a bearer token for `plane`. Failure 401 if it is missing, forged, expired or of another."""
        if not authorization or not authorization.startswith("Bearer "):
            raise Failure(401, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.")
        claims = self.verified(authorization[7:], ("exp", "aud", "oid", "tid"))
        if claims["tid"] != TENANT:
            raise _foreign(str(claims["tid"]), plane)
        if claims["aud"].rstrip("/") not in AUDIENCES[plane]:
            message = f"The access token has been obtained for wrong audience or resource '{claims['aud']}'."
            raise Failure(401, "InvalidAuthenticationTokenAudience", message)
        return str(claims["oid"])

    def verified(self, token: str, required: tuple[str, ...]) -> dict[str, Any]:
        """The claims of a token signed here that has the `required` ones. Failure 401 if it is forged or expired."""
        known = self._verified.get((token, required))
        if known is not None and time.time() < known["exp"]:
            return known
        try:
            key = self._key.public_key()
            options: Any = {"verify_aud": False, "require": list(required)}
            claims: dict[str, Any] = jwt.decode(token, key, algorithms=["RS256"], options=options, leeway=5)  # type: ignore[arg-type]
        except jwt.ExpiredSignatureError:
            raise Failure(401, "ExpiredAuthenticationToken", "The access token expiry has passed.") from None
        except jwt.InvalidTokenError as error:
            raise Failure(401, "InvalidAuthenticationToken", f"The access token is invalid: {error}.") from None
        if "exp" in claims:
            if len(self._verified) >= REMEMBERED:
                self._verified.clear()
            self._verified[token, required] = claims
        return claims

    def sign(self, claims: dict[str, Any]) -> str:
        """A signed token with these claims, for services that issue tokens of their own."""
        return self._sign(claims)

    def jwks(self) -> dict[str, Any]:
        numbers = self._key.public_key().public_numbers()  # type: ignore[union-attr]
        return {
            "keys": [
                {"kty": "RSA", "use": "sig", "kid": "local", "alg": "RS256", "n": _b64(numbers.n), "e": _b64(numbers.e)}  # type: ignore[union-attr]
            ]
        }

    def _check_assertion(self, assertion: str) -> None:
        try:
            key: Any = self._key.public_key()
            jwt.decode(
                assertion, key, algorithms=["RS256"], audience="api://AzureADTokenExchange", issuer="https://local"
            )
        except jwt.InvalidTokenError as error:
            message = f"AADSTS700027: Client assertion failed signature validation: {error}"
            raise Failure(401, "invalid_client", message) from None

    def _sign(self, claims: dict[str, Any]) -> str:
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": "local"})  # type: ignore[arg-type]


def _foreign(tenant: str, plane: str) -> Failure:
    """The failure for a token of another tenant. Its texts: answers of Azure, quoted in issues of its SDKs."""
    if plane == "blob":
        return Failure(401, "InvalidAuthenticationInfo", "Issuer validation failed. Issuer did not match.")
    if plane == "batch":  # inferred: how Batch words it is not known
        return Failure(401, "AuthenticationFailed", "Authentication failed. The token is of another tenant.")
    issuer, known = f"https://sts.windows.net/{tenant}/", f"https://sts.windows.net/{TENANT}/"
    text = f"The access token is from the wrong issuer '{issuer}'. It must match the tenant '{known}' associated with "
    text += f"this subscription. Please use the authority (URL) 'https://login.windows.net/{TENANT}' to get the token. "
    text += "Note, if the subscription is transferred to another tenant there is no impact to the services, but "
    text += "information about new tenant could take time to propagate (up to an hour). If you just transferred your "
    text += "subscription and see this error message, please try back later."
    return Failure(401, "InvalidAuthenticationTokenTenant", text)


def _b64(number: int) -> str:
    data = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def claims_of(token: str) -> dict[str, Any]:
    """The claims of a token, unchecked; for tests and logs."""
    part = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims
