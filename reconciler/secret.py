"""What gives access to whoever reads it, known by its form: keys, tokens, signatures, passwords in the usual places.

Two rooms ask: `spec.secrets` refuses a secret in a spec, and everything that is shown or written passes through
`hidden`. A form is known by itself, or by what stands before it (`PASSWORD=`, `--token `). What has no form can only
look random, which is a reason to warn.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

MARK = "<hidden>"
"""What stands where a secret was."""


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of secret. What is hidden is the group of its pattern that matches, or all of it if it has none.

    certain   nothing else looks like it, so that no exception can be made for it
    """

    name: str
    pattern: re.Pattern[str]
    certain: bool = True


def _form(name: str, *patterns: str, flags: re.RegexFlag = re.NOFLAG, certain: bool = True) -> Form:
    return Form(name, re.compile("|".join(patterns), flags), certain)


_ANY = re.IGNORECASE
_FROM, _TO = r"(?<![A-Za-z0-9+/_-])", r"(?![A-Za-z0-9+/=_-])"
"""Where a text in base64 begins and ends."""

KNOWN = (
    _form(
        "a private key",
        r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"
        r"(?:(?!-----)[A-Za-z0-9+/=\s\\:,.()-])*(?:-----END [A-Z0-9 ]+-----)?",
        r"PuTTY-User-Key-File-\d+:",
        r"\bAGE-SECRET-KEY-1[A-Z0-9]{40,}",
    ),
    _form("a shared access signature (sig=)", r"(?<![A-Za-z0-9_$])sig=(?P<sas>[A-Za-z0-9%+/_=-]+)", flags=_ANY),
    _form(
        "a key in a connection string",
        r"\b(?:AccountKey|SharedAccessKey|SharedAccessSignature|SharedSecretValue)=(?P<key>[A-Za-z0-9+/=%_-]+)",
        flags=_ANY,
    ),
    _form(
        "a signed token (JWT)",
        r"\beyJ[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]+){1,4}",
        r"\beyJ(?:hbGci|0eXAi|raWQi|4NXQi)[A-Za-z0-9_-]+",  # its head alone: {"alg", {"typ", {"kid", {"x5t"
    ),
    _form(
        "a client secret of Entra ID",
        r"(?<![A-Za-z0-9_~-])[A-Za-z0-9_~.-]{3}[78]Q~[A-Za-z0-9_~.-]{31,34}(?![A-Za-z0-9_~-])",
    ),
    _form("a password of a container registry", rf"{_FROM}[A-Za-z0-9+/]{{42}}\+ACR[A-Za-z0-9+/]{{6}}{_TO}"),
    _form("a key of a storage, Batch or Cosmos DB account", rf"(?<!sha512-){_FROM}[A-Za-z0-9+/]{{86}}=={_TO}"),
    _form(
        "a key of an Azure service",
        r"(?<![A-Za-z0-9])[A-Za-z0-9]{52}JQQJ9[9D][A-Za-z0-9]{22,26}={0,2}(?![A-Za-z0-9])",
        rf"{_FROM}[A-Za-z0-9+/]{{33,35}}\+A(?:SbE?|RmE?|EhE?|IoTE?)[A-Za-z0-9+/]{{4,7}}={_TO}",
        r"(?<![\w-])[\w-]{44}AzFu[\w-]{5}[AQgw]==",
        r"(?<![A-Za-z0-9])[A-Za-z0-9]{42}AzSe[A-D][A-Za-z0-9]{5}(?![A-Za-z0-9])",
        r"(?<![A-Za-z0-9])[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}(?![A-Za-z0-9])",
    ),
    _form("a token of GitHub", r"\bgh[pousr]_[A-Za-z0-9]{36,}", r"\bgithub_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"),
    _form("a token of GitLab", r"\bgl(?:pat|dt|rt|cbt|ptt|ft|soat|agent|oas|imt)-[A-Za-z0-9_-]{20,}"),
    _form("an access key of AWS", r"(?<![A-Z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}(?![A-Z0-9])"),
    _form(
        "a key of Google",
        r"\bAIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])",
        r"\bGOCSPX-[A-Za-z0-9_-]{28}",
        r"\bya29\.[A-Za-z0-9_-]{20,}",
    ),
    _form(
        "a webhook, which whoever knows it may call",
        r"https://hooks\.slack\.com/(?:services|workflows|triggers)/(?P<slack>[A-Za-z0-9_/-]{20,})",
        r"https://discord(?:app)?\.com/api/webhooks/(?P<discord>[A-Za-z0-9_/-]{20,})",
        r"https://[a-z0-9.-]+\.webhook\.office\.com/webhookb2/(?P<teams>[A-Za-z0-9_/@-]{20,})",
    ),
    _form("a token of Slack", r"\bxox[abeoprs](?:\.xox[bp])?-[A-Za-z0-9-]{10,}", r"\bxapp-\d-[A-Za-z0-9-]{20,}"),
    _form(
        "a token of a package registry",
        r"\bnpm_[A-Za-z0-9]{36}",
        r"\bpypi-[A-Za-z0-9_-]{50,}",
        r"\boy2[a-z0-9]{43}(?![a-z0-9])",
        r"\bdckr_[po]at_[A-Za-z0-9_-]{20,}",
        r"(?<=:_authToken=)(?P<npmrc>[^\s$\"'<]+)",
    ),
    _form(
        "a token of an AI service",
        r"\bhf_[A-Za-z]{30,}",
        r"\bsk-(?:ant-|proj-|svcacct-|or-v1-)?[A-Za-z0-9_-]{32,}",
    ),
    _form(
        "a token of Stripe, SendGrid, Vault, Terraform or Databricks",
        r"\b[sr]k_(?:live|test)_[A-Za-z0-9]{16,}",
        r"\bSG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}",
        r"\bhv[sbr]\.[A-Za-z0-9_-]{24,}",
        r"\b[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{60,}",
        r"\bdapi[0-9a-f]{32}\b",
    ),
    _form(
        "a password in a URL",
        r"\b[a-z][a-z0-9+.-]*://[^\s/:@\"'<>$]*:(?P<url>(?![$<{*])[^\s/@\"'<>\\]+)@(?=[A-Za-z0-9\[])",
        flags=_ANY,
    ),
    _form(
        "an authorization header",
        r"\bauthorization\\?[\"']?\s*[:=]\s*\\?[\"']?(?:basic|bearer|sharedkey|token)\s+(?P<header>[^\s\"'\\$%<{*,][^\s\"'\\,]*)",
        flags=_ANY,
    ),
    _form("the login of a container registry", r"\"auth\\?\"\s*:\s*\\?\"(?P<auth>[A-Za-z0-9+/]{8,}={0,2})"),
)
"""Forms that are known by themselves. Sources: the documentation of each service; for keys of Azure the rules of
Microsoft's scanner (github.com/microsoft/security-utilities)."""

