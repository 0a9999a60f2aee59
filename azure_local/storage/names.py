"""Characters in the names of blobs that URLs or XML cannot carry.

Azure's HTTP server refuses URLs with control characters, before the blob service sees them: http.sys, whose setting
AllowRestrictedChars is off, and which refuses private characters too (an answer of Azure to U+F003 in an issue of
azure-storage-node). U+FFFE and U+FFFF can be in a name; XML cannot carry them, so a listing has such a name
percent-encoded, and says so, from version 2021-02-12 on (learn.microsoft.com, List Blobs).
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote
from xml.sax.saxutils import unescape

from starlette.responses import HTMLResponse, Response

ENCODED_SINCE = "2021-02-12"
REFUSED = re.compile("[\x00-\x1f\x7f-\x9f\ue000-\uf8ff]")
NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
INVALID_URL = """<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN""http://www.w3.org/TR/html4/strict.dtd">
<HTML><HEAD><TITLE>Bad Request</TITLE>
<META HTTP-EQUIV="Content-Type" Content="text/html; charset=us-ascii"></HEAD>
<BODY><h2>Bad Request - Invalid URL</h2>
<hr><p>HTTP Error 400. The request URL is invalid.</p>
</BODY></HTML>
"""


def refused(path: str) -> Response | None:
    """The answer to a path that Azure's HTTP server refuses, None for any other."""
    return HTMLResponse(INVALID_URL, 400) if REFUSED.search(unquote(path)) else None


def listed(listing: bytes, version: str) -> bytes:
    """A listing whose names XML can carry."""
    text = listing.decode()
    if version < ENCODED_SINCE or not NO_XML.search(text):
        return listing
    return re.sub("<(Name|Prefix)>([^<]*)</", _encoded, text).encode()


def _encoded(element: re.Match[str]) -> str:
    if not NO_XML.search(element[2]):
        return element[0]
    return f'<{element[1]} Encoded="true">{quote(unescape(element[2]), safe="")}</'
