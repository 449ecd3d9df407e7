"""Spans of a claim's calls, below spans of the agents that made them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from branchwise.integrations.opentelemetry import conventions as names
from branchwise.integrations.opentelemetry.claims import Claim
from branchwise.integrations.opentelemetry.describe import CONTENT, OPENINFERENCE, describe
from branchwise.integrations.opentelemetry.spans import AttributeValue, Span, SpanEvent
from branchwise.store.records import NodeId, Verdict
from branchwise.store.rows import CallRecord, CallState, RunRecord
from branchwise.store.trace_context import TraceContext, span_of

_ADOPTED_SECONDS = 1e-4
"""A call that took less was not made but taken over from the run that this one was forked from."""
_ROUND = re.compile(r"^(?:.*?/)?r\d+(?=/)")
_SEARCHES = frozenset({None, "solve", "web"})
"""Workflows whose keys end with the agent; those of others begin with the node."""


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """What spans are built from."""

    run: RunRecord
    calls: Sequence[CallRecord]
    verdicts: Sequence[tuple[NodeId, Verdict]]
    also: frozenset[str]

    @cached_property
    def made(self) -> list[CallRecord]:
        """The calls that this run made itself; a sub-run has spans of its own."""
        forked = self.run.forked_from is not None
        return [call for call in self.calls if call.kind != "run" and not (forked and _adopted(call))]


def _adopted(call: CallRecord) -> bool:
    taken = call.ended is not None and call.ended - call.started < _ADOPTED_SECONDS
    return call.state is CallState.DONE and taken and not call.usage.calls


def spans_of_calls(record: Recorded, claim: Claim, root: TraceContext) -> Iterator[Span]:
    """The spans of the calls of a claim, each agent's turn before its calls."""
    turns: dict[tuple[str, str], list[CallRecord]] = {}
    for call in record.made:
        if call.epoch == claim.epoch:
            turns.setdefault(turn_of(record.run, call.key), []).append(call)
    judged = _judged(record)
    for (place, agent), calls in turns.items():
        context = replace(root, span_id=span_of(record.run.id, claim.epoch, place, agent))
        ends = [_end(call, claim) for call in calls]
        yield Span(
            context=context,
            parent=root.span_id,
            name=f"invoke_agent {agent}",
            began=min(call.started for call in calls),
            ended=max(ends),
            attributes=agent_attributes(record.run, place, agent, record.also),
        )
        for call, end in zip(calls, ends, strict=True):
            yield _span(record, call, end, context, judged.get((call.key, call.attempt), ()))


def agent_attributes(
    run: RunRecord, place: str, agent: str, also: Collection[str]
) -> dict[str, AttributeValue]:
    """What a span says about an agent's turn."""
    found: dict[str, AttributeValue] = {
        names.OPERATION: "invoke_agent",
        "gen_ai.agent.name": agent,
        names.CONVERSATION: run.id,
    }
    if OPENINFERENCE in also:
        found |= names.openinference("AGENT", found, None, None)
        found |= {"graph.node.id": f"{place}/{agent}", "graph.node.name": agent}
    return found


def turn_of(run: RunRecord, key: str) -> tuple[str, str]:
    """Where an agent acted, and its name: a round of a search, or a visit of a node."""
    parts = key.split("/")
    if run.workflow in _SEARCHES:
        agent = next((part for part in reversed(parts) if not part.isdigit()), parts[-1])
        found = _ROUND.match(key)
        return (found[0] if found else parts[0]), agent
    return "/".join(parts[:2]), parts[0].partition(".")[0]


def _end(call: CallRecord, claim: Claim) -> float:
    return claim.ended if call.ended is None else call.ended


def _span(
    record: Recorded,
    call: CallRecord,
    end: float,
    agent: TraceContext,
    judged: Sequence[tuple[NodeId, Verdict]],
) -> Span:
    told = describe(record.run, call, record.also)
    return Span(
        context=replace(agent, span_id=span_of(record.run.id, call.epoch, call.key, call.attempt)),
        parent=agent.span_id,
        name=told.name,
        kind=told.kind,
        began=call.started,
        ended=max(end, call.started),
        attributes=told.attributes,
        events=tuple(_evaluation(one, end, words=CONTENT in record.also) for one in judged),
        error=told.error,
    )


def _judged(record: Recorded) -> dict[tuple[str, int], list[tuple[NodeId, Verdict]]]:
    """Verdicts by the last call that sampled below the judged node's parent."""
    sampled: dict[NodeId, tuple[str, int]] = {}
    for call in record.made:
        if call.node is not None and call.state is CallState.DONE:
            sampled[call.node] = (call.key, call.attempt)
    found: dict[tuple[str, int], list[tuple[NodeId, Verdict]]] = {}
    for node, verdict in record.verdicts:
        at = sampled.get(node.rpartition(".")[0])
        if at is not None:
            found.setdefault(at, []).append((node, verdict))
    return found


def _evaluation(judged: tuple[NodeId, Verdict], at: float, *, words: bool) -> SpanEvent:
    node, verdict = judged
    found: dict[str, AttributeValue] = {
        "gen_ai.evaluation.name": verdict.verifier,
        "gen_ai.evaluation.score.label": "accepted" if verdict.accepted else "not accepted",
        "branchwise.node": node,
        "branchwise.verified_by": str(verdict.verified_by),
    }
    if verdict.score is not None:
        found["gen_ai.evaluation.score.value"] = float(verdict.score)
    if words and verdict.feedback:
        found["gen_ai.evaluation.explanation"] = verdict.feedback
    return SpanEvent(name=names.EVALUATION, at=at, attributes=found)
