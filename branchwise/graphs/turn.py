"""Turn one claimed run's graph until it ends, from its last checkpoint or from the start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import cast

from langchain_core.runnables import RunnableConfig

from branchwise.agents.models.recorded import recorded
from branchwise.agents.prompts import Prompts
from branchwise.agents.protocols import Model, Sampler, Task
from branchwise.agents.purse import Purse
from branchwise.agents.ucb import Arm, Record
from branchwise.agents.verifiers.llm import llm
from branchwise.agents.verifiers.program import program
from branchwise.agents.verifiers.protocol import Verifier
from branchwise.graphs import tasks
from branchwise.graphs.notebook import Notebook
from branchwise.graphs.plangen import plangen, start
from branchwise.graphs.request import Request
from branchwise.graphs.result import Result
from branchwise.graphs.state import Desk, Event, Options, Reason, RunState
from branchwise.store.records import Constraints, Json, Node, Vouch
from branchwise.store.rows import OnChange
from branchwise.store.saver import SQLAlchemySaver
from branchwise.store.store import Lease, Store

_STEPS = 1_000_000
_CHECKPOINTED = (Constraints, Record, Arm)
"""The types of ours that a checkpoint may hold; the saver builds no others."""


async def turn(
    db: Store,
    lease: Lease,
    request: Request,
    engine: Model,
    watch: Callable[[Event], None],
    *,
    on_change: OnChange | None = None,
) -> Result:
    """Run the graph from its last checkpoint, or from the start when there is none.

    Args:
        db: Where the run is.
        lease: The claim on it.
        request: What was asked.
        engine: What answers.
        watch: Called with each Event.
        on_change: What to do when a recorded call's request has changed; by default as the run was created.
    """
    async with db.held(lease):
        notebook = await Notebook.open(db, lease)
        ledger = await db.ledger(lease, on_change)
        purse = Purse(
            request.budget, ledger.usage, samples=len(notebook.tree) - 1, elapsed=await db.elapsed(lease)
        )
        task = tasks.load(request.task)
        prompts = Prompts(folder=Path(request.prompts) if request.prompts else None)
        sample = recorded(engine, ledger, purse)
        desk = Desk(
            task=task,
            sample=sample,
            verifier=_verifier(task, sample, prompts, request.options),
            notebook=notebook,
            purse=purse,
            prompts=prompts,
            options=request.options,
            seed=request.seed,
            watch=watch,
        )
        desk.tell("opened", lease.run_id)
        graph = plangen(SQLAlchemySaver(db.database, allow=_CHECKPOINTED, guard=lease.guard))
        config: RunnableConfig = {"configurable": {"thread_id": lease.run_id}, "recursion_limit": _STEPS}
        begun = lease.epoch > 1 and (await graph.aget_state(config)).created_at is not None
        state = await graph.ainvoke(
            None if begun else start(request.problem),
            config,
            context=desk,
            durability=request.options.durability,
        )
        result = _result(lease.run_id, cast("RunState", state), notebook, purse)
        await db.finish(lease, cast("Json", asdict(result)))
        desk.tell("ended", result.reason, round_=result.rounds, nodes=result.nodes)
    return result


def _verifier(task: Task, sample: Sampler, prompts: Prompts, options: Options) -> Verifier:
    kind = options.verifier
    if kind == "auto":
        kind = "llm" if task.check is None else "program"
    return program(task) if kind == "program" else llm(sample, task, prompts, threshold=options.threshold)


def _result(run_id: str, state: RunState, notebook: Notebook, purse: Purse) -> Result:
    tree = notebook.before(state["round"] + 1)
    best: Node | None = tree.best
    return Result(
        run_id=run_id,
        solved=best is not None and best.accepted,
        reason=cast("Reason", state["stop"]),
        answer=best.answer if best else None,
        text=tree.text(best.id) if best else "",
        score=best.score if best else None,
        vouch=best.vouch if best else Vouch.NOTHING,
        node=best.id if best else None,
        nodes=len(tree) - 1,
        rounds=state["round"],
        usage=purse.spent,
        seconds=purse.elapsed,
    )
