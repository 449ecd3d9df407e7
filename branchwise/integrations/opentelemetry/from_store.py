"""Spans of a run, built from its record after the fact.

Each claim of a run is one trace, linked to that of the claim before it; a call is a span of the claim that made it,
and of no other, however often the run was resumed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from branchwise.integrations.opentelemetry.calls import Recorded, spans_of_calls
from branchwise.integrations.opentelemetry.claims import LOST, Claim, claims
from branchwise.integrations.opentelemetry.conventions import CONVERSATION, ERROR, OPERATION, openinference
from branchwise.integrations.opentelemetry.describe import OPENINFERENCE
from branchwise.integrations.opentelemetry.spans import AttributeValue, Span
from branchwise.store.errors import BadInput
from branchwise.store.rows import RunRecord, Status
from branchwise.store.store import Store
from branchwise.store.trace_context import TraceContext, parse, span_of, trace_of
from branchwise.store.traced import PARENT, TRACED, header


async def spans(store: Store, run_id: str, also: Collection[str] = ()) -> list[Span]:
    """The spans of a run and its sub-runs, oldest trace first.

    Args:
        store: Where the run is.
        run_id: Its id.
        also: Of `ALSO`: OpenInference's attributes, the words of prompts and replies.

    Raises:
        UnknownName: There is no such run.
        BadInput: No claim of it is over yet.
    """
    run = await store.run(run_id)
    found, roots = await _spans_of(store, run, frozenset(also), None)
    if not roots:
        raise BadInput(
            f"The run `{run.id}` has not been worked on, or its first worker still has it: export it when it is over."
        )
    return found


_Roots = list[tuple[Claim, Span]]


async def _spans_of(
    store: Store, run: RunRecord, also: Collection[str], above: _Roots | None
) -> tuple[list[Span], _Roots]:
    events, calls = await store.events(run.id), await store.calls(run.id)
    callers = {
        one.epoch: parse(told) for one in events if one.kind == TRACED and (told := header(one.data, PARENT))
    }
    record = Recorded(run=run, calls=calls, verdicts=await store.verdicts(run.id), also=frozenset(also))
    roots: _Roots = []
    found: list[Span] = []
    for claim in claims(run, events, calls):
        parent = callers.get(claim.epoch) if above is None else _parent(claim, above)
        root = _root(run, claim, parent, roots[-1][1].context if roots else None, also)
        roots.append((claim, root))
        found += [root, *spans_of_calls(record, claim, root.context)]
    for child in await _children(store, run.id):
        found += (await _spans_of(store, child, also, roots))[0]
    return found, roots


async def _children(store: Store, run_id: str) -> list[RunRecord]:
    below = [await store.run(one) for one in await store.below(run_id)]
    return [one for one in below if one.parent == run_id]


def _parent(claim: Claim, above: Sequence[tuple[Claim, Span]]) -> TraceContext | None:
    """The claim of the parent run during which a sub-run was worked on."""
    began = [root.context for one, root in above if one.began <= claim.began]
    return began[-1] if began else None


def _root(
    run: RunRecord,
    claim: Claim,
    parent: TraceContext | None,
    before: TraceContext | None,
    also: Collection[str],
) -> Span:
    name = workflow_name(run)
    trace = parent.trace_id if parent is not None else trace_of(run.id, claim.epoch)
    failed = claim.outcome in {LOST, Status.FAILED}
    attributes = {**claim_attributes(run, claim.epoch, also), **ended_attributes(run, claim.outcome)}
    return Span(
        context=TraceContext(trace, span_of(run.id, claim.epoch)),
        parent=None if parent is None else parent.span_id,
        name=f"invoke_workflow {name}",
        began=claim.began,
        ended=claim.ended,
        attributes={**attributes, **({ERROR: claim.outcome} if failed else {})},
        links=() if before is None else (before,),
        error=claim.outcome if failed else None,
    )


def claim_attributes(run: RunRecord, epoch: int, also: Collection[str]) -> dict[str, AttributeValue]:
    """What a span says about a claim when it begins."""
    found: dict[str, AttributeValue] = {
        OPERATION: "invoke_workflow",
        "gen_ai.workflow.name": workflow_name(run),
        CONVERSATION: run.id,
        "branchwise.run.id": run.id,
        "branchwise.epoch": epoch,
    }
    for name in ("task", "strategy", "parent", "forked_from"):
        if value := getattr(run, name):
            found[f"branchwise.{name}"] = value
    return found | (openinference("CHAIN", found, None, None) if OPENINFERENCE in also else {})


def ended_attributes(run: RunRecord, outcome: str) -> dict[str, AttributeValue]:
    """What a span says about a claim when it is over, and about the result if the run is done."""
    found: dict[str, AttributeValue] = {"branchwise.outcome": outcome}
    result = run.result if outcome == Status.DONE and isinstance(run.result, Mapping) else {}
    for name in ("verified_by", "score"):
        value = result.get(name)
        if isinstance(value, str | int | float):
            found[f"branchwise.{name}"] = value
    return found


def workflow_name(run: RunRecord) -> str:
    """`branchwise/STRATEGY` of a search, else the workflow's own name."""
    if run.workflow in {None, "solve"} and run.strategy:
        return f"branchwise/{run.strategy}"
    return run.workflow or run.task
