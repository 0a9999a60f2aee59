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
NODE = ("AZ_BATCH_ACCOUNT_NAME", "AZ_BATCH_POOL_ID", "AZ_BATCH_NODE_ID", "AZ_BATCH_NODE_ROOT_DIR")
FOR_JOBS = ("preparation", "release")
FAILS = (OSError, ValueError, KeyError, HTTPException)


def say(text: str) -> None:
    """One line on stderr."""
    sys.stderr.write(f"reconcile: {text}\n")
    sys.stderr.flush()


class Container:
    """A blob container, written as one identity.

    ahead: seconds by which the clock of the node's host is ahead of the node's own, as it last told.
    """

    def __init__(self, url: str, identity: str) -> None:
        self.url, self.identity = url, identity
        self.ahead = 0.0

    def write(self, name: str, content: bytes) -> None:
        """Write a blob, whatever is there. Raises one of FAILS."""
        headers = {
            "Authorization": f"Bearer {self.bearer()}",
            "x-ms-version": VERSION,
            "x-ms-blob-type": "BlockBlob",
            "Content-Type": "application/octet-stream",
        }
        request = Request(f"{self.url}/{quote(name)}", content, headers, method="PUT")
        with urlopen(request, timeout=ANSWERS):
            pass

    def bearer(self) -> str:
        """A token for storage. The host keeps one as long as it lasts, so that it may be asked for each time."""
        host = os.environ.get(AUTHORITY, IMDS).rstrip("/")
        asked = f"api-version=2018-02-01&resource=https://storage.azure.com/&msi_res_id={quote(self.identity)}"
        request = Request(f"{host}/metadata/identity/oauth2/token?{asked}", headers={"Metadata": "true"})
        with build_opener(ProxyHandler({})).open(request, timeout=ANSWERS) as answer:
            told, date = json.loads(answer.read().decode()), answer.headers.get("Date")
        if date:
            self.ahead = parsedate_to_datetime(date).timestamp() - time.time()
        return str(told["access_token"])


def place(what: str) -> str:
    """How the names of the blobs of this node's pool begin that are of one sort, or of the job that runs here."""
    account, pool, job = (os.environ.get(name, "unknown") for name in (*NODE[:2], "AZ_BATCH_JOB_ID"))
    return "/".join((account, *(("jobs", job) if what in FOR_JOBS else ("pools", pool)), what))


def node() -> str:
    return os.environ.get(NODE[2], "unknown")
