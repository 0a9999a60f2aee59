"""Writing blobs as one identity."""

import json
import os
import sys
import time
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from urllib.parse import quote
from urllib.request import ProxyHandler, Request, build_opener, urlopen

IMDS = "http://169.254.169.254"
AUTHORITY = "AZURE_POD_IDENTITY_AUTHORITY_HOST"
VERSION = "2021-12-02"
ANSWERS = 30
HOUR = 3600
NODE = ("AZ_BATCH_ACCOUNT_NAME", "AZ_BATCH_POOL_ID", "AZ_BATCH_NODE_ID", "AZ_BATCH_NODE_ROOT_DIR")
FAILS = (OSError, ValueError, KeyError, HTTPException)


def say(text: str) -> None:
    """One line on stderr."""
    sys.stderr.write(f"reconcile: {text}\n")
    sys.stderr.flush()


class Container:
    """A blob container, written as one identity. `ahead`: seconds by which storage's clock is ahead of this one."""

    def __init__(self, url: str, identity: str) -> None:
        self.url, self.identity = url, identity
        self.token, self.until, self.ahead = "", 0.0, 0.0

    def write(self, name: str, content: bytes) -> None:
        """Write a blob, whatever is there. Raises OSError."""
        headers = {
            "Authorization": f"Bearer {self.bearer()}",
            "x-ms-version": VERSION,
            "x-ms-blob-type": "BlockBlob",
            "Content-Type": "application/octet-stream",
        }
        request = Request(f"{self.url}/{quote(name)}", content, headers, method="PUT")
        with urlopen(request, timeout=ANSWERS) as answer:
            date = answer.headers.get("Date")
        if date:
            self.ahead = parsedate_to_datetime(date).timestamp() - time.time()

    def bearer(self) -> str:
        """A token for storage, asked for again before it ends."""
        if time.monotonic() > self.until:
            host = os.environ.get(AUTHORITY, IMDS).rstrip("/")
            asked = f"api-version=2018-02-01&resource=https://storage.azure.com/&msi_res_id={quote(self.identity)}"
            request = Request(f"{host}/metadata/identity/oauth2/token?{asked}", headers={"Metadata": "true"})
            with build_opener(ProxyHandler({})).open(request, timeout=ANSWERS) as answer:
                told = json.loads(answer.read().decode())
            self.token = told["access_token"]
            self.until = time.monotonic() + min(HOUR, float(told["expires_in"]) / 2)
        return self.token


def folder() -> str:
    """How the names of this node's blobs begin."""
    account, pool, node = (os.environ.get(name, "unknown") for name in NODE[:3])
    return f"{account}/pools/{pool}/{node}"
