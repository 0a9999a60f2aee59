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
NAME = 40
"""How many characters before a value are looked at for its name."""


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of secret. What is hidden is the group of its pattern that matches, or all of it if it has none.

    hints    one of these is in every text with such a secret, in any case; asking for them first makes it fast
    before   what must stand before a match
    certain  nothing else looks like it, so that no exception can be made for it
    """

    name: str
    pattern: re.Pattern[str]
    hints: tuple[str, ...] = ()
    before: re.Pattern[str] | None = None
    certain: bool = True


def _form(name: str, hints: str, *patterns: str, flags: re.RegexFlag = re.NOFLAG) -> Form:
    return Form(name, re.compile("|".join(patterns), flags), tuple(hints.split()))


_ANY = re.IGNORECASE
_FROM, _TO = r"(?<![A-Za-z0-9+/_-])", r"(?![A-Za-z0-9+/=_-])"
"""Where a text in base64 begins and ends."""

KNOWN = (
    _form(
        "a private key",
        "-----begin putty-user-key age-secret-key",
        r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
        r"(?:(?!-----)[A-Za-z0-9+/=\s\\:,.()-])*(?:-----END [A-Z0-9 ]+-----)?",
        r"PuTTY-User-Key-File-\d+:",
        r"\bAGE-SECRET-KEY-1[A-Z0-9]{40,}",
    ),
    _form("a shared access signature (sig=)", "sig=", r"(?<![A-Za-z0-9_$])sig=(?P<sas>[A-Za-z0-9%+/_=-]+)", flags=_ANY),
    _form(
        "a key in a connection string",
        "accountkey= sharedaccess sharedsecretvalue=",
        r"\b(?:AccountKey|SharedAccessKey|SharedAccessSignature|SharedSecretValue)=(?P<key>[A-Za-z0-9+/=%_-]+)",
        flags=_ANY,
    ),
    _form(
        "a signed token (JWT)",
        "eyj",
        r"\beyJ[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]+){1,4}",
        r"\beyJ(?:hbGci|0eXAi|raWQi|4NXQi)[A-Za-z0-9_-]+",  # its head alone: {"alg", {"typ", {"kid", {"x5t"
    ),
    _form(
        "a client secret of Entra ID",
        "7q~ 8q~",
        r"(?<![A-Za-z0-9_~-])[A-Za-z0-9_~.-]{3}[78]Q~[A-Za-z0-9_~.-]{31,34}(?![A-Za-z0-9_~-])",
    ),
    _form("a password of a container registry", "+acr", rf"{_FROM}[A-Za-z0-9+/]{{42}}\+ACR[A-Za-z0-9+/]{{6}}{_TO}"),
    _form("a key of a storage, Batch or Cosmos DB account", "==", rf"(?<!sha512-){_FROM}[A-Za-z0-9+/]{{86}}=={_TO}"),
    _form(
        "a key of an Azure service",
        "jqqj9 +asb +arm +aeh +aiot azfu azse azdo",
        r"(?<![A-Za-z0-9])[A-Za-z0-9]{52}JQQJ9[9D][A-Za-z0-9]{22,26}={0,2}(?![A-Za-z0-9])",
        rf"{_FROM}[A-Za-z0-9+/]{{33,35}}\+A(?:SbE?|RmE?|EhE?|IoTE?)[A-Za-z0-9+/]{{4,7}}={_TO}",
        r"(?<![\w-])[\w-]{44}AzFu[\w-]{5}[AQgw]==",
        r"(?<![A-Za-z0-9])[A-Za-z0-9]{42}AzSe[A-D][A-Za-z0-9]{5}(?![A-Za-z0-9])",
        r"(?<![A-Za-z0-9])[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}(?![A-Za-z0-9])",
    ),
    _form(
        "a token of GitHub",
        "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_",
        r"\bgh[pousr]_[A-Za-z0-9]{36,}",
        r"\bgithub_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}",
    ),
    _form(
        "a token of GitLab",
        "glpat- gldt- glrt- glcbt- glptt- glft- glsoat- glagent- gloas- glimt-",
        r"\bgl(?:pat|dt|rt|cbt|ptt|ft|soat|agent|oas|imt)-[A-Za-z0-9_-]{20,}",
    ),
    _form(
        "an access key of AWS", "akia asia abia acca", r"(?<![A-Z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}(?![A-Z0-9])"
    ),
    _form(
        "a key of Google",
        "aiza gocspx- ya29.",
        r"\bAIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])",
        r"\bGOCSPX-[A-Za-z0-9_-]{28}",
        r"\bya29\.[A-Za-z0-9_-]{20,}",
    ),
    _form(
        "a webhook, which whoever knows it may call",
        "https://hooks. /api/webhooks/ .webhook.office.com",
        r"https://hooks\.slack\.com/(?:services|workflows|triggers)/(?P<slack>[A-Za-z0-9_/-]{20,})",
        r"https://discord(?:app)?\.com/api/webhooks/(?P<discord>[A-Za-z0-9_/-]{20,})",
        r"https://[a-z0-9.-]+\.webhook\.office\.com/webhookb2/(?P<teams>[A-Za-z0-9_/@-]{20,})",
    ),
    _form(
        "a token of Slack",
        "xox xapp-",
        r"\bxox[abeoprs](?:\.xox[bp])?-[A-Za-z0-9-]{10,}",
        r"\bxapp-\d-[A-Za-z0-9-]{20,}",
    ),
    _form(
        "a token of a package registry",
        "npm_ pypi- oy2 dckr_ _authtoken=",
        r"\bnpm_[A-Za-z0-9]{36}",
        r"\bpypi-[A-Za-z0-9_-]{50,}",
        r"\boy2[a-z0-9]{43}(?![a-z0-9])",
        r"\bdckr_[po]at_[A-Za-z0-9_-]{20,}",
        r"(?<=:_authToken=)(?P<npmrc>[^\s$\"'<]+)",
    ),
    _form(
        "a token of an AI service",
        "hf_ sk-",
        r"\bhf_[A-Za-z]{30,}",
        r"\bsk-(?:ant-|proj-|svcacct-|or-v1-)?[A-Za-z0-9_-]{32,}",
    ),
    _form(
        "a token of Stripe, SendGrid, Vault, Terraform or Databricks",
        "k_live_ k_test_ sg. hvs. hvb. hvr. .atlasv1. dapi",
        r"\b[sr]k_(?:live|test)_[A-Za-z0-9]{16,}",
        r"\bSG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}",
        r"\bhv[sbr]\.[A-Za-z0-9_-]{24,}",
        r"\b[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{60,}",
        r"\bdapi[0-9a-f]{32}\b",
    ),
    _form(
        "a password in a URL",
        "://",
        r"(?<![a-z0-9])[a-z][a-z0-9+.-]{0,30}://[^\s/:@\"'<>$]{0,200}:(?P<url>(?![$<{*])[^\s/@\"'<>\\]{1,500})@(?=[a-z0-9\[])",
        flags=_ANY,
    ),
    _form(
        "an authorization header",
        "authorization",
        r"\bauthorization\\?[\"']?\s*[:=]\s*\\?[\"']?(?:basic|bearer|sharedkey|token)\s+(?P<header>[^\s\"'\\$%<{*,][^\s\"'\\,]*)",
        flags=_ANY,
    ),
    _form("the login of a container registry", '"auth', r"\"auth\\?\"\s*:\s*\\?\"(?P<auth>[A-Za-z0-9+/]{8,}={0,2})"),
)
"""Forms that are known by themselves. Sources: the documentation of each service; for keys of Azure the rules of
Microsoft's scanner (github.com/microsoft/security-utilities)."""

