"""The main path: open a run, turn its graph, close it; or pick it up where it was left."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import cast

from branchwise.agents import models
from branchwise.agents.protocols import Model
from branchwise.agents.purse import Purse
from branchwise.graphs.request import Request, check, check_engine, request_of
from branchwise.graphs.result import Result, result_of
from branchwise.graphs.state import Event, Options
from branchwise.graphs.turn import turn
from branchwise.store.records import Budget, Json
from branchwise.store.rows import OnChange
from branchwise.store.store import Store

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
    prompts: Path | None = None,
    watch: Callable[[Event], None] = _quiet,
    options: Options | None = None,
    purse: Purse | None = None,
) -> Result:
    """Solve one problem.

    Args:
        problem: The problem in words.
        task: Its domain, a name of `branchwise tasks`; "text" takes any question.
        strategy: A name of `branchwise strategies`, or "auto" to let the planner and the selector choose.
        knobs: Knobs of that strategy, for example `{"n": 32}`.
        budget: What the run may spend; without one it is bounded by the strategy alone.
        model: "embedded", "openai-compatible:NAME" (with `base_url`), "litellm:NAME", or an open Model, which many
            runs may share.
        store: An open Store, or a database URL; by default the SQLite file of `branchwise where`.
        seed: Makes allocation and, where the engine has seeds, sampling repeatable.
        base_url: Where an OpenAI-compatible server listens.
        prompts: Folder of prompt overrides.
        watch: Called with each Event.
        options: Everything else; its `strategy` and `knobs` give way to the arguments.
        purse: What all runs that are given it may spend together, besides each one's own budget.

    Raises:
        BadInput: The problem, a name or an option cannot be used; nothing was spent.
        StoreError: The database cannot be used.
        ModelError: The model cannot be reached.
    """
    request = Request(
        problem=problem,
        task=task,
        model=model if isinstance(model, str) else model.name,
        base_url=base_url,
        prompts=str(prompts) if prompts else None,
        seed=seed,
        budget=budget or Budget(),
        options=replace(options or Options(), strategy=strategy, knobs=knobs or {}),
    )
    check(request)
    async with _opened(store) as db, opened_engine(request, model) as engine:
        check_engine(request, engine)
        run = await db.create_run(
            task=task, strategy=strategy, model=request.model, seed=seed, spec=cast("Json", asdict(request))
        )
        return await turn(db, await db.claim(run.id), request, engine, watch, shared=purse)


async def resume(
    run_id: str,
    *,
    store: str | Store | None = None,
    model: Model | None = None,
    on_change: OnChange | None = None,
    watch: Callable[[Event], None] = _quiet,
    purse: Purse | None = None,
) -> Result:
    """Finish a run that was interrupted; no call that was committed is made again.

    Args:
        run_id: The run.
        store: As for `solve`.
        model: The Model, if the run was started with one of your own.
        on_change: What to do when a recorded call's request has changed; by default as the run was created.
        watch: Called with each Event.
        purse: As for `solve`.

    Raises:
        UnknownName: There is no such run.
        LeaseLost: Another live worker holds it.
    """
    async with _opened(store) as db:
        run = await db.run(run_id)
        if run.result is not None:
            return result_of(run.result)
        request = request_of(run.spec)
        async with opened_engine(request, model or request.model) as engine:
            check_engine(request, engine)
            return await turn(
                db, await db.claim(run.id), request, engine, watch, on_change=on_change, shared=purse
            )


@asynccontextmanager
async def opened_engine(request: Request, model: str | Model) -> AsyncIterator[Model]:
    """Open the model that was named, and close it at the end; a Model that is open already is left so."""
    if not isinstance(model, str):
        yield model
        return
    options = {"base_url": request.base_url} if request.base_url else {}
    engine = models.load(model, **options)
    try:
        await models.check(engine)
        yield engine
    finally:
        await engine.aclose()


@asynccontextmanager
async def _opened(store: str | Store | None) -> AsyncIterator[Store]:
    if isinstance(store, Store):
        yield store
        return
    async with Store.opened(store) as opened:
        yield opened
