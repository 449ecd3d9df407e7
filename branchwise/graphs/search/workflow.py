"""The search as a Workflow: its graph, runtime context and results."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, cast

from branchwise import models, tools
from branchwise.agents import verifiers
from branchwise.agents.planning.policy_table import PolicyTable
from branchwise.agents.planning.ucb import Weights
from branchwise.agents.prompts import Prompts
from branchwise.agents.tool_use import with_tools
from branchwise.agents.verifiers.protocol import Verifier
from branchwise.graphs.runtime.context import Run
from branchwise.graphs.runtime.events import Watch
from branchwise.graphs.runtime.journal import Journal
from branchwise.graphs.runtime.spec import RunSpec
from branchwise.graphs.runtime.tools import SharedReads
from branchwise.graphs.runtime.workflow import Workflow
from branchwise.graphs.search.fork import fork_search
from branchwise.graphs.search.plangen import CHECKPOINTED, plangen, shape, start
from branchwise.graphs.search.request import (
    SearchInput,
    check,
    check_engine,
    checked,
    imported,
    input_of,
    stored,
    task_of,
)
from branchwise.graphs.search.result import Result, Shortfall, result_of
from branchwise.graphs.search.state import Options, Reason, RunState, SearchContext, SearchEvent
from branchwise.graphs.search.verification import PendingVerdicts
from branchwise.graphs.search.workflow_arms import KIND, check_models, check_workflows, spent, worker
from branchwise.graphs.search.worth import next_sample
from branchwise.models.budget import BudgetTracker
from branchwise.models.model_options import GENERATOR, tuned
from branchwise.models.prices import stated
from branchwise.models.protocol import Model, Sampler
from branchwise.models.recorded import recorded
from branchwise.store.as_fields import as_fields
from branchwise.store.errors import BadInput
from branchwise.store.records import Json, Usage, VerifiedBy
from branchwise.store.rows import Decision, RunRecord
from branchwise.tasks.task import Task
from branchwise.tools.protocol import AgentTool

_OUTCOME = ("round", "stop", "short", "answer", "share", "confidence", "calibrated")
"""The state channels that a result is read from."""
_TOLD = frozenset({"budget", "unanswered", KIND})
"""Kinds of decisions that a replay takes over: they depend on when and how often calls were made, or on other runs."""
_MEMORY = "memory"
"""Key of the decision that records the rewards of earlier runs."""


@cache
def workflow() -> Workflow:
    """The search as a workflow."""
    return Workflow(
        name="solve",
        graph=plangen(),
        shape=shape(),
        about="Solve one problem by a search that a planner picks.",
        schema=_schema(),
        check=_check,
        check_model=_check_model,
        imports=lambda spec: imported(input_of(spec)),
        start=lambda spec: start(input_of(spec).problem),
        context=_context,
        result=_stored,
        read=lambda run_id, kept: result_of(kept),
        ended=_tell,
        summary=_summary,
        stored=stored,
        labels=_labels,
        progress=_progress,
        fork=fork_search,
        told=lambda decision: decision.key == _MEMORY or decision.kind in _TOLD,
        check_replay=_check_replay,
        compared=_compared,
        budgeted=lambda kept: result_of(kept).reason in {"budget", "accepted"},
        types=CHECKPOINTED,
        durability=lambda spec: spec.durability or input_of(spec).options.durability,
        tells=False,
        outputs=_OUTCOME,
    )


def _check(spec: RunSpec) -> None:
    check(spec)
    given = input_of(spec)
    check_workflows(spec, given.options, given.problem)


def _check_model(spec: RunSpec, engine: Model) -> None:
    given = input_of(spec)
    check_engine(given, engine)
    check_models(spec, given.options, given.problem, engine)


def _schema() -> dict[str, Any]:
    from pydantic import TypeAdapter  # noqa: PLC0415 - once a process

    return TypeAdapter(SearchInput).json_schema()


@asynccontextmanager
async def _context(spec: RunSpec, run: Run) -> AsyncIterator[SearchContext]:
    services, scorer = run.services, input_of(spec).options.scorer
    price = stated(spec.model_options.price)
    sample = recorded(services.engine, services.ledger, services.tracker, price=price)
    sample.relearn(services.ledger.answers())
    services.ledger.failures.keep(after=services.journal.last_unanswered())
    reward = models.load(f"scorer:{scorer}", stored=True) if scorer else None
    score = sample if reward is None else recorded(reward, services.ledger, services.tracker)
    async with tools.opened(input_of(spec).options.tools) as opened:
        context = context_of(
            spec,
            services.journal,
            services.tracker,
            sample,
            services.watch,
            score=score,
            offered=opened,
        )
        context = replace(
            context,
            call=SharedReads(services) if opened else None,
            work=worker(spec, run, context.options),
            forget_failures=services.ledger.failures.forget,
        )
        context.tell("opened", services.run_id)
        try:
            yield context
        finally:
            await context.pending.clear()
            if reward is not None:
                await reward.aclose()


def _stored(state: RunState, context: SearchContext, run: Run) -> Json:
    usage = run.services.ledger.bill.usage + spent(context.journal)
    result = result_of_state(run.id, state, context, usage)
    short = None if result.shortfall is None else as_fields(result.shortfall)
    return cast("Json", {**as_fields(result), "usage": as_fields(result.usage), "shortfall": short})


def _compared(kept: Json) -> dict[str, Any]:
    """What a replay compares; runs of older versions were not told what one more sample is worth."""
    fields = as_fields(result_of(kept))
    return {name: value for name, value in fields.items() if not name.startswith("next_")}


def _tell(context: SearchContext, result: Result) -> None:
    context.tell("ended", result.reason, round_=result.rounds, count=result.nodes)


def _summary(result: Result) -> str:
    return "solved" if result.solved else f"not solved ({result.reason})"


def _labels(spec: RunSpec) -> tuple[str, str]:
    given = input_of(spec)
    return given.task, given.options.strategy


def _progress(event: SearchEvent) -> str:
    if event.kind != "judged":
        return ""
    return f"round {event.round}: best score {'none' if event.best is None else f'{event.best:.2f}'}"


def _check_replay(run: RunRecord, decisions: Sequence[Decision]) -> None:
    if any(decision.kind == "race" for decision in decisions):
        raise BadInput(
            "Which calls a race cancelled depended on which reply came first: such a run cannot be replayed."
        )


def context_of(
    spec: RunSpec,
    journal: Journal,
    tracker: BudgetTracker,
    sample: Sampler,
    watch: Watch,
    *,
    score: Sampler | None = None,
    offered: Sequence[AgentTool] = (),
) -> SearchContext:
    """Build the SearchContext of a run; without `score`, `sample` stands in for the reward model."""
    request = input_of(spec)
    task = task_of(request, sample.capabilities)
    if offered:
        task = with_tools(task, offered)
    sample, warmth = tuned(sample, spec.model_options), spec.model_options.temperature_of(GENERATOR)
    options = request.options if warmth is None else replace(request.options, temperature=warmth)
    prompts = Prompts(folder=Path(spec.prompts) if spec.prompts else None)
    return SearchContext(
        task=task,
        sample=sample,
        pending=PendingVerdicts(_verifier(task, sample, score or sample, prompts, options)),
        checked=checked(task, options),
        policy=PolicyTable.loads(request.policy) if request.policy else PolicyTable(),
        journal=journal,
        tracker=tracker,
        prompts=prompts,
        options=options,
        seed=spec.seed,
        watch=watch,
        weights=Weights().without(*options.without),
    )


def _verifier(task: Task, sample: Sampler, score: Sampler, prompts: Prompts, options: Options) -> Verifier:
    named = "llm" if options.verifier == "auto" else options.verifier
    return verifiers.load(
        "program" if checked(task, options) else named,
        task=task,
        sample=sample,
        score=score,
        prompts=prompts,
        threshold=options.threshold,
        judgements=options.judgements,
    )


def result_of_state(run_id: str, state: RunState, context: SearchContext, usage: Usage) -> Result:
    """The Result of a run whose graph has ended."""
    tree = context.journal.tree_before(state["round"] + 1)
    node = tree[state["answer"]] if state["answer"] else None
    given = None if state["stop"] == "abstained" else node
    worth = None if node is not None and node.accepted else next_sample(tree, context)
    return Result(
        run_id=run_id,
        solved=given is not None and given.accepted,
        reason=cast("Reason", state["stop"]),
        answer=given.answer if given else None,
        text=tree.text(given.id) if given else "",
        score=node.score if node else None,
        share=state["share"],
        confidence=state["confidence"],
        calibrated=state["calibrated"],
        next_sample=None if worth is None else worth.value,
        next_basis="" if worth is None else worth.basis,
        verified_by=node.verified_by if node else VerifiedBy.NONE,
        node=node.id if node else None,
        nodes=len(tree) - 1,
        rounds=state["round"],
        usage=usage,
        seconds=context.tracker.elapsed,
        shortfall=Shortfall(**state["short"]) if state["short"] and state["stop"] == "budget" else None,
        notes=context.tracker.noted(),
    )
