"""Turn one claimed run's graph until it ends, from its last checkpoint or from the start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

from langchain_core.runnables import RunnableConfig

from branchwise import models
from branchwise.agents import verifiers
from branchwise.agents.planning.policy_table import PolicyTable
from branchwise.agents.planning.ucb import Weights
from branchwise.agents.prompts import Prompts
from branchwise.agents.verifiers.protocol import Verifier
from branchwise.graphs.runtime.journal import Journal
from branchwise.graphs.search.plangen import CHECKPOINTED, Plangen, plangen, shape, start
from branchwise.graphs.search.request import RunSpec, checked, task_of
from branchwise.graphs.search.result import Result
from branchwise.graphs.search.state import Event, Options, Reason, RunState, SearchContext
from branchwise.graphs.search.verification import PendingVerdicts
from branchwise.models.budget import BudgetTracker
from branchwise.models.model_options import GENERATOR, tuned
from branchwise.models.protocol import Model, Sampler
from branchwise.models.recorded import recorded
from branchwise.store.as_fields import as_fields
from branchwise.store.checkpoints.fresh import FreshSaver
from branchwise.store.checkpoints.saver import SQLAlchemySaver
from branchwise.store.errors import LeaseLost
from branchwise.store.records import Json, Usage, VerifiedBy
from branchwise.store.rows import OnChange
from branchwise.store.store import Lease, Store
from branchwise.tasks.task import Task

STEPS = 1_000_000
"""LangGraph's limit on steps, which shall never be reached: the search has limits of its own."""
ENGINE = "engine"
"""Key of the decision that says what answered."""
_OUTCOME = ("round", "stop", "answer", "confidence", "calibrated")
"""What of the state is looked at when the graph has ended."""


async def execute(
    db: Store,
    lease: Lease,
    request: RunSpec,
    engine: Model,
    watch: Callable[[Event], None],
    *,
    on_change: OnChange | None = None,
    shared: BudgetTracker | None = None,
) -> Result:
    """Run the graph of a run that is held, from its last checkpoint or from the start when there is none.

    Args:
        db: Where the run is.
        lease: The claim on it.
        request: What was asked.
        engine: What answers.
        watch: Called with each Event.
        on_change: What to do when a recorded call's request has changed; by default as the run was created.
        shared: What the run may spend together with others.
    """
    journal = await Journal.open(db, lease, ahead=True)
    ledger = await db.ledger(lease, on_change)
    tracker = BudgetTracker(request.budget, ledger.bill.usage, elapsed=lease.elapsed, parent=shared)
    scorer = (
        models.load(f"scorer:{request.options.scorer}", stored=True) if request.options.scorer else engine
    )
    sample = recorded(engine, ledger, tracker)
    score = sample if scorer is engine else recorded(scorer, ledger, tracker)
    context = context_of(request, journal, tracker, sample, watch, score=score)
    context.tell("opened", lease.run_id)
    saver = FreshSaver if lease.fresh else SQLAlchemySaver
    checkpointer = saver(db.database, allow=CHECKPOINTED, guard=lease.guard)
    graph = plangen(checkpointer)
    config: RunnableConfig = {
        "configurable": {"thread_id": lease.run_id},
        "metadata": {"graph": shape()},
        "recursion_limit": STEPS,
    }
    begun = lease.epoch > 1 and await _begun(graph, config, checkpointer)
    await note_engine(journal, engine)  # a replay has no model that could tell what it can do
    try:
        state = await graph.ainvoke(
            None if begun else start(request.problem),
            config,
            context=context,
            durability=request.options.durability,
            output_keys=_OUTCOME,
        )
    except LeaseLost:
        await journal.kept()  # raises what was refused, if that is why
        raise
    finally:
        await context.pending.clear()
        if scorer is not engine:
            await scorer.aclose()
    await journal.kept()
    result = result_of_state(lease.run_id, cast("RunState", state), context, ledger.bill.usage)
    await db.finish(lease, {**as_fields(result), "usage": as_fields(result.usage)})
    context.tell("ended", result.reason, round_=result.rounds, nodes=result.nodes)
    return result


async def _begun(graph: Plangen, config: RunnableConfig, saver: SQLAlchemySaver) -> bool:
    """Whether there is a checkpoint to go on from; one of another version's graph is dropped.

    The graph then begins anew and finds its calls in the ledger, its decisions and its nodes in their rows.
    """
    last = await graph.aget_state(config)
    if last.created_at is None:
        return False
    if (last.metadata or {}).get("graph") == shape():
        return True
    await saver.adelete_thread(config["configurable"]["thread_id"])
    return False


async def note_engine(journal: Journal, engine: Model) -> None:
    """Keep what answers and what it can do, as a decision of the run."""

    async def noted() -> Json:
        return {"name": engine.name, "capabilities": as_fields(engine.capabilities)}

    await journal.once(ENGINE, "engine", noted)


def context_of(
    request: RunSpec,
    journal: Journal,
    tracker: BudgetTracker,
    sample: Sampler,
    watch: Callable[[Event], None],
    *,
    score: Sampler | None = None,
) -> SearchContext:
    """Lay out what a run works with; without `score`, `sample` answers for a reward model too."""
    task = task_of(request, sample.capabilities)
    sample, warmth = tuned(sample, request.model_options), request.model_options.temperature_of(GENERATOR)
    options = request.options if warmth is None else replace(request.options, temperature=warmth)
    prompts = Prompts(folder=Path(request.prompts) if request.prompts else None)
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
        seed=request.seed,
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
    """Say how a run ended whose graph has come to its end."""
    tree = context.journal.before(state["round"] + 1)
    node = tree[state["answer"]] if state["answer"] else None
    given = None if state["stop"] == "abstained" else node
    return Result(
        run_id=run_id,
        solved=given is not None and given.accepted,
        reason=cast("Reason", state["stop"]),
        answer=given.answer if given else None,
        text=tree.text(given.id) if given else "",
        score=node.score if node else None,
        confidence=state["confidence"],
        calibrated=state["calibrated"],
        verified_by=node.verified_by if node else VerifiedBy.NONE,
        node=node.id if node else None,
        nodes=len(tree) - 1,
        rounds=state["round"],
        usage=usage,
        seconds=context.tracker.elapsed,
    )
