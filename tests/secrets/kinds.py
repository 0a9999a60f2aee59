"""Secrets of every kind, made up from a seed. Each is put together here, so that no scanner of this source stumbles."""

from __future__ import annotations

import random
import string
from collections.abc import Mapping
from dataclasses import dataclass

_PLAIN = string.ascii_letters + string.digits
_BASE64 = _PLAIN + "+/"
_HEX = "0123456789abcdef"


@dataclass(frozen=True)
class Planted:
    """A text with a secret in it, and the part of it that nobody may see."""

    text: str
    secret: str


def made(seed: int = 7) -> Mapping[str, Planted]:
    """Kind → one of it. Those with `by name` in theirs are known only by what stands before them."""
    chance = random.Random(seed)

    def chars(number: int, of: str = _PLAIN) -> str:
        return "".join(chance.choices(of, k=number))

    def pem(kind: str) -> str:
        lines = "\n".join(chars(64, _BASE64) for _ in range(4))
        return f"-----BEGIN {kind}-----\n{lines}\n-----END {kind}-----"

    key, sig, pair = chars(86, _BASE64) + "==", chars(43, _PLAIN) + "%3D", chars(20)
    whole = {
        "storage account key": key,
        "Batch account key": chars(76, _BASE64) + "+ABa" + chars(6, _BASE64) + "==",
        "registry password": chars(42) + "+ACR" + chars(6),
        "key of a search service": chars(42) + "AzSe" + "B" + chars(5),
        "key with Azure's signature": chars(52) + "JQQJ99" + chars(24),
        "private key (PKCS 8)": pem("PRIVATE KEY"),
        "private key (RSA)": pem("RSA PRIVATE KEY"),
        "private key (OpenSSH)": pem("OPENSSH PRIVATE KEY"),
        "JWT": f"eyJ{chars(33)}.eyJ{chars(80)}.{chars(43)}",
        "Entra client secret": f"{chars(3)}8Q~{chars(34)}",
        "GitHub token": f"ghp_{chars(36)}",
        "GitHub fine-grained token": f"github_pat_{chars(22)}_{chars(59)}",
        "GitLab token": f"glpat-{chars(20)}",
        "AWS access key": "AKIA" + chars(16, string.ascii_uppercase + "234567"),
        "Google API key": f"AIza{chars(35)}",
        "Slack token": f"xoxb-{chars(12, string.digits)}-{chars(24)}",
        "npm token": f"npm_{chars(36)}",
        "PyPI token": f"pypi-AgEIcHlwaS5vcmc{chars(60)}",
        "Docker Hub token": f"dckr_pat_{chars(27)}",
        "Hugging Face token": f"hf_{chars(34, string.ascii_letters)}",
        "AI service key": f"sk-proj-{chars(48)}",
        "Stripe key": f"sk_live_{chars(24)}",
        "Databricks token": f"dapi{chars(32, _HEX)}",
    }
    inside = {
        "SAS URL": (f"https://sa.blob.core.windows.net/c/b?sv=2024-11-04&se=2030-01-01&sr=b&sp=r&sig={sig}", sig),
        "SAS token": (f"sv=2024-11-04&ss=b&sp=rl&sig={sig}", sig),
        "connection string of storage": (
            f"DefaultEndpointsProtocol=https;AccountName=sa;AccountKey={key};EndpointSuffix=core.windows.net",
            key,
        ),
        "connection string of a bus": (
            f"Endpoint=sb://x.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey={key[:44]}",
            key[:44],
        ),
        "Slack webhook": (f"https://hooks.slack.com/services/T{pair[:8]}/B{pair[8:16]}/{pair}{pair[:4]}", pair),
        "password in a URL": (f"https://ci:{pair}@example.com/simple", pair),
        "authorization header": (f"curl -H 'Authorization: Bearer {pair}' https://example.com", pair),
        "registry login": (f'{{"auths": {{"x.azurecr.io": {{"auth": "{pair}"}}}}}}', pair),
        "password by name (shell)": (f"export DB_PASSWORD={pair}; run", pair),
        "password by name (option)": (f"az acr login --password {pair} --name x", pair),
        "password by name (docker login)": (f"docker login x.azurecr.io -u x -p {pair}", pair),
        "password by name (curl)": (f"curl -u ci:{pair} https://example.com", pair),
    }
    return {
        **{kind: Planted(text, text) for kind, text in whole.items()},
        **{kind: Planted(text, secret) for kind, (text, secret) in inside.items()},
    }
