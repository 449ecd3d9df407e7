"""The main path: open a run, turn its graph, close it; or pick it up where it was left."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import cast

from branchwise.graphs.runtime.resources import opened_engine, opened_store
from branchwise.graphs.search import policies
from branchwise.graphs.search.execute import execute
from branchwise.graphs.search.request import RunSpec, check, check_engine, request_of, row_of
from branchwise.graphs.search.result import Result, result_of
from branchwise.graphs.search.state import Event, Options
from branchwise.models import trust
from branchwise.models.budget import BudgetTracker
from branchwise.models.model_options import ModelOptions
from branchwise.models.model_options import model_options as read_options
from branchwise.models.protocol import Model
from branchwise.store.records import Budget, Json
from branchwise.store.rows import OnChange
from branchwise.store.store import Store
from branchwise.tasks.requirements import requirements

__all__ = ["Result", "resume", "solve"]


def _quiet(event: Event) -> None: ...


async def solve(  # noqa: PLR0913 - each is a word a person would say
    problem: str,
    *,
    task: str = "text",
    strategy: str = "auto",
    knobs: Mapping[str, int | float | str | bool] | None = None,
    budget: Budget | None = None,
    model: str | Model = "embedded",
    store: str | Store | None = None,
    seed: int = 0,
    base_url: str | None = None,
    model_options: ModelOptions | Mapping[str, object] | None = None,
    prompts: Path | None = None,
    policy: Path | str | None = None,
    require: Iterable[object] = (),
    watch: Callable[[Event], None] = _quiet,
    options: Options | None = None,
    shared_budget: BudgetTracker | None = None,
) -> Result:
    """Solve one problem.

    Args:
        problem: The problem in words.
        task: Its domain, a name of `branchwise tasks`; "text" takes any question.
        strategy: A name of `branchwise strategies`, or "auto" to let the planner and the selector choose.
        knobs: Knobs of that strategy, for example `{"n": 32}`.
        budget: What the run may spend; without one it is bounded by the strategy alone.
        model: "embedded", "pool:NAME", "openai-compatible:NAME" (with `base_url`), "litellm:NAME", or an open Model,
            which many runs may share.
        store: An open Store, or a database URL; by default the SQLite file of `branchwise where`.
        seed: Makes allocation and, where the engine has seeds, sampling repeatable.
        base_url: Where an OpenAI-compatible server listens; without it `OPENAI_BASE_URL` counts.
        model_options: Limits, temperatures, connection and price of the model: the fields of `ModelOptions`.
        prompts: Folder of prompt overrides.
        policy: A fitted policy table for the planner; by default the one that `branchwise planner fit` keeps for
            this task and model, if there is one; "none" for none.
        require: Requirements on the whole reply: texts such as `words=50..100`, JSON schemas, pydantic types, compiled
            patterns, functions of a text; see docs/requirements.md.
        watch: Called with each Event.
        options: Everything else; its `strategy` and `knobs` give way to the arguments.
        shared_budget: What all runs that are given it may spend together, besides each one's own budget.

    Raises:
        BadInput: The problem, a name or an option cannot be used; nothing was spent.
        StoreError: The database cannot be used.
        ModelError: The model cannot be reached.
    """
    name = model if isinstance(model, str) else model.name
    request = RunSpec(
        problem=problem,
        task=task,
        model=name,
        policy=policies.policy(policy, task, name),
        base_url=base_url,
        model_options=read_options(model_options),
        prompts=str(prompts) if prompts else None,
        require=tuple(one.stored for one in requirements(require)),
        seed=seed,
        budget=budget or Budget(),
        options=replace(options or Options(), strategy=strategy, knobs=knobs or {}),
    )
    check(request)
    trust(name, base_url)
    if request.options.scorer:
        trust(f"scorer:{request.options.scorer}")
    async with opened_store(store) as db, opened_engine(model, base_url, request.model_options) as engine:
        check_engine(request, engine)
        row = row_of(db, request)
        lease = await db.begin(row)
        async with db.held(lease):
            # As it was stored: without secrets, which would come back in checkpoints, and as a resumed run reads it.
            return await execute(
                db, lease, request_of(cast("Json", row["spec"])), engine, watch, shared=shared_budget
            )


async def resume(
    run_id: str,
    *,
    store: str | Store | None = None,
    model: Model | None = None,
    on_change: OnChange | None = None,
    watch: Callable[[Event], None] = _quiet,
    shared_budget: BudgetTracker | None = None,
) -> Result:
    """Finish a run that was interrupted; no call that was committed is made again.

    Args:
        run_id: The run.
        store: As for `solve`.
        model: The Model, if the run was started with one of your own.
        on_change: What to do when a recorded call's request has changed; by default as the run was created.
        watch: Called with each Event.
        shared_budget: As for `solve`.

    Raises:
        UnknownName: There is no such run.
        LeaseLost: Another live worker holds it.
    """
    async with opened_store(store) as db:
        run = await db.run(run_id)
        if run.result is not None:
            return result_of(run.result)
        request = request_of(run.spec)
        async with opened_engine(model or request.model, request.base_url, request.model_options) as engine:
            check_engine(request, engine)
            lease = await db.claim(run.id)
            async with db.held(lease):
                return await execute(
                    db, lease, request, engine, watch, on_change=on_change, shared=shared_budget
                )