_NAMES = (
    r"(?:passwo?r?d|passphrase|pwd|secret|token|(?<![a-z])sas|connection[_-]?string"
    r"|(?:access|account|api|private|shared|storage|subscription)[_-]?(?:access[_-]?)?key)"
)
"""The ends of names whose values let somebody in."""
_BARE, _QUOTED = r"[^\s\"'\\,;&|)]+", r"[^\"'\\\n]+"
_HARMLESS = re.compile(
    r"[$%<{(`*@&|]|~?\.{0,2}/|https?://|id=|\.\.\.|…|(?:true|false|null|none|yes|no)\b"
    r"|[\w.-]*[(\[]|(?:[\w-]+\.)?[\w-]*" + _NAMES + r"$",
    _ANY,
)
"""How a value begins that only says where a secret is, or that there is none: a variable, a path, an expression."""

NAMED = (
    _form(
        "a password or key, by the name before it",
        rf"{_NAMES}=(?P<bare>{_BARE})",
        rf"{_NAMES}\\?[\"']?\s*[:=]\s*\\?[\"'](?P<quoted>{_QUOTED})",
        rf"(?<![\w-])--?[\w-]*{_NAMES}\s+(?P<option>(?!-){_BARE})",
        rf"(?<![\w-])--?[\w-]*{_NAMES}\s+\\?[\"'](?P<quotedoption>{_QUOTED})",
        flags=_ANY,
        certain=False,
    ),
    _form(
        "a password of a login",
        r"\b(?:docker|podman|az|oras|helm|crane)\b[^;&|\n]*?\blogin\b[^;&|\n]*?\s-p[\s=]*\\?[\"']?(?P<login>[^\s\"'\\;&|]+)",
        r"\b(?:curl|wget)\b[^;&|\n]*?\s(?:-u|--user)[\s=]*\\?[\"']?[^\s:\"'\\$]+:(?P<user>[^\s\"'\\;&|]+)",
        r"\bsshpass\s+-p\s*\\?[\"']?(?P<ssh>[^\s\"'\\;&|]+)",
        certain=False,
    ),
)
"""Forms that are known by what stands before them."""
BY_NAME = Form("a password or key, by its name", re.compile(rf"{_NAMES}$", _ANY), certain=False)


