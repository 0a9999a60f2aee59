"""A process that wants the lock of a spec again and again, and prints when it wrote: SPEC, rounds."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from reconciler.cloud.cloud import connect
from reconciler.cloud.lease import clock
from reconciler.cloud.lock import Lock
from reconciler.cloud.lock_blob import Answer, Holder, LockBlob
from reconciler.kinds import load


def main(path: str, rounds: int) -> None:
    spec = load(Path(path), os.environ)
    cloud = connect(spec, os.environ)
    for _ in range(rounds):
        lock = Lock(LockBlob(cloud, spec.lock), Holder(f"pid {os.getpid()}"), 15)
        while lock.take() is Answer.DENIED:
            time.sleep(0.002)
        start, room = clock(), lock.room()
        time.sleep(0.003)
        print(os.getpid(), start, clock(), room, flush=True)
        lock.release()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