_NAMES = (
    r"(?:passwo?r?d|passphrase|pwd|secret|token|(?<![a-z])sas|connection[_-]?string"
    r"|(?:access|account|api|private|shared|storage|subscription)[_-]?(?:access[_-]?)?key)"
)
"""The ends of names whose values let somebody in."""
_BARE, _QUOTED, _QUOTE = r"[^\s\"'\\,;&|)]{1,1000}", r"[^\"'\\\n]{1,1000}", r"\\?[\"']"
_HARMLESS = re.compile(
    r"[$%<{(`*@&|]|~?\.{0,2}/|https?://|id=|\.\.\.|…|(?:true|false|null|none|yes|no)\b"
    r"|[\w.-]*[(\[]|(?:[\w-]+\.)?[\w-]*" + _NAMES + r"$",
    _ANY,
)
"""How a value begins that only says where a secret is, or that there is none: a variable, a path, an expression."""

BY_NAME = Form("a password or key, by its name", re.compile(rf"{_NAMES}$", _ANY), certain=False)
NAMED = (
    Form(
        "a password or key, by the name before it",
        re.compile(
            rf"(?<=[A-Za-z])(?:=(?=(?P<bare>{_BARE}))|{_QUOTE}?\s{{0,9}}[:=]\s{{0,9}}{_QUOTE}(?=(?P<quoted>{_QUOTED})))"
        ),
        before=BY_NAME.pattern,
        certain=False,
    ),
    Form(
        "a password or key, by the option before it",
        re.compile(
            rf"(?<![\w-])--?[\w-]{{0,40}}?{_NAMES}\s{{1,9}}(?:{_QUOTE}(?P<quoted>{_QUOTED})|(?P<bare>(?!-){_BARE}))",
            _ANY,
        ),
        certain=False,
    ),
    Form(
        "a password of a login",
        re.compile(
            rf"\b(?:docker|podman|az|oras|helm|crane)\b[^;&|\n]{{0,40}}?\blogin\b[^;&|\n]{{0,200}}?\s-p"
            rf"[\s=]{{0,9}}\\?[\"']?(?P<login>{_BARE})"
            rf"|\b(?:curl|wget)\b[^;&|\n]{{0,200}}?\s(?:-u|--user)[\s=]{{0,9}}\\?[\"']?[^\s:\"'\\$]{{1,99}}:(?P<user>{_BARE})"
            rf"|\bsshpass\s{{1,9}}-p\s{{0,9}}\\?[\"']?(?P<ssh>{_BARE})"
        ),
        hints=("login", "curl", "wget", "sshpass"),
        certain=False,
    ),
)
"""Forms that are known by what stands before them."""