def secrets(text: str) -> Iterator[tuple[Form, int]]:
    """The forms of the secrets in a text, and where each begins."""
    for form in (*KNOWN, *NAMED):
        for match in form.pattern.finditer(text):
            if _secret(form, match):
                yield form, match.start()


def form_of(name: str, value: str) -> Form | None:
    """The form of the first secret in the value that has this name, or None."""
    first = next((form for form, _ in secrets(value)), None)
    return first or (BY_NAME if _named(name, value) else None)


def _named(name: str, value: str) -> bool:
    return bool(value.strip() and BY_NAME.pattern.search(name)) and not harmless(value)


def harmless(value: str) -> bool:
    """Whether a value under the name of a secret is none: a variable, a path, an address, a number, a mark of ours."""
    return bool(_HARMLESS.match(value.strip().strip("\"'"))) or bool(re.fullmatch(r"\d{1,4}", value.strip()))


def hidden(text: str) -> str:
    """`text` with a mark in place of each secret in it."""
    if len(text) < 6:
        return text
    for form in (*KNOWN, *NAMED):
        text = form.pattern.sub(lambda match, form=form: _replaced(form, match), text)  # type: ignore[misc]
    return text


def hidden_in(value: Any, name: str = "") -> Any:
    """A copy of a JSON value with a mark in place of each secret, also of those that only their names tell."""
    if isinstance(value, str):
        return MARK if _named(name, value) else hidden(value)
    if isinstance(value, Mapping):
        label = str(value.get("name", ""))
        return {hidden(str(key)): hidden_in(item, label if key == "value" else str(key)) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [hidden_in(item, name) for item in value]
    return value


def _secret(form: Form, match: re.Match[str]) -> bool:
    return form.certain or not harmless(match[match.lastgroup or 0])


def _replaced(form: Form, match: re.Match[str]) -> str:
    if not _secret(form, match):
        return match[0]
    start, end = (at - match.start() for at in match.span(match.lastgroup or 0))
    return match[0][:start] + MARK + match[0][end:]


RANDOM_LENGTH, RANDOM_BITS, RANDOM_CHANGES = 20, 3.7, 0.4
"""Characters from which a word can be called random, bits per character that it then has at least, and the part of its
characters that is of another kind (upper, lower, digit) than the one before."""
_PUBLIC = re.compile(
    r"\b(?:ssh-(?:rsa|ed25519|dss)|ecdsa-[a-z0-9-]+|sk-[a-z0-9-]+@openssh\.com) [A-Za-z0-9+/=]+"
    r"|-----BEGIN [A-Z ]*(?:CERTIFICATE|PUBLIC KEY)[A-Z ]*-----[^-]*-----END [A-Z ]*-----"
    r"|\bsha(?:1|256|384|512)[-:][A-Za-z0-9+/=_-]+"
)
"""What is random and meant to be seen: public keys, certificates, digests."""


def looks_random(text: str) -> bool:
    """Whether some word in the text looks random, as a key does: long, of upper and lower case and digits, mixed.

    Words of hexadecimal digits alone are ids and digests.
    """
    words = re.findall(rf"[A-Za-z0-9+]{{{RANDOM_LENGTH},}}", _PUBLIC.sub(" ", text))
    return any(_random(word) for word in words)


def _random(word: str) -> bool:
    kinds = (str.isupper, str.islower, str.isdigit)
    if not all(sum(map(kind, word)) >= 2 for kind in kinds) or re.fullmatch(r"[0-9a-fA-F]+", word):
        return False
    changes = sum(_kind(one) != _kind(other) for one, other in pairwise(word))
    counts = Counter(word).values()
    bits = -sum(number / len(word) * math.log2(number / len(word)) for number in counts)
    return bits >= RANDOM_BITS and changes >= len(word) * RANDOM_CHANGES


def _kind(char: str) -> int:
    return 0 if char.isdigit() else 1 if char.isupper() else 2
