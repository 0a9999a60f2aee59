"""The command line: the only part that prints, reads the environment or exits.

Exit codes: 0 fine, 1 failed, 2 changes pending or deferred, 3 refused, 4 invalid spec or usage.
"""

from __future__ import annotations

import os
import sys
from typing import NoReturn

import click

from reconciler import __version__
from reconciler.cli.autoscale import autoscale
from reconciler.cli.cleanup import cleanup
from reconciler.cli.cost import cost
from reconciler.cli.data import images, upload
from reconciler.cli.doctor import doctor
from reconciler.cli.importing import import_
from reconciler.cli.local import local
from reconciler.cli.logs import logs
from reconciler.cli.look import outputs, schema, status, validate
from reconciler.cli.run import apply, destroy, plan
from reconciler.errors import ReconcileError, Refused, SpecError

FAILED, PENDING, REFUSED, INVALID = 1, 2, 3, 4


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="reconcile")
def commands() -> None:
    """Plan and apply for Azure Batch: from one YAML spec to live resources and converted data.

    \b
    reconcile plan  specs/prod.yaml     what is missing or different, and what each change costs
    reconcile apply specs/prod.yaml     do just that, and nothing else
    """


COMMANDS = (
    validate, doctor, plan, cost, apply, destroy, import_, status, logs, outputs, cleanup, schema, images, upload,
    autoscale, local,
)  # fmt: skip
for command in COMMANDS:
    commands.add_command(command)


def main() -> NoReturn:
    """Run the command line; every expected failure is a message and an exit code, never a traceback."""
    try:
        code = commands.main(standalone_mode=False)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.exceptions.Abort:
        _fail("interrupted", 130)
    except click.ClickException as error:
        error.show()
        sys.exit(INVALID)
    except ReconcileError as error:
        _fail(*_expected(error))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)
    except Exception as error:
        if os.environ.get("RECONCILE_DEBUG"):
            raise
        text = f"this is a bug in reconcile: {type(error).__name__}: {error}"
        _fail(f"{text}\nRECONCILE_DEBUG=1 shows where.", FAILED)
    sys.exit(code if isinstance(code, int) else 0)


def _expected(error: ReconcileError) -> tuple[str, int]:
    """The message and exit code of a failure that a user can act on."""
    if isinstance(error, SpecError):
        count = len(error.problems)
        return f"{count} problem{'s' * (count != 1)} in the spec; nothing was done\n{error}", INVALID
    return str(error), REFUSED if isinstance(error, Refused) else FAILED


def _fail(message: str, code: int) -> NoReturn:
    click.echo(f"Error: {message}", err=True)
    sys.exit(code)