_HINTS = re.compile("|".join(re.escape(hint) for form in (*KNOWN, *NAMED) for hint in form.hints))
_UNHINTED = tuple(form for form in (*KNOWN, *NAMED) if not form.hints)


def _possible(folded: str) -> tuple[Form, ...]:
    """The forms to look for in a text in lower case: most texts have no hint of any."""
    return (*KNOWN, *NAMED) if _HINTS.search(folded) else _UNHINTED


def secrets(text: str) -> Iterator[tuple[Form, int]]:
    """The forms of the secrets in a text, and where each begins."""
    folded = text.lower()
    for form in _possible(folded):
        yield from ((form, start) for start, _ in _spans(form, text, folded))


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
    folded = text.lower()
    for form in _possible(folded):
        pieces, end = [], 0
        for start, stop in _spans(form, text, folded):
            pieces += [text[end:start], MARK]
            end = stop
        text = "".join([*pieces, text[end:]]) if pieces else text
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


def _spans(form: Form, text: str, folded: str) -> Iterator[tuple[int, int]]:
    """Where the secrets of a form begin and end; `folded` is a text in lower case that still has all hints."""
    if form.hints and not any(hint in folded for hint in form.hints):
        return
    end = 0
    for match in form.pattern.finditer(text):
        span = match.span(match.lastgroup or 0)
        if form.before and not form.before.search(text, max(0, match.start() - NAME), match.start()):
            continue
        if span[0] >= end and (form.certain or not harmless(text[slice(*span)])):
            yield span
            end = span[1]


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
    changes = sum(_kind(before) != _kind(after) for before, after in pairwise(word))
    counts = Counter(word).values()
    bits = -sum(number / len(word) * math.log2(number / len(word)) for number in counts)
    return bits >= RANDOM_BITS and changes >= len(word) * RANDOM_CHANGES


def _kind(char: str) -> int:
    return 0 if char.isdigit() else 1 if char.isupper() else 2
