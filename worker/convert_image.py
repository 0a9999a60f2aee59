r"""Converts the JPEGs of one container to PNGs in another: one task's part of them.

    convert_image.py --task-id 0 --total-tasks 4
    convert_image.py --from URL --to URL --scripts URL --shard BLOB --result BLOB --failed PREFIX --worker DIGEST \
        --maker SPEC/JOB

Without --from and --to the containers are `images` and `converted` of AZURE_STORAGE_ACCOUNT_URL, or of
AZURE_STORAGE_CONNECTION_STRING where that is set (for local use).
Exit codes: 0 all well, or the result of the shard names what failed; 1 some inputs failed, each is reported (of a
shard: by circumstances that may pass); 2 usage; 3 nothing could be done.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import types
import warnings
from collections.abc import Sequence
from pathlib import Path

SHARD_OPTIONS = ("scripts", "shard", "result", "failed", "worker", "maker")


def main(arguments: Sequence[str]) -> int:
    from worker import log, supervise

    options = _parser().parse_args(arguments)
    if problem := _problem(options):
        log.complain(f"convert_image.py: {problem}")
        return 2
    if options.supervised is not None:
        return _supervised(options)
    try:
        return supervise.run([sys.executable, str(Path(__file__).resolve()), *arguments])
    except KeyboardInterrupt:
        return 130


def _supervised(options: argparse.Namespace) -> int:
    # The SDKs and numpy are for the child alone: the supervisor stays small and starts at once.
    from worker import memory, run, supervise, task

    # What Pillow warns of (broken EXIF above all) is decided in convert.py; what the SDKs log comes back as failures.
    warnings.filterwarnings("ignore", category=UserWarning, module="PIL")
    logging.getLogger("azure").setLevel(logging.CRITICAL)
    state = json.loads(options.supervised)
    inputs: task.Shard | task.Share
    if options.shard:
        places = (options.scripts, options.shard, options.result, options.failed)
        inputs = task.Shard(*places, options.worker, options.maker, options.overwrite_foreign)
    else:
        inputs = task.Share(options.task_id, options.total_tasks, tuple(options.suffix or task.SUFFIXES))
    threads = options.threads or 4 * run.processors()
    room = int(options.max_memory * 1e6 if options.max_memory is not None else memory.free() * memory.SHARE)
    limits = task.Limits(threads, options.access_wait, options.max_pixels, room, options.time_limit)
    past = supervise.Past(state["suspects"], state["convicted"])
    return run.run(task.Task(options.source, options.target, inputs, limits), supervise.Journal(state["journal"]), past)


def _problem(options: argparse.Namespace) -> str | None:
    missing = [f"--{name}" for name in SHARD_OPTIONS if getattr(options, name) is None]
    if options.shard:
        return f"--shard needs {', '.join(missing)} too" if missing else None
    if options.task_id is None or options.total_tasks is None:
        return "give --shard, or --task-id and --total-tasks"
    if not 0 <= options.task_id < options.total_tasks:
        return f"--task-id must be 0 to {options.total_tasks - 1}, it is {options.task_id}"
    return None


def _parser() -> argparse.ArgumentParser:
    from worker import task

    title, _, rest = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(
        prog="convert_image.py", description=title, epilog=rest, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--from", dest="source", default="images", metavar="CONTAINER", help="URL or name of the input container")
    add("--to", dest="target", default="converted", metavar="CONTAINER", help="URL or name of the output container")
    share = parser.add_argument_group("every N-th input of the sorted listing")
    share.add_argument("--task-id", type=int, metavar="I", help="which share, from 0")
    share.add_argument("--total-tasks", type=int, metavar="N", help="how many shares there are")
    share.add_argument("--suffix", action="append", metavar=".jpg", help="what an input's name ends in (repeatable)")
    part = parser.add_argument_group("the inputs of a shard manifest")
    part.add_argument("--scripts", metavar="CONTAINER", help="where manifest, result and markers are")
    part.add_argument("--shard", metavar="BLOB", help="the manifest: one JSON object a line: name, etag, output")
    part.add_argument("--result", metavar="BLOB", help="where to report, while running and at the end")
    part.add_argument("--failed", metavar="PREFIX", help="where to mark inputs that cannot be converted")
    part.add_argument("--worker", metavar="DIGEST", help="which worker this is, kept in the markers")
    part.add_argument("--maker", metavar="SPEC/JOB", help="the job, kept in the metadata of the outputs")
    part.add_argument("--overwrite-foreign", action="store_true", help="overwrite outputs that this job has not made")
    limits = parser.add_argument_group("limits")
    limits.add_argument("--threads", type=int, metavar="N", help="inputs in hand at once (default: 4 per processor)")
    limits.add_argument(
        "--access-wait", type=float, default=task.ACCESS_WAIT, metavar="S", help="how long a 403 is retried"
    )
    limits.add_argument("--max-pixels", type=int, default=task.MAX_PIXELS, metavar="N", help="larger images fail")
    limits.add_argument(
        "--max-memory", type=float, metavar="MB", help="for all pictures in hand (default: 80 %% of what is free)"
    )
    limits.add_argument("--time-limit", type=float, default=task.TIME_LIMIT, metavar="S", help="for one conversion")
    add("--supervised", help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    # On a node these files lie in a folder named after their digest; it is the package `worker` that they import.
    package = types.ModuleType("worker")
    package.__path__ = [str(Path(__file__).resolve().parent)]
    sys.modules["worker"] = package
    sys.exit(main(sys.argv[1:]))
