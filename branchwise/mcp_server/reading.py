"""Read runs from the store as results of tools."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from branchwise.graphs import strategies
from branchwise.graphs.runtime.answer import open_questions
from branchwise.graphs.runtime.spec import spec_of
from branchwise.graphs.search.finalists import finalists
from branchwise.graphs.search.needs import lacks
from branchwise.graphs.search.request import input_of
from branchwise.graphs.search.result import Result, result_of
from branchwise.mcp_server.results import (
    Explanation,
    OpenQuestion,
    RunAnswer,
    RunDecision,
    RunStanding,
    StrategyDescription,
    StrategyList,
    TreeNode,
)
from branchwise.models.protocol import Capabilities
from branchwise.server.serving import Serving
from branchwise.store.errors import NoAnswer
from branchwise.store.records import Node
from branchwise.store.rows import RunRecord, Status

_MOST = 100
"""Nodes and decisions of an explanation."""
_CUT = 200
"""Characters of a node's text in a tree."""
_SEARCHES = frozenset({None, "solve"})


async def state_of(serving: Serving, run: RunRecord) -> RunStanding:
    """Where a run stands."""
    usage = await serving.store.usage(run.id, below=True)
    return RunStanding(
        run_id=run.id,
        status=run.status,
        workflow=run.workflow or "solve",
        task=run.task,
        strategy=run.strategy,
        forked_from=run.forked_from,
        created=run.created,
        seconds=run.elapsed,
        tokens=usage.prompt_tokens + usage.completion_tokens,
        calls=usage.calls,
        cost=usage.cost,
        questions=[
            OpenQuestion(key=one.key, question=one.question, answer_schema=one.schema)
            for one in open_questions(run)
        ],
        error=run.error,
    )


async def answer_of(serving: Serving, run: RunRecord) -> RunAnswer:
    """The result of a stored run."""
    if run.status is not Status.DONE:
        return RunAnswer(run_id=run.id, status=run.status, note=run.error)
    if run.workflow in _SEARCHES:
        return await _search_answer(serving, run, result_of(run.result))
    usage = await serving.store.usage(run.id, below=True)
    output = run.result.get("output") if isinstance(run.result, Mapping) else run.result
    return RunAnswer(
        run_id=run.id,
        status=run.status,
        output=output,
        tokens=usage.prompt_tokens + usage.completion_tokens,
        calls=usage.calls,
        cost=None if usage.unpriced else usage.cost,
    )


async def _search_answer(serving: Serving, run: RunRecord, result: Result) -> RunAnswer:
    usage, tree = result.usage, await serving.store.nodes(run.id)
    known: dict[str, Any] = {
        "run_id": run.id,
        "status": run.status,
        "reason": result.reason,
        "tokens": usage.prompt_tokens + usage.completion_tokens,
        "calls": usage.calls,
        "cost": None if usage.unpriced else usage.cost,
    }
    try:
        [best] = finalists(input_of(spec_of(run.spec)), result, tree, 1)
    except NoAnswer as none:
        return RunAnswer(**known, note=str(none))
    return RunAnswer(
        **known,
        answer=best.text,
        solved=result.solved,
        verified_by=result.verified_by,
        score=result.score,
        confidence=result.confidence,
        strategy=tree[best.node].strategy or run.strategy,
    )


async def explanation_of(serving: Serving, run: RunRecord, most: int = _MOST) -> Explanation:
    """A run's decisions and its tree."""
    decisions, tree = await serving.store.decisions(run.id), list(await serving.store.nodes(run.id))
    left_out = sum(max(0, len(found) - most) for found in (decisions, tree))
    return Explanation(
        run_id=run.id,
        status=run.status,
        decisions=[RunDecision(key=one.key, kind=one.kind, payload=one.payload) for one in decisions[:most]],
        nodes=[_node(one) for one in tree[:most]],
        left_out=left_out,
    )


def _node(node: Node) -> TreeNode:
    return TreeNode(
        id=node.id,
        parent=node.parent,
        strategy=node.strategy,
        text=node.text if len(node.text) <= _CUT else f"{node.text[:_CUT]}...",
        complete=node.complete,
        score=node.score,
        accepted=node.accepted,
        verified_by=node.verified_by,
        failed=node.failed,
    )


def catalogue(can: Capabilities) -> StrategyList:
    """The strategies, each with what a model lacks for it."""
    return StrategyList(
        strategies=[
            StrategyDescription(
                name=one.name,
                summary=one.summary,
                paper=one.info.paper,
                knobs=dict(one.knobs),
                lacks=sorted(lacks(one.name, can)),
            )
            for one in strategies.catalogue()
        ]
    )
