"""Lines of progress, for logs."""

from __future__ import annotations

from reconciler.events import Interrupted, StepFinished, StepStarted, StepWaiting
from reconciler.model import Action, Address, Outcome, Progress, Status, Step
from reconciler.render.progress import Bars, Lines

STEP = Step("pool/a", Address("pool", "a"), Action.CREATE)


def lines(*events: object) -> list[str]:
    said: list[str] = []
    tell = Lines(said.append)
    for event in events:
        tell(event)  # type: ignore[arg-type]
    return said


def test_a_step_is_told_when_it_starts_moves_and_ends() -> None:
    assert lines(
        StepStarted(STEP),
        StepWaiting(STEP, "resizing", Progress(1, 1, 4, "nodes")),
        StepWaiting(STEP, "resizing", Progress(1, 1, 4, "nodes")),
        StepFinished(Outcome(STEP, Status.DONE, 2.04, detail="1 of 2 spot nodes")),
    ) == [
        "creating pool/a",
        "  pool/a: resizing, 1 of 4 nodes, 1 failed",
        "✓ pool/a done (2.0 s): 1 of 2 spot nodes",
    ]


def test_an_error_is_told_at_the_end_of_the_run_and_not_here() -> None:
    failed = Outcome(STEP, Status.FAILED, 1.0, "cannot create pool/a: no", "detail")
    skipped = Outcome(STEP, Status.SKIPPED, 0.0, "pool/b was failed")
    assert lines(StepFinished(failed), StepFinished(skipped)) == [
        "✗ pool/a failed (1.0 s)",
        "· pool/a skipped (0.0 s)",
    ]


def test_an_interrupt_names_what_is_in_flight() -> None:
    assert lines(Interrupted((STEP,))) == [
        "Interrupted: nothing new is started; in flight: pool/a. Press Ctrl-C again to leave them to Azure."
    ]
    assert "in flight: nothing." in lines(Interrupted(()))[0]


def test_a_bar_lasts_from_the_start_of_a_step_to_its_end() -> None:
    bars = Bars(colour=False)
    with bars:
        bars(StepStarted(STEP))
        bars(StepWaiting(STEP, "resizing", Progress(1, 0, 4, "nodes")))
        assert len(bars.progress.tasks) == 1
        assert bars.progress.tasks[0].completed == 1
        bars(StepWaiting(STEP, "being\x1b deleted"))
        assert bars.progress.tasks[0].fields["detail"] == "being\\x1b deleted"
        bars(StepFinished(Outcome(STEP, Status.DONE, 2.0)))
        assert bars.progress.tasks == []
