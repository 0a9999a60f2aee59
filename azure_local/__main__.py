"""`python -m azure_local FOLDER SPEED`: the server in the foreground."""

import sys
from pathlib import Path

from azure_local.server import run

run(Path(sys.argv[1]).resolve(), float(sys.argv[2]))
