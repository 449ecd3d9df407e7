"""Execution of a run of any workflow: fresh, resumed, queued or a sub-run."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import AsyncExitStack
from copy import copy
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

from langchain_core.runnables import RunnableConfig
from langgraph.types import Command, Interrupt
from pydantic_core import to_jsonable_python

from branchwise.agents.prompts import Prompts
from branchwise.graphs.runtime.context import Run
from branchwise.graphs.runtime.events import Event, Watch, quiet
from branchwise.graphs.runtime.journal import Journal
from branchwise.graphs.runtime.nodes import STOPPED
from branchwise.graphs.runtime.places import Places
from branchwise.graphs.runtime.questions import Question, answer_of, interrupt_key, waiting_json, wake_at
from branchwise.graphs.runtime.result import RunResult
from branchwise.graphs.runtime.saver import RunSaver
from branchwise.graphs.runtime.services import RunServices
from branchwise.graphs.runtime.spec import RunSpec
from branchwise.graphs.runtime.subruns import run_child, usage_below
from branchwise.graphs.runtime.tape import Tape
from branchwise.graphs.runtime.tracing import traced
from branchwise.graphs.runtime.workflow import Graph, Workflow
from branchwise.models.budget import BudgetTracker
from branchwise.models.protocol import Model
from branchwise.store.as_fields import as_fields
from branchwise.store.errors import Damaged, LeaseLost
from branchwise.store.foreign import passed_callers_code, place
from branchwise.store.ledger import Ledger
from branchwise.store.records import Budget, Usage
from branchwise.store.rows import OnChange, Status
from branchwise.store.store import Lease, Store

RECURSION_LIMIT = 1_000_000
"""Steps after which LangGraph stops a graph. It takes no None, and its default of 25 would end long runs, which budgets
limit instead."""
ENGINE = "engine"
"""Key of the decision that says which model answered, and what it can do."""


_WRONG_KIND = (AttributeError, LookupError, OverflowError, RecursionError, TypeError, ValueError)
"""What a value of the wrong kind raises where it is used."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Execution:
    """Parameters of one execution of a run, besides its workflow and its request."""

    store: Store
    lease: Lease
    engine: Model
    load: Callable[[str], Workflow]
    """Finds the workflows of sub-runs."""
    admit: Callable[[Collection[str]], None] = lambda modules: None
    """Refuses modules that a sub-run's row names and that must not be imported here."""
    watch: Watch = quiet
    on_change: OnChange | None = None
    """Policy if a recorded call's request has changed; by default as the run was created."""
    shared: BudgetTracker | None = None
    """A budget that several runs share."""
    tape: Tape | None = None
    """The recorded calls of a replay, in the ledger's place."""
    from_start: bool = False
    """Whether to drop the checkpoint, so that every call is checked against the ledger."""


@dataclass(slots=True)
class _Ended:
    """The last values that LangGraph streamed."""

    state: Any = None
    interrupts: tuple[Interrupt, ...] = ()


async def execute(how: Execution, workflow: Workflow, spec: RunSpec) -> RunResult:
    """Execute a claimed run from its last checkpoint or its start, until it ends or waits for a person.

    Raises:
        BudgetSpent: The run's budget is spent; it can be resumed with more.
        LeaseLost: It was cancelled, or another worker has it.
        RequestChanged: Its code makes a request that differs from the recorded one.
        Damaged: It is a resumed run of branchwise's own workflows, and its rows hold what these never write.
    """
    try:
        return await _executed(how, workflow, spec)
    except _WRONG_KIND as error:
        if how.lease.fresh or workflow.read is None or passed_callers_code(error):
            raise  # nothing was read from rows, or the code is the user's: a workflow, a Model, an Environment
        raise Damaged(
            f"The run `{how.lease.run_id}` cannot be resumed: its rows hold a value of the wrong kind "
            f"({type(error).__name__}: {str(error)[:200]}, {place(error)}). If nothing else wrote to the database, "
            "this is a fault of branchwise: please report it."
        ) from error


async def _executed(how: Execution, workflow: Workflow, spec: RunSpec) -> RunResult:
    store, lease = how.store, how.lease
    journal = await Journal.open(store, lease, ahead=workflow.ahead)
    ledger = how.tape or await store.ledger(lease, how.on_change)
    tracker = await _tracker(how, workflow.budget(spec), ledger)
    async with traced(store, lease, replayed=how.tape is not None) as trace, AsyncExitStack() as stack:
        services = RunServices(
            run_id=lease.run_id,
            spec=spec,
            ledger=trace.ledger(ledger),
            journal=journal,
            tracker=tracker,
            engine=how.engine,
            prompts=Prompts(folder=Path(spec.prompts) if spec.prompts else None),
            places=Places(functional=workflow.functional),
            watch=how.watch,
            stack=stack,
        )
        services.child = partial(run_child, how, services)
        services.usage_below = partial(usage_below, how, services)
        run = Run(services=services)
        if workflow.tells:
            how.watch(Event(kind="opened", text=lease.run_id, **services.said()))
        await note_engine(journal, how.engine)
        context = await stack.enter_async_context(workflow.context(spec, run))
        try:
            ended = await _drive(how, workflow, spec, services, context)
            if (stop := services.stop()) is not None:
                raise stop
        except LeaseLost:
            await journal.flush()  # raises what was refused, if that is why
            raise
        await journal.flush()
        closed = await _closed(how, workflow, run, context, ended)
        trace.ended(waiting=bool(closed.waiting))
        return closed


