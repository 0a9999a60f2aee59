"""What a watch tells Prometheus. A resource is a label only while it fails or has drifted, and only so many of a spec;
how many there are in all is in `reconcile_watch_resources`."""

from __future__ import annotations

import threading

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from reconciler.model import Address
from reconciler.watch.result import End, Result
from reconciler.watch.sources import Poll

MOST = 20
"""How many resources of a spec are named."""
SECONDS = (0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800)
PLACE, SPEC, STATE, ADDRESS = "reconcile_watch", "spec", "state", "address"


class Metrics:
    """The metrics of one process, in a registry of their own. May be asked and told by any thread."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # when each series began is of no use here, and doubles them
        self.registry = CollectorRegistry()
        self._lock = threading.Lock()
        self.rounds = self._counter("rounds", "Rounds by how they have ended.", (SPEC, "end"))
        self.seconds = Histogram(
            f"{PLACE}_round_seconds", "How long rounds take.", (SPEC,), buckets=SECONDS, registry=self.registry
        )
        self.success = self._gauge("last_success_timestamp_seconds", "When a round last ended well.", (SPEC,))
        self.requests = self._counter("requests", "Requests to Azure, each try for itself.", (SPEC,))
        self.resources = self._gauge("resources", "Resources by state, as of the last look.", (SPEC, STATE))
        self.drifted = self._gauge("drifted", f"1 for each resource that has drifted; {MOST} at most.", (SPEC, ADDRESS))
        self.failing = self._gauge("failing", f"1 for each resource that fails; {MOST} at most.", (SPEC, ADDRESS))
        self.steps = self._counter("steps", "Steps by action and how they have ended.", (SPEC, "action", "status"))
        self.leader = self._gauge("leader", "1 where this process leads, 0 where it stands by.", (SPEC,))
        self.valid = self._gauge("spec_valid", "0 where the spec is invalid.", (SPEC,))
        self.source_up = self._gauge("source_up", "0 where the specs cannot be had; then the last ones go on.", ())
        self.source_failures = self._counter("source_failures", "How often the specs could not be had.", ())
        self.source_changed = self._gauge("source_changed_timestamp_seconds", "When specs have last changed.", ())
        ProcessCollector(registry=self.registry)

    def round(self, result: Result, now: float) -> None:
        """A round has ended; `now` is seconds since 1970."""
        spec = result.spec
        with self._lock:
            self.leader.labels(spec).set(result.leads)
            self.valid.labels(spec).set(result.end is not End.INVALID)
            if not result.leads:
                self._named(self.drifted, spec, ())
                self._named(self.failing, spec, ())
                return
            self.rounds.labels(spec, str(result.end)).inc()
            self.seconds.labels(spec).observe(result.seconds)
            self.requests.labels(spec).inc(result.requests)
            if result.end in (End.UNCHANGED, End.CHANGED, End.LEFT):
                self.success.labels(spec).set(now)
            for outcome in result.outcomes:
                self.steps.labels(spec, str(outcome.step.action), str(outcome.status)).inc()
            for state, number in result.counts.items():
                self.resources.labels(spec, state).set(number)
            if result.plan is not None:
                self._named(self.drifted, spec, result.drifted)
            self._named(self.failing, spec, result.failing)

    def forget(self, spec: str) -> None:
        """Tell no more of a spec that is not watched any more."""
        with self._lock:
            for metric in (self.resources, self.drifted, self.failing, self.leader, self.valid, self.success):
                metric.remove_by_labels({SPEC: spec})

    def polled(self, poll: Poll, now: float) -> None:
        """The source has been asked."""
        self.source_up.set(poll is not Poll.FAILED)
        if poll is Poll.FAILED:
            self.source_failures.inc()
        elif poll is Poll.CHANGED:
            self.source_changed.set(now)

    def shown(self) -> tuple[str, bytes]:
        """Content type and text, as Prometheus reads it."""
        with self._lock:
            return CONTENT_TYPE_LATEST, generate_latest(self.registry)

    def _counter(self, name: str, text: str, labels: tuple[str, ...]) -> Counter:
        return Counter(f"{PLACE}_{name}", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, labels: tuple[str, ...]) -> Gauge:
        return Gauge(f"{PLACE}_{name}", text, labels, registry=self.registry)

    @staticmethod
    def _named(metric: Gauge, spec: str, addresses: tuple[Address, ...]) -> None:
        """Name these resources and no others of a spec."""
        metric.remove_by_labels({SPEC: spec})
        for address in addresses[:MOST]:
            metric.labels(spec, str(address)).set(1)
