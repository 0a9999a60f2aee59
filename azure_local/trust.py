"""Whom tasks trust: this Azure, and whoever its machine trusts.

So pip, curl and requests reach the servers of the world from nodes, as they do on Azure's.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path

OWN, NODES = "ca.pem", "trusted.pem"
"""The throwaway CA of a state folder, and the certificates that its nodes trust."""


def write(folder: Path, environment: Mapping[str, str] = os.environ) -> None:
    """Write the certificates that nodes trust; the machine's may be others with each start."""
    own = folder / OWN
    known = [path.read_text(errors="replace") for path in _machine(environment) if not path.samefile(own)]
    new = folder / f"{NODES}.new"
    new.write_text("\n".join([own.read_text(), *known]))
    new.replace(folder / NODES)


def _machine(environment: Mapping[str, str]) -> Iterator[Path]:
    """Files of what the machine trusts: what its environment names, and what OpenSSL was built with."""
    paths = ssl.get_default_verify_paths()
    named = [environment.get("REQUESTS_CA_BUNDLE", ""), environment.get("SSL_CERT_FILE", ""), paths.openssl_cafile]
    files = [Path(name) for name in dict.fromkeys(named) if name and Path(name).is_file()]
    yield from files or sorted(Path(paths.openssl_capath).glob("*.0"))
