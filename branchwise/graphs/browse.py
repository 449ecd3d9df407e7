"""The main path of a web search: open a run, turn its graph, come back to the best page; or pick it up again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import cast

from langchain_core.runnables import RunnableConfig
from pydantic import TypeAdapter

from branchwise.agents import models
from branchwise.agents.actor import actor
from branchwise.agents.environments.protocol import Environment
from branchwise.agents.models.recorded import recorded
from branchwise.agents.prompts import Prompts
from branchwise.agents.protocols import Model
from branchwise.agents.purse import Purse
from branchwise.agents.value import value
from branchwise.graphs import strategies
from branchwise.graphs.notebook import Notebook
from branchwise.graphs.visits import Check, Place, close
from branchwise.graphs.web import best_visited, is_visited, web
from branchwise.store.errors import BadInput
from branchwise.store.records import ROOT, Budget, Json, NodeId, Usage, Vouch
from branchwise.store.saver import SQLAlchemySaver
from branchwise.store.store import Decision, Lease, Store

_STEPS = 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class WebOptions:
    """How a web search goes; stored with the run. The defaults are the paper's."""

    strategy: str = "best_first"
    knobs: Mapping[str, int | float | str | bool] = field(default_factory=dict)
    depth: int = 5
    states: int = 20
    """Pages judged at most."""
    samples: int = 20
    """Proposals sampled for one page."""
    judgements: int = 20
    held: bool = False
    """Whether the model picks among the listed actions instead of writing one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WebRequest:
    """What a person asks for; stored with the run."""

    goal: str
    environment: str
    model: str
    seed: int = 0
    budget: Budget = field(default_factory=Budget)
    options: WebOptions = field(default_factory=WebOptions)


@dataclass(frozen=True, kw_only=True, slots=True)
class WebResult:
    """How a web search ended."""

    run_id: str
    solved: bool
    reason: str
    """"accepted", "budget" or "exhausted"."""
    answer: str | None
    url: str
    actions: tuple[str, ...]
    """From the start to the best page."""
    value: float | None
    vouch: Vouch
    node: NodeId | None
    visited: int
    """Actions that were tried."""
    replayed: int
    """Actions done again on the way back to a page."""
    usage: Usage


async def browse(
    goal: str,
    environment: Environment,
    *,
    model: str | Model = "embedded",
    options: WebOptions | None = None,
    budget: Budget | None = None,
    store: str | None = None,
    seed: int = 0,
    **more: object,
) -> WebResult:
    """Search a goal in an environment, which the caller closes.

    Args:
        goal: What is to be reached, in words.
        environment: Where; for example `browser(url)`.
        model: As for `solve`.
        options: How to search.
        budget: What the run may spend.
        store: Database URL.
        seed: Seed of the run.
        **more: `check`, an async function of a session that says whether the goal is reached; `shots`, a folder
            for screenshots.

    Raises:
        BadInput: The goal or an option cannot be used; nothing was spent.
        EnvironmentFailed: The start cannot be opened.
    """
    options = options or WebOptions()
    if not goal.strip():
        raise BadInput("The goal is empty.")
    strategies.load(options.strategy, **options.knobs)
    request = WebRequest(
        goal=goal,
        environment=environment.name,
        model=model if isinstance(model, str) else model.name,
        seed=seed,
        budget=budget or Budget(),
        options=options,
    )
    async with Store.opened(store) as db, _engine(model) as engine:
        run = await db.create_run(
            task="web",
            strategy=options.strategy,
            model=request.model,
            seed=seed,
            spec=cast("Json", asdict(request)),
        )
        return await _turn(db, await db.claim(run.id), request, environment, engine, more)


async def resume_browse(
    run_id: str,
    environment: Environment,
    *,
    model: Model | None = None,
    store: str | None = None,
    **more: object,
) -> WebResult:
    """Finish a web search that was interrupted; no page is judged again, and no recorded call is made again.

    Args:
        run_id: The run.
        environment: Where it went on; the same site as before.
        model: The Model, if the run was started with one of your own.
        store: Database URL.
        **more: As for `browse`.

    Raises:
        BadInput: The environment is another one.
    """
    async with Store.opened(store) as db:
        run = await db.run(run_id)
        if run.result is not None:
            return TypeAdapter(WebResult).validate_python(run.result)
        request = TypeAdapter(WebRequest).validate_python(run.spec)
        if request.environment != environment.name:
            raise BadInput(f"The run was in `{request.environment}`, not in `{environment.name}`.")
        async with _engine(model or request.model) as engine:
            return await _turn(db, await db.claim(run.id), request, environment, engine, more)


@asynccontextmanager
async def _engine(model: str | Model) -> AsyncIterator[Model]:
    if not isinstance(model, str):
        yield model
        return
    engine = models.load(model)
    try:
        yield engine
    finally:
        await engine.aclose()


async def _turn(
    db: Store,
    lease: Lease,
    request: WebRequest,
    environment: Environment,
    engine: Model,
    more: Mapping[str, object],
) -> WebResult:
    async with db.held(lease):
        notebook, ledger = await Notebook.open(db, lease), await db.ledger(lease)
        purse = Purse(request.budget, ledger.usage, elapsed=lease.elapsed)
        sample, options = recorded(engine, ledger, purse), request.options
        prompts = Prompts(folder=cast("Path | None", more.get("prompts")))
        place = Place(
            goal=request.goal,
            environment=environment,
            notebook=notebook,
            purse=purse,
            actor=actor(sample, prompts, samples=options.samples, held=options.held, seed=request.seed),
            value=value(sample, prompts, judgements=options.judgements, seed=request.seed),
            check=cast("Check | None", more.get("check")),
            strategy=options.strategy,
            knobs=_knobs(options),
            depth=options.depth,
            states=options.states,
            seed=request.seed,
            shots=cast("Path | None", more.get("shots")),
        )
        graph = web(SQLAlchemySaver(db.database, guard=lease.guard))
        config: RunnableConfig = {"configurable": {"thread_id": lease.run_id}, "recursion_limit": _STEPS}
        begun = (await graph.aget_state(config)).created_at is not None
        try:
            state = await graph.ainvoke(
                None if begun else {"round": 0}, config, context=place, durability="sync"
            )
        finally:
            await close(place)
        result = await _result(lease.run_id, str(state.get("stop", "")), place)
        await db.finish(lease, cast("Json", asdict(result)))
    return result


def _knobs(options: WebOptions) -> Mapping[str, int | float | str | bool]:
    """The strategy's knobs; best-first is told how deep and how long, one layer more since leaves are visited."""
    if options.strategy != "best_first":
        return options.knobs
    return {"depth": options.depth + 1, "expansions": options.states + 1, **options.knobs}


async def _result(run_id: str, reason: str, place: Place) -> WebResult:
    tree = place.notebook.tree
    best = best_visited(tree)
    seen = await place.visited(best.id if best else ROOT)
    tried = [await place.visited(node.id) for node in tree if is_visited(node)]
    return WebResult(
        run_id=run_id,
        solved=best is not None and best.accepted,
        reason=reason,
        answer=best.answer if best else None,
        url=seen.url,
        actions=tuple(place.history(best.id)) if best else (),
        value=best.score if best else None,
        vouch=best.vouch if best else Vouch.NOTHING,
        node=best.id if best else None,
        visited=len(tried),
        replayed=sum(one.replayed for one in tried),
        usage=place.purse.spent,
    )


def extras(decisions: Sequence[Decision]) -> dict[NodeId, Mapping[str, Json]]:
    """What the viewer shows of each visited node: url, observation, screenshot, how it was restored."""
    return {
        decision.key.removeprefix("visit/"): cast("Mapping[str, Json]", decision.payload)
        for decision in decisions
        if decision.kind == "visit"
    }
