"""Run any workflow, and resume any run, from Python; the command line uses the same functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from branchwise.graphs.runtime import registry
from branchwise.graphs.runtime.arguments import check_prompts, check_run_id, model_name
from branchwise.graphs.runtime.events import Watch, guarded, quiet
from branchwise.graphs.runtime.execute import Execution, execute
from branchwise.graphs.runtime.resources import opened_engine, opened_store
from branchwise.graphs.runtime.result import RunResult
from branchwise.graphs.runtime.rows import row_of
from branchwise.graphs.runtime.spec import (
    BudgetLike,
    Durability,
    RunSpec,
    budget_of,
    extended,
    jsonable,
    spec_of,
)
from branchwise.graphs.runtime.workflow import Workflow
from branchwise.models import trust
from branchwise.models.budget import BudgetTracker
from branchwise.models.model_options import ModelOptions
from branchwise.models.model_options import model_options as read_options
from branchwise.models.prices import check_price, stated
from branchwise.models.protocol import Model
from branchwise.store.errors import BadInput
from branchwise.store.json_text import to_json
from branchwise.store.records import Budget, Json, Usage
from branchwise.store.rows import OnChange, RunRecord, Status
from branchwise.store.store import Lease, Store


async def run(  # noqa: PLR0913 - each is a word a person would say
    workflow: Any,
    input: Any = None,  # noqa: A002 - LangGraph's word
    *,
    budget: BudgetLike = None,
    model: str | Model = "embedded",
    base_url: str | None = None,
    model_options: ModelOptions | Mapping[str, object] | None = None,
    seed: int = 0,
    prompts: Path | str | None = None,
    durability: Durability | None = None,
    store: str | Store | None = None,
    run_id: str | None = None,
    watch: Watch = quiet,
    shared_budget: BudgetTracker | None = None,
) -> RunResult:
    """Run a workflow until it ends or waits for a person; kill it anywhere and `resume` it.

    Args:
        workflow: `module:attribute` or an installed workflow's name; a graph that is at the top level of a module.
        input: The graph's input: the fields of its state.
        budget: The run's budget: a Budget, its limits as a mapping, or a number of tokens.
        model: As for `solve`; `module:function` names your own function that makes a Model.
        base_url: URL of an OpenAI-compatible server.
        model_options: Limits, connection and price of the model: the fields of `ModelOptions`.
        seed: Seed of the run.
        prompts: Folder of prompt overrides.
        durability: When checkpoints are written; completed calls are never repeated either way.
        store: An open Store, or a database URL; by default the SQLite file of `branchwise where`.
        run_id: The run's id; an existing run is resumed, so that a repeated start does not repeat the work.
        watch: Called with each Event.
        shared_budget: A budget that several runs share.

    Raises:
        BadInput: The workflow cannot be found or its input cannot be used; nothing was stored or spent.
        BudgetSpent: The budget is spent; `resume(run_id, budget=...)` continues with more.
    """
    name = workflow if isinstance(workflow, str) else registry.name_of(workflow)
    spec = RunSpec(
        workflow=name,
        input=jsonable({} if input is None else input, f"The input of `{name}`"),
        model=model_name(model),
        base_url=base_url,
        model_options=read_options(model_options),
        prompts=str(prompts) if prompts else None,
        seed=seed,
        budget=budget_of(budget),
        durability=durability,
    )
    return await start(spec, model=model, store=store, run_id=run_id, watch=watch, shared=shared_budget)


def _same(db: Store, workflow: Workflow, old: RunRecord, spec: RunSpec) -> None:
    """Refuse a run's id with a different request.

    Raises:
        BadInput: The stored run has another request.
    """
    was = spec_of(old.spec)
    pair = []
    for one in (was, spec):
        row = row_of(db, workflow, replace(one, budget=was.budget))  # without secrets, as it would be stored
        pair.append(to_json(cast("Json", row["spec"])))
    if was.workflow != spec.workflow or pair[0] != pair[1]:
        raise BadInput(
            f"There is a run `{old.id}` already, of another workflow, input or seed; choose another id."
        )


async def start(  # noqa: PLR0913 - as for run
    spec: RunSpec,
    *,
    model: str | Model,
    store: str | Store | None,
    run_id: str | None = None,
    watch: Watch = quiet,
    shared: BudgetTracker | None = None,
    workflow: Workflow | None = None,
    api_key: str | None = None,
) -> RunResult:
    """Store a run and execute it; resume an existing run of that id.

    `workflow` replaces the named one if it works with objects that cannot be stored; `api_key` is the key whose run
    it is.

    Raises:
        BadInput: The request is invalid, or the stored run of that id has another request.
    """
    watch = guarded(watch)
    check_run_id(run_id)
    check_prompts(spec.prompts)
    workflow = workflow or registry.load(spec.workflow)
    workflow.check(spec)
    trust(spec.model, spec.base_url, spec.model_options.api_key_env)
    async with opened_store(store) as db, opened_engine(model, spec.base_url, spec.model_options) as engine:
        workflow.check_model(spec, engine)
        check_price(spec.budget, engine, stated(spec.model_options.price))
        if run_id is not None and (old := await db.exact_run(run_id)) is not None:
            _same(db, workflow, old, spec)
            return await resume_run(db, old, model=engine, watch=watch, shared=shared, workflow=workflow)
        row = row_of(db, workflow, spec, id=run_id, api_key=api_key)
        lease = await db.begin(row)
        # As stored, which is what a resumed run reads: without secrets, which would otherwise reach checkpoints.
        stored = spec_of(row["spec"])  # type: ignore[arg-type]
        how = Execution(store=db, lease=lease, engine=engine, load=registry.load, watch=watch, shared=shared)
        async with db.held(lease):
            return await execute(how, workflow, stored)


async def resume(  # noqa: PLR0913 - each is a word a person would say
    run_id: str,
    *,
    store: str | Store | None = None,
    model: Model | None = None,
    on_change: OnChange | None = None,
    budget: BudgetLike = None,
    from_start: bool = False,
    watch: Watch = quiet,
    shared_budget: BudgetTracker | None = None,
) -> Any:
    """Resume a run of any workflow; committed calls are not repeated.

    Args:
        run_id: The run.
        store: As for `run`.
        model: The Model, if the run was started with one of your own.
        on_change: Policy if a recorded call's request has changed; by default as the run was created.
        budget: The budget from now on, in place of what was left.
        from_start: Run the graph from its start against the record, so that every call is checked; recorded
            calls cost nothing.
        watch: Called with each Event.
        shared_budget: As for `run`.

    Returns:
        A RunResult; of `solve` and `web` their own results.

    Raises:
        UnknownName: There is no such run.
        BadInput: Its workflow cannot be loaded here; the run is left as it is.
        LeaseLost: Another live worker holds it.
    """
    async with opened_store(store) as db:
        old = await db.run(run_id)
        ended = await resume_run(
            db,
            old,
            model=model,
            on_change=on_change,
            budget=None if budget is None else budget_of(budget),
            from_start=from_start,
            watch=watch,
            shared=shared_budget,
        )
    return typed(ended, spec_of(old.spec).workflow)


def typed(ended: RunResult, workflow: str) -> Any:
    """The result in the workflow's own type, if it has one."""
    return ended if registry.load(workflow).read is None else ended.output


