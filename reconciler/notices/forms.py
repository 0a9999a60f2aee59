"""The forms in which a message is sent: JSON for programs, a card for Teams, blocks for Slack. Pure.

What others wrote cannot make a link, a mention or a heading anywhere: Teams gets it in text runs, which know no
markdown, Slack in code, with its control characters escaped. Sources: learn.microsoft.com, Adaptive Cards, TextRun,
and Incoming webhooks with Workflows; docs.slack.dev, Block Kit, and Formatting message text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from reconciler.audit import record as records
from reconciler.notices.message import APPROVAL, DONE, DRIFT, FAILURE, Message
from reconciler.render.plain import clean
from reconciler.secret import hidden_in

VERSION = 1
EVENTS = {DRIFT: "DriftFound", FAILURE: "RunFailed", DONE: "RunDone", APPROVAL: "ApprovalWanted"}
MOST = 100
"""How many changes a program gets."""
SECTION, HEADER, FACT = 2_900, 150, 90
"""Characters of a section of Slack, which takes 3,000, of a header, and of a fact, which escaping may make five."""
COLOURS = {DRIFT: "warning", FAILURE: "attention", DONE: "good", APPROVAL: "accent"}


def generic(message: Message) -> dict[str, Any]:
    """JSON per schemas/notice.schema.json."""
    whole = records.document(message.record)
    end = whole["end"]
    changes = [
        {**{key: each[key] for key in ("address", "action", "why", "reason")}, "properties": _names(each)}
        for each in whole["changes"][:MOST]
    ]
    kept = ("spec", "file", "azure", "who", "host", "run", "commit", "dirty", "tool", "plan")
    return {
        "version": VERSION,
        "event": EVENTS[message.event],
        "text": message.title,
        "verb": message.record.verb,
        "id": message.record.id,
        **{key: whole[key] for key in kept},
        "changes": changes,
        "omitted": whole["omitted"] + len(whole["changes"]) - len(changes),
        "result": end["result"] if end else None,
        "exitCode": end["exitCode"] if end else None,
        "error": end["error"] if end else "",
        "failures": [
            {"address": each["address"], "status": each["status"], "error": each["error"]}
            for each in (end["outcomes"] if end else [])
            if each["status"] in ("failed", "stopped")
        ][:MOST],
    }


def _names(change: Mapping[str, Any]) -> list[str]:
    return [each["name"] for each in change["properties"]]


def teams(message: Message) -> dict[str, Any]:
    """A message with an Adaptive Card, as the trigger `When a Teams webhook request is received` wants it."""
    facts = [_runs([(f"{name}: ", {"weight": "bolder"}), (value, {})]) for name, value in message.facts]
    lines = [_runs([(line, {"fontType": "monospace", "size": "small"})]) for line in _listed(message)]
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": _inert(message.title),
        "msteams": {"width": "Full"},
        "body": [
            _runs([(message.title, {"weight": "bolder", "size": "medium", "color": COLOURS[message.event]})]),
            *facts,
            *lines,
        ],
    }
    if message.link:
        card["actions"] = [{"type": "Action.OpenUrl", "title": "Open the run", "url": message.link}]
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _runs(parts: Sequence[tuple[str, Mapping[str, str]]]) -> dict[str, Any]:
    return {
        "type": "RichTextBlock",
        "inlines": [{"type": "TextRun", "text": _inert(text), **look} for text, look in parts],
    }


def _inert(text: str) -> str:
    """A text in which no function of a card is left: `{{DATE(...)}}` would be one."""
    return clean(text).replace("{{", "{ {").replace("}}", "} }")


def slack(message: Message) -> dict[str, Any]:
    """A message in Block Kit, with the title as its text for notifications and for readers of screens."""
    facts = "\n".join(f"{name}: {_code(value)}" for name, value in message.facts)
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": _cut(clean(message.title)), "emoji": False}},
        _section(facts),
    ]
    if body := _fitting(_listed(message)):
        blocks.append(_section(f"```\n{body}\n```"))
    if message.link:
        button = {"type": "button", "text": {"type": "plain_text", "text": "Open the run"}, "url": message.link}
        blocks.append({"type": "actions", "elements": [button]})
    return {"text": _escaped(clean(message.title)), "blocks": blocks}


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def _code(text: str) -> str:
    return f"`{_quoted(_cut(clean(text), FACT))}`"


def _quoted(text: str) -> str:
    """A text that can stand in code: nothing ends it, and nothing in it is a link or a mention."""
    return _escaped(clean(text).replace("`", "'"))


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _cut(text: str, longest: int = HEADER) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _fitting(lines: Sequence[str]) -> str:
    """As many lines as a section takes, and how many more there are."""
    shown: list[str] = []
    for number, line in enumerate(map(_quoted, lines)):
        if sum(map(len, shown)) + len(shown) + len(line) > SECTION - 20:
            return "\n".join([*shown, f"and {len(lines) - number} more"])
        shown.append(line)
    return "\n".join(shown)


def _listed(message: Message) -> list[str]:
    return [*message.lines, *([f"and {message.omitted} more"] if message.omitted else [])]


FORMS: Mapping[str, Callable[[Message], dict[str, Any]]] = {"generic": generic, "teams": teams, "slack": slack}
"""The templates of a spec."""


def payload(template: str, message: Message) -> str:
    """The JSON that is sent."""
    return json.dumps(hidden_in(FORMS[template](message)), ensure_ascii=False)
