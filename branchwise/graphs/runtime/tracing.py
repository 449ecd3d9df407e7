"""Traces of claims while they work: which span the code belongs to, and who is told of calls.

Without an installed tracer and without a caller's trace nothing is done. With a caller's trace alone (`traceparent` of
a request to `branchwise serve`), requests to model servers carry the ids that `export otlp` gives the spans later.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from typing import Any, Protocol

from branchwise.graphs.runtime.services import RunLedger
from branchwise.store.call_place import place_of
from branchwise.store.errors import LeaseLost
from branchwise.store.ledger import Effect
from branchwise.store.records import Json, Usage
from branchwise.store.rows import CallRecord, CallState, RunEvent, RunRecord, Status
from branchwise.store.store import Lease, Store
from branchwise.store.trace_context import CURRENT, TraceContext, parse, span_of, trace_of
from branchwise.store.traced import PARENT, ROOT, TRACED, header, note_trace

Told = Callable[[Json, Usage], None]
"""Tells the result of a call."""


class ClaimTracer(Protocol):
    """Reports the calls of one claim."""

    context: TraceContext
    """The claim's own span."""
    outcome: str
    """How the claim ended; set before its context ends."""

    def call(self, call: CallRecord) -> AbstractContextManager[tuple[TraceContext, Told]]:
        """Report a call that begins; its end, and with `Told` its result, are reported in the context."""
        ...


class Tracer(Protocol):
    """Reports claims of runs while they work."""

    def claim(
        self, run: RunRecord, epoch: int, parent: TraceContext | None, before: TraceContext | None
    ) -> AbstractContextManager[ClaimTracer]:
        """Report a claim that begins, below `parent`, with a link to the claim before it."""
        ...


_installed: list[Tracer] = []


def install(tracer: Tracer | None) -> None:
    """Have a tracer told of all claims of this process from now on; None for nobody."""
    _installed[:] = [] if tracer is None else [tracer]


class Trace:
    """The trace of one claim; without one, nothing is done."""

    def __init__(self, claim: ClaimTracer | None = None, epoch: int = 0) -> None:
        self._claim, self._epoch = claim, epoch

    def ledger(self, ledger: Any) -> RunLedger:
        """The ledger, whose calls are reported when they are made, not when they are recalled."""
        return ledger if self._claim is None else TracedLedger(ledger, self._claim, self._epoch)

    def ended(self, *, waiting: bool) -> None:
        """Report how the claim ended, if no exception ends it."""
        if self._claim is not None:
            self._claim.outcome = (Status.WAITING if waiting else Status.DONE).value


@asynccontextmanager
async def traced(store: Store, lease: Lease, *, replayed: bool) -> AsyncIterator[Trace]:
    """The trace of a claim, in a context.

    Args:
        store: Where the run is.
        lease: The claim.
        replayed: Whether nothing is done but replayed, and therefore nothing reported.
    """
    here = CURRENT.get()
    parent = here or parse(lease.traceparent)
    if replayed or (parent is None and not _installed):
        yield Trace()
        return
    if here is not None and not lease.fresh and here != parse(lease.traceparent):
        await _note(store, lease, PARENT, here)
    claim: AbstractContextManager[ClaimTracer]
    if _installed:
        run = await store.run(lease.run_id)
        claim = _installed[0].claim(run, lease.epoch, parent, await _before(store, lease))
    else:
        claim = passed_on(lease, parent)
    with claim as told:
        token = CURRENT.set(told.context)
        try:
            if _installed:
                await _note(store, lease, ROOT, told.context)
            yield Trace(told, lease.epoch)
        except LeaseLost:
            told.outcome = "lost"
            raise
        except asyncio.CancelledError:
            told.outcome = "handed back"
            raise
        except BaseException as error:
            told.outcome = type(error).__name__
            raise
        finally:
            CURRENT.reset(token)


async def _note(store: Store, lease: Lease, name: str, trace: TraceContext) -> None:
    await store.database.awrite(lambda c: note_trace(c, lease.run_id, lease.epoch, name, trace))


async def _before(store: Store, lease: Lease) -> TraceContext | None:
    """The span of the claim before this one: as it was reported, or as an export will give it."""
    if lease.epoch <= 1:
        return None
    events = await store.events(lease.run_id)
    return span_before(events, lease.run_id, lease.epoch)


def span_before(events: list[RunEvent], run_id: str, epoch: int) -> TraceContext | None:
    """The span of the last claim before `epoch`; None if there was none."""
    claimed = [one.epoch for one in events if one.kind == "claimed" and one.epoch < epoch]
    if not claimed:
        return None
    told = [one.data for one in events if one.kind == TRACED and one.epoch == claimed[-1]]
    roots = [parse(header(data, ROOT)) for data in told]
    parents = [parse(header(data, PARENT)) for data in told]
    if root := next((one for one in roots if one is not None), None):
        return root
    parent = next((one for one in parents if one is not None), None)
    trace = trace_of(run_id, claimed[-1]) if parent is None else parent.trace_id
    return TraceContext(trace, span_of(run_id, claimed[-1]))


@contextmanager
def passed_on(lease: Lease, parent: TraceContext | None) -> Iterator[ClaimTracer]:
    """A claim in a caller's trace of which nobody is told here: its ids are passed on to model servers."""
    trace = trace_of(lease.run_id, lease.epoch) if parent is None else parent.trace_id
    sampled = parent is None or parent.sampled
    yield _PassedOn(TraceContext(trace, span_of(lease.run_id, lease.epoch), sampled), lease)


class _PassedOn:
    def __init__(self, context: TraceContext, lease: Lease) -> None:
        self.context, self.outcome = context, ""
        self._lease = lease

    @contextmanager
    def call(self, call: CallRecord) -> Iterator[tuple[TraceContext, Told]]:
        """Name the call's span as an export does."""
        own = span_of(self._lease.run_id, call.epoch, call.key, call.attempt)
        yield TraceContext(self.context.trace_id, own, self.context.sampled), lambda value, usage: None


class TracedLedger:
    """A ledger whose calls are reported when they are made."""

    def __init__(self, ledger: RunLedger, claim: ClaimTracer, epoch: int) -> None:
        self._ledger, self._claim = ledger, claim
        self._epoch = epoch
        self.bill, self.failures = ledger.bill, ledger.failures
        self.recorded, self.unsettled = ledger.recorded, ledger.unsettled
        self.attempts, self.answers = ledger.attempts, ledger.answers

    async def __call__(
        self,
        key: str,
        request: Json,
        effect: Effect,
        *,
        kind: str = "model",
        model: str = "",
        **more: Any,
    ) -> Json:
        """Call as the ledger does; its errors are raised."""

        async def reported() -> tuple[Json, Usage]:
            place = place_of(key)
            call = CallRecord(
                key=key,
                attempt=self._ledger.attempts(key),
                state=CallState.STARTED,
                kind=kind,
                model=model,
                strategy=str(more.get("strategy", "")),
                round=place.round,
                node=place.node,
                epoch=self._epoch,
                request=request,
                response=None,
                error=None,
                usage=Usage(),
                started=time.time(),
                ended=None,
            )
            with self._claim.call(call) as (context, told):
                token = CURRENT.set(context)
                try:
                    value, usage = await effect()
                finally:
                    CURRENT.reset(token)
                told(value, usage)
            return value, usage

        return await self._ledger(key, request, reported, kind=kind, model=model, **more)