async def _tracker(how: Execution, budget: Budget, ledger: Ledger | Tape) -> BudgetTracker:
    """The run's budget, including the spending of earlier executions and of its sub-runs."""
    if isinstance(ledger, Tape):
        ledger.tracker = BudgetTracker(budget, clock=ledger.clock)
        return ledger.tracker
    below = (Usage(), 0) if how.lease.fresh else await how.store.spent_below(how.lease.run_id)
    return BudgetTracker(
        budget,
        ledger.bill.usage + below[0],
        elapsed=how.lease.elapsed,
        parent=how.shared,
        effects=ledger.effects + below[1],
    )


async def _closed(how: Execution, workflow: Workflow, run: Run, context: Any, ended: _Ended) -> RunResult:
    """Store the run's result or its open questions."""
    services, lease = run.services, how.lease
    waiting = _questions(services, ended.interrupts)
    usage = services.tracker.spent
    stored: Any = None
    if not waiting or workflow.read is not None:
        stored = workflow.result(ended.state, context, run)
    output = stored
    if workflow.read is not None:
        output = workflow.read(lease.run_id, stored)
    elif stored is not None:
        output = stored["output"]
    if waiting:
        await how.store.finish(lease, waiting_json(waiting), status=Status.WAITING, wake=wake_at(waiting))
        how.watch(Event(kind="waiting", text=waiting[0].key, data=waiting, **services.said()))
    else:
        await how.store.finish(lease, stored)
        workflow.ended(context, output)
        if workflow.tells:
            how.watch(Event(kind="ended", text=lease.run_id, data=output, **services.said()))
    return RunResult(
        run_id=lease.run_id, output=output, waiting=waiting, usage=usage, seconds=services.tracker.elapsed
    )


async def _drive(
    how: Execution, workflow: Workflow, spec: RunSpec, services: RunServices, context: Any
) -> _Ended:
    """Run the graph with LangGraph until it ends or interrupts."""
    saver = RunSaver(how.store, how.lease, services.places, allow=workflow.types)
    graph = copy(workflow.graph)
    graph.checkpointer = saver
    config: RunnableConfig = {
        "configurable": {"thread_id": how.lease.run_id},
        "metadata": {"graph": workflow.shape},
        "recursion_limit": RECURSION_LIMIT,
    }
    given = await _given(how, workflow, spec, services, graph, config, saver)
    ended, told = _Ended(), how.watch is not quiet
    modes = ["updates", "values", "custom"] if told else ["updates", "values"]
    async for mode, chunk in graph.astream(
        given,
        config,
        context=context,
        durability=workflow.durability(spec),
        stream_mode=cast("Any", modes),
        output_keys=workflow.outputs,
    ):
        if mode == "values":
            ended.state = chunk
        elif mode == "custom":
            services.watch(Event(kind="custom", text=str(chunk), data=chunk, **services.said()))
        elif isinstance(chunk, dict) and "__interrupt__" in chunk:
            ended.interrupts += chunk["__interrupt__"]
        elif told and workflow.tells and isinstance(chunk, dict):
            for node, update in chunk.items():
                if node.startswith("__"):  # LangGraph's own, such as `__metadata__` of a cached step
                    continue
                services.watch(Event(kind="node", text=node, data=update, **services.said()))
    if workflow.outputs is None:
        ended.state = _output(graph, ended.state)
    return ended


def _output(graph: Graph, state: Any) -> Any:
    """The part of a state that is the graph's output, if it has an `output_schema`."""
    named = graph.output_channels
    if not isinstance(state, Mapping) or isinstance(named, str):
        return state
    return {name: value for name, value in state.items() if name in named}


async def _given(
    how: Execution,
    workflow: Workflow,
    spec: RunSpec,
    services: RunServices,
    graph: Graph,
    config: RunnableConfig,
    saver: RunSaver,
) -> Any:
    """The graph's input, or the answers to the interrupts of its last checkpoint."""
    if how.lease.fresh:
        return workflow.start(spec)
    last = await graph.aget_state(config)
    if last.created_at is None:
        return workflow.start(spec)
    if how.from_start or (last.metadata or {}).get("graph") != workflow.shape:
        # The graph restarts and finds its calls in the ledger, its decisions and nodes in their rows.
        await saver.adelete_thread(how.lease.run_id)
        services.places.forget()
        return workflow.start(spec)
    said = {
        one.id: answer_of(services.journal.decision(interrupt_key(one.id)))
        for one in last.interrupts
        if services.journal.decided(interrupt_key(one.id))
    }
    return Command(resume=said) if said else None


def _questions(services: RunServices, interrupts: tuple[Interrupt, ...]) -> tuple[Question, ...]:
    """The open questions: those of `run.ask` and of effects, and LangGraph's own interrupts."""
    ours = {"question", "subrun", STOPPED}
    found = list(services.waiting.values())
    for one in interrupts:
        if isinstance(one.value, dict) and len(one.value) == 1 and ours & set(one.value):
            continue
        key = interrupt_key(one.id)
        shown = to_jsonable_python(one.value, fallback=repr)
        schema = one.response_schema if isinstance(one.response_schema, dict) else None
        found.append(Question(key=key, question=shown, schema=schema, run_id=services.run_id))
    return tuple(found)


async def note_engine(journal: Journal, engine: Model) -> None:
    """Record the model's name and capabilities as a decision of the run, since a replay has no model."""
    await journal.decide(
        ENGINE, "engine", {"name": engine.name, "capabilities": as_fields(engine.capabilities)}
    )
