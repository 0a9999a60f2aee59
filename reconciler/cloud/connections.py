"""The connections, which all clients share: most of them ask one host, and each handshake costs round trips."""

from __future__ import annotations

import os
from typing import Any
from urllib.request import getproxies

import requests
from azure.core.pipeline.transport import RequestsTransport
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.util import Retry

CONNECT_SECONDS, READ_SECONDS = 15, 90
"""How long a connection may take to be made, and to bring the next bytes of an answer."""


def transport() -> RequestsTransport:
    """What the SDKs send with. Where the environment names a proxy, all that it says is obeyed.

    Without one the environment is not read again for each request, and no .netrc takes the place of the sign-in.
    """
    arguments: dict[str, Any] = {
        "connection_timeout": CONNECT_SECONDS,
        "read_timeout": READ_SECONDS,
        "connection_verify": os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True,
    }
    if getproxies():
        return RequestsTransport(**arguments)
    return RequestsTransport(**arguments, session=_Direct())


class _Direct(requests.Session):
    """Sends what the SDKs hand over as it is.

    They have put together the URL and the headers, follow redirects and retry by themselves, and keep no cookies, all
    of which `requests` would look at again: a quarter of what a request costs here.
    """

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False
        self.mount("https://", HTTPAdapter(max_retries=Retry(total=False, redirect=False, raise_on_status=False)))

    def request(self, method: Any, url: Any, *, headers: Any, data: Any, files: Any, **how: Any) -> Any:  # type: ignore[override]
        """The answer to one request; `how` says how long it may take and whom it trusts."""
        asked = requests.PreparedRequest()
        asked.method, asked.url = method, url
        asked.headers = CaseInsensitiveDict({**self.headers, **headers})
        asked.prepare_body(data, files)
        how["proxies"] = {}
        del how["allow_redirects"]
        try:
            return self.get_adapter(url).send(asked, **how)
        except ValueError as error:  # a header with a line break: an error of the request, as it is for `requests`
            raise requests.exceptions.InvalidHeader(str(error)) from error
