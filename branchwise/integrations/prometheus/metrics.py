"""Metrics of one process: its runs, their calls, tokens and cost, and what a server answered."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from branchwise.integrations.prometheus.queues import Queues
from branchwise.store.errors import BranchwiseError
from branchwise.store.outcome import CallOutcome, outcome_of
from branchwise.store.rows import Status
from branchwise.store.store import Store

_OVER = frozenset({Status.DONE, Status.FAILED, Status.CANCELLED})
_RUN_SECONDS = (0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
_CALL_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)


class Metrics:
    """Counters of a process, in a registry of their own; no label holds a run, a prompt or a key.

    A run is counted once, with all its calls, by the process in which it ends: the sum over all processes is exact.

    Args:
        store: The store of the runs.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.registry = registry = CollectorRegistry()
        labels = ("task", "strategy", "status", "verified_by")
        self._runs = Counter("branchwise_runs", "Runs that ended here.", labels, registry=registry)
        self.running = Gauge("branchwise_runs_running", "Runs in progress here.", registry=registry)
        self._run_seconds = Histogram(
            "branchwise_run_seconds", "Seconds of work of a run.", buckets=_RUN_SECONDS, registry=registry
        )
        self._tokens = Counter(
            "branchwise_tokens",
            "Tokens read, cached ones apart, and written.",
            ("model", "kind"),
            registry=registry,
        )
        self._cost = Counter(
            "branchwise_cost_dollars",
            "US dollars of the calls whose price is known.",
            ("model",),
            registry=registry,
        )
        self._calls = Counter(
            "branchwise_calls", "Calls of ended runs.", ("model", "state"), registry=registry
        )
        self._call_seconds = Histogram(
            "branchwise_call_seconds",
            "Seconds of a call.",
            ("model",),
            buckets=_CALL_SECONDS,
            registry=registry,
        )
        self._lost = Counter("branchwise_leases_lost", "Runs that another process took.", registry=registry)
        self._takeovers = Counter(
            "branchwise_takeovers", "Runs that were taken from a silent worker.", registry=registry
        )
        self._unparsed = Counter(
            "branchwise_judge_unparsed",
            "Judgements without a readable score.",
            ("verifier",),
            registry=registry,
        )
        self._requests = Counter(
            "branchwise_http_requests", "Answered requests.", ("route", "code"), registry=registry
        )
        registry.register(Queues(store.database))

    def answered(self, route: str, code: int) -> None:
        """Count a request of a route, as the route is written, not as it was called."""
        self._requests.labels(route, str(code)).inc()

    def lost(self) -> None:
        """Count a lease that another process has taken."""
        self._lost.inc()

    def text(self) -> bytes:
        """All metrics in Prometheus' text format; reads the database, so not in an event loop."""
        return generate_latest(self.registry)

    async def ended(self, run_id: str) -> None:
        """Count a run that has ended here; one that cannot be read is not counted."""
        try:
            run = await self._store.database.aread(lambda connection: outcome_of(connection, run_id))
        except BranchwiseError:
            return
        if run is None or run.status not in _OVER:
            return
        self._runs.labels(run.task, run.strategy, run.status, run.verified_by.value).inc()
        self._run_seconds.observe(run.elapsed)
        if run.attempts:
            self._takeovers.inc()
        for call in run.calls:
            self._count(call)
        for verifier in run.unparsed:
            self._unparsed.labels(verifier).inc()

    def _count(self, call: CallOutcome) -> None:
        usage = call.usage
        self._calls.labels(call.model, call.state).inc()
        self._tokens.labels(call.model, "read").inc(usage.prompt_tokens - usage.cached_tokens)
        self._tokens.labels(call.model, "cached").inc(usage.cached_tokens)
        self._tokens.labels(call.model, "written").inc(usage.completion_tokens)
        self._cost.labels(call.model).inc(usage.cost)
        if call.seconds is not None:
            self._call_seconds.labels(call.model).observe(call.seconds)
