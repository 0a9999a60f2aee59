"""The exit codes, all of them; docs/compatibility.md says what each means to those who call us."""

from __future__ import annotations

import click

from reconciler.errors import ReconcileError, Refused, SpecError, WrongUsage

FINE = 0
FAILED = 1
PENDING = 2
"""Something is left to do, or could not be read, or a command of `onDone` has failed."""
REFUSED = 3
INVALID = 4
"""The spec, the formula or the command line; nothing was done."""
LACKING = 5
"""All is done, but of the work that was to be done some has failed."""
LEFT = 130
"""By Ctrl-C; as shells have it, 128 and the number of the signal."""


def of(error: BaseException) -> int:
    """The exit code of a command that ends with an error."""
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if isinstance(error, (click.exceptions.Abort, KeyboardInterrupt)):
        return LEFT
    if isinstance(error, (click.ClickException, SpecError, WrongUsage)):
        return INVALID
    return REFUSED if isinstance(error, Refused) else FAILED


def words(error: ReconcileError) -> str:
    """The message of a failure that a user can act on."""
    if isinstance(error, SpecError):
        from reconciler.words import count

        return f"{count(len(error.problems), 'problem')} in the spec; nothing was done\n{error}"
    return str(error)
