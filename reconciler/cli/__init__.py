"""The command line: the only part that prints, reads the environment or exits; its exit codes are in `codes`."""

from __future__ import annotations

import os
import sys
import traceback
from typing import NoReturn

import click

from reconciler import __version__
from reconciler.cli import codes
from reconciler.cli.lazy import LazyGroup, Place
from reconciler.errors import ReconcileError

COMMANDS = {
    "apply": Place("run", "apply", "Make live Azure as the spec says: show the plan, ask, and carry it out."),
    "autoscale": Place(
        "autoscale", "autoscale", "Formulas that size a pool: checked, and tried out against made-up or recorded tasks."
    ),
    "cancel": Place("work", "cancel", "End the tasks of a job that wait or run; what they have written stays."),
    "ci": Place(
        "ci",
        "ci",
        "What a pipeline calls: a comment, an issue, labels, the reviewed plan, the specs that a change touches.",
    ),
    "cleanup": Place(
        "cleanup",
        "cleanup",
        "Delete temporary machines, disks and networks of image builds that have expired, of any run and any spec.",
    ),
    "cost": Place("cost", "cost", "Show what each pool costs per hour and month, now and after the plan."),
    "destroy": Place("run", "destroy", "Delete what the spec owns and nothing protected needs, last made first."),
    "doctor": Place(
        "doctor",
        "doctor",
        "Check credential, subscription, permissions, quotas, sizes, images and names before anything is spent.",
    ),
    "download": Place(
        "data",
        "download",
        "Download the blobs of a container into a folder; what is there unchanged is not fetched again.",
    ),
    "graph": Place("drawing", "graph", "Draw what needs what, coloured by what the plan does with it."),
    "history": Place(
        "history",
        "history",
        "Show the runs of a spec, or what became of a job: each of its runs, also of those that are gone.",
    ),
    "images": Place("data", "images", "Test images."),
    "import": Place("importing", "import_", "Write a spec of a live resource group."),
    "init": Place(
        "init",
        "init",
        "Write a spec to begin with, and the pipelines that plan and apply it. A file that is there stays as it is.",
    ),
    "local": Place("local", "local", "A local Azure on loopback, for development and tests."),
    "logs": Place("logs", "logs", "List the tasks of a job with their exit codes, or print what a task wrote."),
    "outputs": Place("look", "outputs", "Show the ids and endpoints that other programs need."),
    "pause": Place(
        "pausing", "pause", "Let all that watch a spec leave resources alone for a while, with what needs them."
    ),
    "permissions": Place(
        "permitting",
        "permissions",
        "Print the least that a plan, an apply or a destroy of the spec must be allowed to do, as custom roles.",
    ),
    "plan": Place("run", "plan", "Show what is missing or different in live Azure."),
    "preview": Place(
        "previewing",
        "preview",
        "Try a few tasks of what the spec does beside what is live, and compare their results with the live ones.",
    ),
    "results": Place(
        "results",
        "results",
        "Fetch what the tasks of a job wrote: stdout, stderr and the files of their working directories.",
    ),
    "resume": Place("pausing", "resume", "Let what was paused be watched again; what is paused still is shown."),
    "retry": Place(
        "work", "retry", "Run the tasks of a job again that have failed or were cancelled, with all their retries."
    ),
    "schema": Place(
        "look",
        "schema",
        "Print a JSON Schema: of specs (default), policies, plans, runs, events, messages or status pages.",
    ),
    "serve": Place(
        "serve",
        "serve",
        "Serve a page on this machine: resources, drift, jobs, pools and cost, read anew all the time.",
    ),
    "show": Place("saving", "show", "Show a saved plan, with where and of what it was made."),
    "status": Place("look", "status", "Show what of the spec is live, and how it is; or how far a job is."),
    "unlock": Place(
        "locking", "unlock", "Show who holds the lock of a spec, and break it, so that another may have it."
    ),
    "upload": Place(
        "data",
        "upload",
        "Upload the JPEGs below FOLDER into a job's input container, or all --to any; what is there is not sent again.",
    ),
    "usage": Place(
        "usage",
        "usage",
        "Show how busy the nodes of a pool were: CPU, memory, disk and GPU, also of nodes that are gone.",
    ),
    "validate": Place(
        "look", "validate", "Check the spec without any network: every problem at once, each with its place."
    ),
    "wait": Place("work", "wait", "Wait until the tasks of a job have ended, and tell how they did."),
    "watch": Place(
        "watch",
        "watch",
        "Reconcile specs again and again: what has changed at once, all else at intervals, until told to stop.",
    ),
    "why": Place("why", "why", "Explain what a job, a task or a pool waits for or died of, and what to do."),
}


@click.group(
    cls=LazyGroup,
    places=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="reconcile")
def commands() -> None:
    """Plan and apply for Azure Batch: from one YAML spec to live resources and converted data.

    \b
    reconcile plan  specs/prod.yaml     what is missing or different, and what each change costs
    reconcile apply specs/prod.yaml     do just that, and nothing else
    """


def main() -> NoReturn:
    """Run the command line; every expected failure is a message and an exit code, never a traceback."""
    from reconciler.cli import door

    with door.hiding():
        _main()


def _main() -> NoReturn:
    try:
        code = commands.main(standalone_mode=False)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.exceptions.Abort:
        _fail("interrupted", codes.LEFT)
    except click.ClickException as error:
        error.show()
        sys.exit(codes.INVALID)
    except ReconcileError as error:
        _fail(codes.words(error), codes.of(error))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(codes.FAILED)
    except OSError as error:
        _fail(_of_this_machine(error), codes.FAILED)
    except Exception as error:
        if os.environ.get("RECONCILE_DEBUG"):
            click.echo(traceback.format_exc(), err=True)
            sys.exit(codes.FAILED)
        text = f"this is a bug in reconcile: {type(error).__name__}: {error}"
        _fail(f"{text}\nRECONCILE_DEBUG=1 shows where.", codes.FAILED)
    sys.exit(code if isinstance(code, int) else 0)


def _of_this_machine(error: OSError) -> str:
    """The message of a failure of this machine, such as a full disk or a file that may not be read."""
    what = f"cannot use {error.filename}" if error.filename else "this machine refused something"
    return f"{what}: {error.strerror or error}"


def _fail(message: str, code: int) -> NoReturn:
    from reconciler.render import plain

    click.echo(f"Error: {plain.lines(message)}", err=True)
    sys.exit(code)
