"""Certificates of a vault: imported as PEM, shown, and read with their key as the secret of the same name.

Documented (About certificates): a key and a secret of the name are made with it, and the secret has the private key.
"""

from __future__ import annotations

import base64

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from azure_local.http import Failure
from azure_local.key_vault import secrets
from azure_local.key_vault.asked import Answered, Asked, Served

ACTION = "Microsoft.KeyVault/vaults/certificates"


def _import(asked: Asked) -> Answered:
    """A new version of a certificate, from a PEM that has its key, too."""
    value = asked.body.get("value")
    try:
        pem = str(value).encode()
        certificate, key = x509.load_pem_x509_certificate(pem), serialization.load_pem_private_key(pem, None)
    except ValueError:
        text = "The specified PEM X.509 certificate content is in an unexpected format."
        raise Failure(400, "BadParameter", text) from None
    if key.public_key() != certificate.public_key():
        raise Failure(400, "BadParameter", "The private key and the certificate do not belong together.")
    times = {"nbf": certificate.not_valid_before_utc, "exp": certificate.not_valid_after_utc}
    attributes = {name: int(moment.timestamp()) for name, moment in times.items()}
    body = {"attributes": attributes, "contentType": "application/x-pem-file", "managed": True}
    secret = secrets.kept(asked.azure, asked.key("secrets"), asked.base, str(value), body, asked.now)
    version = secret["id"].rsplit("/", 1)[1]
    shown = {
        "id": f"{asked.base}/certificates/{asked.name}/{version}",
        "sid": secret["id"],
        "x5t": base64.urlsafe_b64encode(certificate.fingerprint(hashes.SHA1())).rstrip(b"=").decode(),  # noqa: S303
        "cer": base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode(),
        "attributes": secret["attributes"],
    }
    asked.azure.store.put("certificate", asked.key("certificates"), shown)
    return 200, shown


def _get(asked: Asked) -> Answered:
    found = asked.azure.store.get("certificate", asked.key("certificates"))
    if found is None:
        text = f"A certificate with (name/id) {asked.name} was not found in this key vault."
        raise Failure(404, "CertificateNotFound", text)
    return 200, found


SERVED: Served = {
    ("GET", "name"): (f"{ACTION}/read", _get),
    ("POST", "name/import"): (f"{ACTION}/import/action", _import),
}
