"""Live spans of runs, behind OpenTelemetry's API (extra `otel`): the SDK and its exporters are the user's.

    from branchwise.integrations.opentelemetry.live import instrument
    instrument()                    # spans of all runs of this process go to the global tracer provider

`opentelemetry-instrument branchwise worker` does the same on the command line.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import version

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
)

from branchwise.graphs.runtime import tracing
from branchwise.graphs.runtime.tracing import Told
from branchwise.integrations.opentelemetry.calls import agent_attributes, turn_of
from branchwise.integrations.opentelemetry.conventions import ERROR, SCHEMA
from branchwise.integrations.opentelemetry.describe import ALSO, CONTENT, describe
from branchwise.integrations.opentelemetry.from_store import (
    claim_attributes,
    ended_attributes,
    workflow_name,
)
from branchwise.store.errors import UnknownName
from branchwise.store.records import Json, Usage
from branchwise.store.rows import CallRecord, CallState, RunRecord
from branchwise.store.rows import Status as RunStatus
from branchwise.store.trace_context import TraceContext

_CAPTURE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
_FINE = frozenset({RunStatus.DONE, RunStatus.WAITING, "handed back"})
"""Outcomes of a claim that are no error."""


def instrument(provider: trace.TracerProvider | None = None, also: Collection[str] = ()) -> None:
    """Report the runs of this process as spans from now on.

    Args:
        provider: The tracer provider; by default the global one.
        also: "openinference" for its attributes, "content" for the words of prompts and replies, which the environment
            variable OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true asks for, too.

    Raises:
        UnknownName: `also` names something else.
    """
    for name in also:
        if name not in ALSO:
            raise UnknownName("addition", name, ALSO)
    told = {CONTENT} if os.environ.get(_CAPTURE, "").lower() == "true" else set[str]()
    tracer = trace.get_tracer("branchwise", version("branchwise"), provider, SCHEMA)
    tracing.install(_Live(tracer, frozenset(told | set(also))))


def uninstrument() -> None:
    """Report no more."""
    tracing.install(None)


class _Live:
    def __init__(self, tracer: trace.Tracer, also: frozenset[str]) -> None:
        self._tracer, self._also = tracer, also

    @contextmanager
    def claim(
        self, run: RunRecord, epoch: int, parent: TraceContext | None, before: TraceContext | None
    ) -> Iterator[_Claim]:
        """Report a claim: below the current span if there is one, else below the caller's, else as a new trace."""
        context: Context | None = (
            Context() if parent is None else trace.set_span_in_context(_remote(parent), Context())
        )
        if trace.get_current_span().get_span_context().is_valid:
            context = None
        span = self._tracer.start_span(
            f"invoke_workflow {workflow_name(run)}",
            context,
            attributes=claim_attributes(run, epoch, self._also),
            links=[] if before is None else [Link(_remote(before).get_span_context())],
        )
        claim = _Claim(self._tracer, run, span, self._also)
        with trace.use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False):
            try:
                yield claim
            finally:
                claim.close()


class _Claim:
    def __init__(self, tracer: trace.Tracer, run: RunRecord, span: Span, also: frozenset[str]) -> None:
        self.context, self.outcome = _context(span), ""
        self._tracer, self._also = tracer, also
        self._run, self._span = run, span
        self._agents: dict[tuple[str, str], Span] = {}
        self._ends: dict[tuple[str, str], int] = {}

    def close(self) -> None:
        """End the agents' spans with their last calls, and say how the claim ended."""
        for turn, agent in self._agents.items():
            agent.end(self._ends.get(turn))
        self._span.set_attributes(ended_attributes(self._run, self.outcome))
        if self.outcome not in _FINE:
            _fail(self._span, self.outcome)

    @contextmanager
    def call(self, call: CallRecord) -> Iterator[tuple[TraceContext, Told]]:
        """Report a call below its agent's span."""
        turn = turn_of(self._run, call.key)
        about = describe(self._run, call, self._also, ended=False)
        span = self._tracer.start_span(
            about.name,
            trace.set_span_in_context(self._agent(turn)),
            kind=SpanKind.CLIENT if call.kind == "model" else SpanKind.INTERNAL,
            attributes=dict(about.attributes),
        )

        def told(value: Json, usage: Usage) -> None:
            done = replace(call, state=CallState.DONE, response=value, usage=usage)
            span.set_attributes(dict(describe(self._run, done, self._also).attributes))

        with trace.use_span(span, record_exception=False, set_status_on_exception=False):
            try:
                yield _context(span), told
            except BaseException as error:
                _fail(span, type(error).__name__)
                raise
            finally:
                self._ends[turn] = end = time.time_ns()
                span.end(end)

    def _agent(self, turn: tuple[str, str]) -> Span:
        if turn not in self._agents:
            place, agent = turn
            self._agents[turn] = self._tracer.start_span(
                f"invoke_agent {agent}",
                trace.set_span_in_context(self._span),
                attributes=agent_attributes(self._run, place, agent, self._also),
            )
        return self._agents[turn]


def _fail(span: Span, kind: str) -> None:
    span.set_attribute(ERROR, kind)
    span.set_status(Status(StatusCode.ERROR, kind))


def _context(span: Span) -> TraceContext:
    known = span.get_span_context()
    return TraceContext(f"{known.trace_id:032x}", f"{known.span_id:016x}", sampled=known.trace_flags.sampled)


def _remote(trace_context: TraceContext) -> NonRecordingSpan:
    flags = TraceFlags(TraceFlags.SAMPLED if trace_context.sampled else TraceFlags.DEFAULT)
    known = SpanContext(
        int(trace_context.trace_id, 16), int(trace_context.span_id, 16), is_remote=True, trace_flags=flags
    )
    return NonRecordingSpan(known)
