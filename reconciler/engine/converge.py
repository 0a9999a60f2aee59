"""How one step proceeds: look at the resource, do at most one thing, say how long to wait before the next look.

Our own change, someone else's change in progress and a restart in the middle are one code path: what is
done next depends on what is observed, and on nothing remembered but which verbs this run has called.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field, replace

from reconciler import departed
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import translated
from reconciler.cloud.operations import Operation
from reconciler.engine.decide import actionable, changes, decide, decide_stray, mark, waiting
from reconciler.engine.lag import Lag
from reconciler.engine.looks import Ended, Look, Waiting, failed
from reconciler.engine.passing import passing
from reconciler.engine.plan import fingerprint
from reconciler.errors import AzureError, NotRegistered, ReconcileError, Unreachable
from reconciler.kind import Kind
from reconciler.model import (
    Action,
    Address,
    Decision,
    Desired,
    Diff,
    Health,
    Observed,
    Progress,
    Rule,
    Status,
    Step,
    Why,
)

PATIENCE = 8
"""How many passing errors in a row a step sits out."""


@dataclass(slots=True)
class Convergence:
    """One step of a plan, driven by calling `look` until it has Ended. Not for use by two threads at once."""

    step: Step
    kind: Kind
    cloud: Cloud
    owner: str
    desired: Desired | None
    shown: str | None
    adopt: Container[Address] = frozenset()
    poll_seconds: float = 5.0
    _operation: Operation | None = None
    _verbs: list[str] = field(default_factory=list)
    _worked_on: Diff | None = None
    _tries: int = 0
    _ailing: str = ""  # what was to be mended last
    _errors: int = 0
    _lag: Lag = field(init=False)
    _since: float = field(default_factory=time.monotonic)
    _last: tuple[str, Progress | None] = ("", None)
    _logs: Mapping[str, str] = field(default_factory=dict)
    _failure: Ended | None = None
    _clearing: int = 0
    resolve: Callable[[Desired], Desired] = lambda desired: desired
    """Called at the first look for a resource that is pending: it asks what could not be asked for the plan."""
    keep: Callable[[], None] = lambda: None
    """Called before it is deleted to be made anew: saves what would go with it."""
    _doomed: Observed | None = None
    """The resource that is being deleted, whatever else the address may stand for by then."""

    def __post_init__(self) -> None:
        self._lag = Lag(self.poll_seconds)

    def look(self) -> Look:
        """One look and at most one verb; passing errors are waits, lasting ones end the step."""
        seen = self._abandoned() if self._failure else self._looked()
        if isinstance(seen, Ended) and not self._failure and self._must_clear(seen):
            self._failure = seen
            seen = self._abandoned()
        return replace(seen, logs=self._logs)

    def _looked(self) -> Look:
        try:
            with translated():
                seen = self._unknown() or self._operating() or self._believed(self._converge())
        except (AzureError, Unreachable) as error:
            return self._troubled(error)
        except ReconcileError as error:
            return failed(error)
        self._errors = 0
        return self._within_time(seen)

    def _believed(self, seen: Look) -> Look:
        """`seen`, unless it says that others have changed the world: that may be an old picture, so look again."""
        if isinstance(seen, Ended) and seen.status is Status.STOPPED:
            return self._lag.doubted(f"looking again: {seen.error}") or seen
        return seen

    def _unknown(self) -> Look | None:
        """Ask what was pending when the plan was made. It may turn out only now that something stands against it."""
        if self.desired is None or not self.desired.pending:
            return None
        self.desired = self.resolve(self.desired)
        text = f"cannot {self.step.action} {self.step.address}: {self.desired.obstacle}"
        return Ended(Status.STOPPED, text) if self.desired.obstacle else None

    def _must_clear(self, seen: Ended) -> bool:
        """Whether this end of the step may leave something behind."""
        if self.kind.abandon is None or self.desired is None or self.desired.pending or seen.going_on:
            return False
        return seen.status is Status.FAILED and bool(self._verbs or self._errors)

    def _abandoned(self) -> Look:
        """Clear away what the failed change leaves; an error in doing so is added to the failure's text."""
        assert self._failure is not None
        assert self.kind.abandon is not None
        assert self.desired is not None
        try:
            with translated():
                left = self.kind.abandon(self.cloud, self.desired)
        except (AzureError, Unreachable) as error:
            self._clearing += 1
            if self._clearing <= PATIENCE:
                return Waiting(self.poll_seconds * 2, f"clearing away what it leaves: {error}")
            text = f"{self._failure.error}\nWhat it leaves could not be cleared away: {error}"
            return replace(self._failure, error=f"{text}\nRun reconcile cleanup later.")
        return self._failure if left is None else Waiting(self.poll_seconds, f"clearing away: {left}")

    def _operating(self) -> Look | None:
        """The wait for an accepted operation, or None when none is running."""
        if self._operation is None:
            return None
        state = self.cloud.poll(self._operation)
        if not state.done:
            return Waiting(state.retry_after or self.poll_seconds, "in progress")
        self._operation = None
        if state.error is not None:
            raise state.error
        return None

    def _converge(self) -> Look:
        address = self.step.address
        going = self._doomed if self.step.action is Action.DELETE else None
        observed = self.kind.observe(self.cloud, going or self.desired or Observed(address, "", {}))
        self._logs = observed.logs if observed else {}
        if self.step.action is Action.DELETE:
            return self._delete(observed)
        if self.step.action is Action.REPLACE and "create" not in self._verbs:
            return self._replace(observed)
        if observed is None:
            return self._create()
        return self._settle(observed)

    def _delete(self, observed: Observed | None) -> Look:
        if observed is None:
            return Ended(Status.DONE)
        self._doomed = observed
        if "delete" in self._verbs:
            return Waiting(self.poll_seconds, observed.detail or "being deleted", observed.progress)
        if observed.mark is None or observed.mark.owner != self.owner:
            return Ended(Status.STOPPED, f"cannot delete {observed.address}: it is no longer ours; run plan again")
        if (decision := decide_stray(observed)).action is Action.REFUSE:
            return Ended(Status.STOPPED, f"cannot delete {observed.address}: {decision.reason}")
        if self.kind.spares_occupied and observed.occupants:
            return Ended(Status.DEFERRED, f"{observed.address} is still used by {', '.join(observed.occupants)}")
        return self._did("delete", self.kind.delete(self.cloud, observed))

    def _replace(self, observed: Observed | None) -> Look:
        if observed is None:
            return self._create()
        if "delete" in self._verbs:
            anew = self._doomed is not None and observed.id != self._doomed.id  # by another run
            return self._settle(observed) if anew else Waiting(self.poll_seconds, observed.detail or "being deleted")
        decision = self._decision(observed)
        if decision.action not in (Action.REPLACE, Action.WAIT):
            return self._changed(decision)
        assert self.desired is not None
        left = self.kind.vacate(self.cloud, self.desired, observed) if self.kind.vacate else ""
        if left or decision.action is Action.WAIT:
            self._since = time.monotonic() if left else self._since  # that takes as long as it takes
            return Waiting(self.poll_seconds, left or observed.detail)
        self.keep()
        self._doomed = observed
        return self._did("delete", self.kind.delete(self.cloud, observed))

    def _create(self) -> Look:
        assert self.desired is not None
        if "create" in self._verbs:
            text = f"{self.step.address} is not there, although Azure took the request for it; run apply again"
            return self._lag.old(None) or Ended(Status.FAILED, text)
        self._lag.wrote(None)
        ours = mark(self.kind, self.owner, self.desired)
        return self._did("create", self.kind.create(self.cloud, self.desired, ours))

    def _settle(self, observed: Observed) -> Look:
        """Bring an existing resource to READY without a difference."""
        if observed.health is Health.BUSY:
            return Waiting(self.poll_seconds, observed.detail, observed.progress)
        if observed.health is Health.UNKNOWN:
            return Ended(Status.FAILED, f"cannot {self.step.action} {observed.address}: {observed.detail}")
        decision = self._decision(observed)
        if not self._verbs and decision.action is Action.REFUSE:
            return Ended(Status.STOPPED, f"cannot change {observed.address}: {decision.reason}")
        if not self._verbs and self._stale(decision):
            return self._changed(decision)
        failed = observed.health is Health.FAILED
        if not decision.diff and not failed:
            return Ended(Status.DONE, detail=observed.detail, lacks=observed.lacks)
        if self._verbs and not self.kind.counts and (wait := self._lag.old(observed)):
            return wait
        return self._mend(observed, decision.diff) if failed else self._change(observed, decision.diff)

    def _mend(self, observed: Observed, diff: Diff) -> Look:
        if self._tries >= self.kind.attempts:
            return Ended(Status.FAILED, f"{observed.address} failed: {observed.detail}", observed.detail)
        self._ailing = observed.detail
        return self._update(observed, diff)

    def _change(self, observed: Observed, diff: Diff) -> Look:
        if diff.rule >= Rule.REPLACE:
            if self._verbs and observed.ended:  # of itself, as a job does with its manager
                return Ended(Status.DONE, detail=observed.ended)
            if self._verbs:
                return Ended(Status.FAILED, self._unstuck(observed, diff))
            return Ended(Status.STOPPED, f"{observed.address} is ready now, but must be replaced; run plan again")
        assert self.desired is not None
        if observed.stalled:
            text = f"{observed.address}: {observed.stalled}"
            return Ended(Status.DEFERRED, text, observed.detail, lacks=observed.lacks)
        part = actionable(diff, self.desired, observed)
        if not part:
            return Ended(Status.DEFERRED, f"{observed.address} {waiting(self.kind, observed)}")
        if part == self._worked_on:
            if self._tries >= self.kind.attempts:
                return self._given_up(observed, part)
        else:
            self._tries = 0
        self._worked_on = part
        return self._update(observed, part)

    def _update(self, observed: Observed, diff: Diff) -> Look:
        assert self.desired is not None
        ours, asked = mark(self.kind, self.owner, self.desired), departed.asked(self.kind.maps, self.desired, observed)
        self._lag.wrote(observed)
        operation = self.kind.update(self.cloud, asked, ours, observed, diff)
        self._tries += 1  # one that Azure took: a refusal that passes is no try
        return self._did("update", operation, observed.detail)

    def _did(self, verb: str, operation: Operation | None, detail: str = "") -> Look:
        self._verbs.append(verb)
        self._lag.taken()
        self._operation = operation
        self._since = time.monotonic()
        return Waiting(self.poll_seconds if operation else 0, detail or f"{verb} accepted")

    def _decision(self, observed: Observed) -> Decision:
        assert self.desired is not None
        if self._verbs:  # the mark is ours by now, or Azure has yet to show it
            diff = changes(self.kind, self.owner, self.desired, observed)
            return Decision(observed.address, Action.UPDATE, Why.DIFFERS, "", diff)
        return decide(self.kind, self.owner, self.desired, observed, self.adopt)

    def _stale(self, decision: Decision) -> bool:
        """Whether the resource differs in other ways than the plan showed."""
        if self.kind.counts or not decision.diff:
            return False
        return self.shown is not None and fingerprint(decision) != self.shown

    def _changed(self, decision: Decision) -> Look:
        now = ", ".join(f"{c.path}: {c.before!r}" for c in decision.diff.changes) or "as desired"
        return Ended(Status.STOPPED, f"{decision.address} has changed since the plan was made (now {now}); plan again")

    def _given_up(self, observed: Observed, diff: Diff) -> Ended:
        """The end of a step whose change was made as often as it may be."""
        if observed.unmet:
            text = f"{observed.address}: {observed.unmet}"
            return Ended(Status.DEFERRED, text, observed.detail, lacks=observed.lacks)
        ailing = f"{observed.address} failed: {self._ailing}; mending it did not help" if self._ailing else ""
        return Ended(Status.FAILED, ailing or self._unstuck(observed, diff))

    def _unstuck(self, observed: Observed, diff: Diff) -> str:
        fields = "; ".join(f"{c.path} is {c.before!r}, not {c.after!r}" for c in diff.changes)
        return f"{observed.address} did not take the change: {fields}{observed.detail and f' ({observed.detail})'}"

    def _troubled(self, error: AzureError | Unreachable) -> Look:
        self._errors += 1
        if isinstance(error, NotRegistered) and (refused := self._register(error)):
            return refused
        if not passing(error) and (wait := self._lag.ourselves(error)):
            return wait
        if not passing(error) or self._errors > PATIENCE:
            return Ended(Status.FAILED, f"cannot {self.step.action} {self.step.address}: {error}")
        return Waiting(min(self.poll_seconds * 2**self._errors, 60), f"waiting to try again: {error}")

    def _register(self, error: NotRegistered) -> Ended | None:
        """Register for a provider that no plan foresees, such as a build machine's network; the end if that failed."""
        try:
            with translated():
                self.cloud.register(error.namespace)
        except ReconcileError as refused:
            text = f"cannot {self.step.action} {self.step.address}: {error} It could not: {refused}"
            return failed(refused, text)
        return None

    def _within_time(self, seen: Look) -> Look:
        """`seen`, unless nothing has moved for longer than the kind may take."""
        if isinstance(seen, Ended):
            return seen
        if (seen.detail, seen.progress) != self._last:
            if seen.progress not in (None, self._last[1]):
                self._since = time.monotonic()
            self._last = (seen.detail, seen.progress)
        limit = self.kind.patience(self.desired).total_seconds()
        if time.monotonic() - self._since > limit:
            text = f"{self.step.address} is not ready after {limit / 60:.0f} min: {seen.detail}"
            return Ended(Status.FAILED, f"{text}; run apply again to go on waiting", seen.detail, going_on=True)
        return seen
