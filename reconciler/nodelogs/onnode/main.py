"""Where it begins."""

import json
import shlex
import subprocess
import sys
from typing import Any

from reconciler.nodelogs.onnode.keeping import install, keep
from reconciler.nodelogs.onnode.measuring import measure
from reconciler.nodelogs.onnode.writing import Container


def main(words: Any, code: str) -> int:
    """`start SETTINGS COMMAND` or `sample SETTINGS`; SETTINGS is JSON (`nodelogs/startline.py`)."""
    told = json.loads(words[1])
    telemetry = told.get("telemetry")
    if words[0] == "sample":
        measure(Container(telemetry["url"], told["identity"]), telemetry["every"])
        return 0
    if telemetry:
        install(code, words[1])
    if not words[2]:
        return 0
    if "logs" in told:
        return keep(words[2], Container(told["logs"]["url"], told["identity"]), told["logs"].get("of", "start"))
    return subprocess.call(shlex.split(words[2]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], globals().get("CODE", "")))
