"""A message is sent to all that a spec names for its event, once for each state, and what was told last is kept.

Nothing here changes how a run ends, or keeps it waiting for long. What was told is kept beside the records of runs, and
as they are: never written again. Without that, or where it cannot be read, a state is told each time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from secrets import token_hex

from reconciler.audit.record import Record
from reconciler.cloud import secret_reference, webhook
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.run_blobs import RunBlobs
from reconciler.digest import digest
from reconciler.errors import ReconcileError
from reconciler.notices import forms
from reconciler.notices.message import NONE, Message, message, state
from reconciler.spec.sections import Receiver

SECONDS = 30
"""How long all tries to reach one may take."""
AT_ONCE = 4
STATES = f"[0-9a-f]{{16}}|{NONE}"
ID_TIME = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True)
class Told:
    """Whether one was told: `called` is what he is called, `error` why not, `trouble` why it may be told again."""

    called: str
    error: str = ""
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Spreader:
    """Tells the `receivers` of a spec. `place` is where records of runs are kept, empty if there are none.

    `cloud` must not be one that a lock guards.
    """

    receivers: Sequence[Receiver]
    cloud: Cloud
    environ: Mapping[str, str]
    place: str

    def tell(self, event: str, record: Record) -> Sequence[Told]:
        """Tell an event to those who want it and were not told the same; what became of that, for each."""
        made, now = message(event, record, kept=bool(self.place)), state(event, record)
        meant = [receiver for receiver in self.receivers if event in receiver["on"]]
        with ThreadPoolExecutor(AT_ONCE) as threads:
            told = list(threads.map(lambda receiver: self._told(receiver, made, now), meant))
        return [each for each in told if each]

    def forget(self, event: str) -> None:
        """There is nothing to tell of this event now, so that it is told when it comes again."""
        for receiver in self.receivers:
            if event in receiver["on"] and self.place:
                with suppress(ReconcileError):
                    self._keep(self._states(event, receiver), NONE, only_after=True)

    def _told(self, receiver: Receiver, made: Message, now: str) -> Told | None:
        called = f"webhook {next(map(str, receiver['webhook'].values()))}"
        states = self._states(made.event, receiver) if self.place and now else None
        if states and self._last(states) == now:
            return None
        try:
            url = secret_reference.value(self.cloud, receiver["webhook"], self.environ)
            sent = forms.payload(receiver["template"], made)
            webhook.post(self.cloud.transport, url, sent, self.cloud.endpoints.backoff, SECONDS)
        except ReconcileError as error:
            return Told(called, str(error))
        try:
            if states:
                self._keep(states, now)
        except ReconcileError as error:
            return Told(called, trouble=str(error))
        return Told(called)

    def _last(self, states: RunBlobs) -> str:
        with suppress(ReconcileError):
            return next((word for _, word in states.newest(1)), NONE)
        return NONE

    def _keep(self, states: RunBlobs, word: str, *, only_after: bool = False) -> None:
        """Keep what was told last; it stands after all that was kept, however many came in a second."""
        last = states.newest(1)
        if only_after and (not last or last[0][1] == word):
            return
        now = self.cloud.time
        if last:
            before = datetime.strptime(last[0][0].partition("-")[0], ID_TIME).replace(tzinfo=UTC)
            now = max(now, before + timedelta(seconds=1))
        states.write(f"{now.astimezone(UTC):{ID_TIME}}-{token_hex(3)}", word, {})

    def _states(self, event: str, receiver: Receiver) -> RunBlobs:
        key = digest([receiver["webhook"], receiver["template"]])
        return RunBlobs(self.cloud, self.place, f"notified/{event}/{key}", STATES)