async def resume_run(  # noqa: PLR0913 - as for resume
    db: Store,
    old: RunRecord,
    *,
    model: Model | None = None,
    on_change: OnChange | None = None,
    budget: Budget | None = None,
    from_start: bool = False,
    watch: Watch = quiet,
    shared: BudgetTracker | None = None,
    workflow: Workflow | None = None,
) -> RunResult:
    """Resume a run that was read from the store; a finished one returns its stored result."""
    watch = guarded(watch)
    spec = spec_of(old.spec)
    workflow = workflow or registry.load(spec.workflow)
    if old.status is Status.DONE:
        return finished(workflow, old, await db.usage(old.id, below=True))
    async with opened_engine(model or spec.model, spec.base_url, spec.model_options) as engine:
        workflow.check_model(spec, engine)
        check_price(spec.budget, engine, stated(spec.model_options.price))
        lease = await db.claim(old.id)
        async with db.held(lease):
            if budget is not None:
                spec = await _with_more(db, lease, workflow, spec, budget)
            how = Execution(
                store=db,
                lease=lease,
                engine=engine,
                load=registry.load,
                watch=watch,
                on_change=on_change,
                shared=shared,
                from_start=from_start,
            )
            return await execute(how, workflow, spec)


async def _with_more(db: Store, lease: Lease, workflow: Workflow, spec: RunSpec, more: Budget) -> RunSpec:
    """The request with a larger budget, stored for later resumptions."""
    usage, (_, below) = await db.usage(lease.run_id, below=True), await db.spent_below(lease.run_id)
    if workflow.acted is None:
        own = await db.effects(lease.run_id)
    else:
        own = workflow.acted(await db.decisions(lease.run_id))
    spec = replace(spec, budget=extended(spec.budget, usage, lease.elapsed, own + below, more))
    await db.amend(lease, workflow.stored(spec))
    return spec


def finished(workflow: Workflow, run: RunRecord, usage: Usage) -> RunResult:
    """The stored result of a finished run."""
    stored: Any = run.result
    output = workflow.read(run.id, stored) if workflow.read is not None else stored["output"]
    return RunResult(run_id=run.id, output=output, usage=usage, seconds=run.elapsed)
