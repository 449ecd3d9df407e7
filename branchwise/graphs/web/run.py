"""The main path of a web search: open a run, turn its graph, come back to the best page; or pick it up again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, cast

from langchain_core.runnables import RunnableConfig
from langgraph.types import Command
from pydantic import TypeAdapter

from branchwise.agents.actor import actor
from branchwise.agents.prompts import Prompts
from branchwise.agents.value import value
from branchwise.environments.protocol import Environment
from branchwise.environments.spec import EnvironmentSpec, opened
from branchwise.graphs.runtime.journal import Journal
from branchwise.graphs.runtime.resources import opened_engine
from branchwise.graphs.web.action_counter import ActionCounter
from branchwise.graphs.web.context import Check, WebContext
from branchwise.graphs.web.graph import web
from branchwise.graphs.web.nodes import best_visited, is_visited
from branchwise.graphs.web.request import WebOptions, WebRequest, can_look, check, request_of
from branchwise.graphs.web.result import Question, WebResult
from branchwise.graphs.web.state import WebState
from branchwise.models import trust
from branchwise.models.budget import BudgetTracker
from branchwise.models.protocol import Model
from branchwise.models.recorded import recorded
from branchwise.store.checkpoints.saver import SQLAlchemySaver
from branchwise.store.errors import BadInput
from branchwise.store.records import ROOT, Budget, Json, VerifiedBy
from branchwise.store.rows import OnChange
from branchwise.store.store import Lease, Store
from branchwise.store.stored import read_stored

_STEPS = 1_000_000
Ask = Callable[[Question], Awaitable[bool | None]]
"""Ask a person: yes, no, or None to leave the question open and the run paused."""


async def _nobody(question: Question) -> bool | None:
    return None


def _quiet(line: str) -> None: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class RunHooks:
    """Who is with a run while it goes, and what cannot be stored with it."""

    check: Check | None = None
    """Says soundly whether the goal is reached."""
    ask: Ask = _nobody
    watch: Callable[[str], None] = _quiet
    """Called with one line for each thing that happened."""
    opened: Callable[[str], None] = _quiet
    """Called with the run's id once it is stored."""


async def browse(  # noqa: PLR0913 - each is a word a person would say
    goal: str,
    environment: Environment | EnvironmentSpec,
    *,
    model: str | Model = "embedded",
    base_url: str | None = None,
    options: WebOptions | None = None,
    budget: Budget | None = None,
    store: str | None = None,
    seed: int = 0,
    prompts: Path | None = None,
    shots: Path | None = None,
    hooks: RunHooks | None = None,
) -> WebResult:
    """Search a goal in an environment.

    Args:
        goal: What is to be reached, in words; empty where the environment says it itself.
        environment: Where: one that you opened and close, for example `browser(url)`, or an Opening, which is stored
            with the run, so that it can be resumed from its id alone.
        model: As for `solve`.
        base_url: Where an OpenAI-compatible server listens.
        options: How to search.
        budget: What the run may spend.
        store: Database URL.
        seed: Seed of the run.
        prompts: Folder of prompt overrides.
        shots: Folder for screenshots; each run has its own within.
        hooks: A sound check, whom to ask, who watches.

    Raises:
        BadInput: The goal or an option cannot be used; nothing was spent.
        Unsupported: The model is to look at pages and takes no pictures; nothing was spent.
        EnvironmentFailed: The start cannot be opened.
    """
    options = options or WebOptions()
    check(options)
    if options.look and shots is None:
        raise BadInput("A model that is to look at pages needs a folder for screenshots: give `shots`.")
    opening = environment if isinstance(environment, EnvironmentSpec) else None
    context = opened(environment) if isinstance(environment, EnvironmentSpec) else environment
    request = WebRequest(
        goal=goal.strip(),
        environment=context.name,
        opening=opening,
        model=model if isinstance(model, str) else model.name,
        base_url=base_url,
        prompts=str(prompts) if prompts else None,
        shots=str(shots) if shots else None,
        seed=seed,
        budget=budget or Budget(),
        options=options,
    )
    trust(request.model, base_url)
    try:
        async with (
            Store.opened(store) as db,
            opened_engine(model, base_url) as engine,
        ):
            can_look(engine, options)
            run = await db.create_run(
                task="web",
                strategy=options.strategy,
                model=request.model,
                seed=seed,
                workflow="web",
                spec=cast("Json", asdict(request)),
            )
            turn = _Turn(
                db=db, request=request, environment=context, engine=engine, hooks=hooks or RunHooks()
            )
            return await turn(await db.claim(run.id))
    finally:
        if opening is not None:
            await context.aclose()


async def resume_browse(  # noqa: PLR0913 - as for browse
    run_id: str,
    environment: Environment | None = None,
    *,
    model: Model | None = None,
    store: str | None = None,
    answer: bool | None = None,
    allow: bool = False,
    on_change: OnChange | None = None,
    hooks: RunHooks | None = None,
) -> WebResult:
    """Finish a web search that was interrupted; no page is judged again, and no recorded call is made again.

    Args:
        run_id: The run.
        environment: Where it goes on, if the run was started in one of your own; the same site as before.
        model: The Model, if the run was started with one of your own.
        store: Database URL.
        answer: To the question that the run waits with.
        allow: Whether irreversible actions are committed from now on without asking.
        on_change: What to do when a recorded call's request has changed; by default as the run was created.
        hooks: As for `browse`.

    Raises:
        BadInput: The environment is another one, or is not there.
    """
    hooks = hooks or RunHooks()
    async with Store.opened(store) as db:
        run = await db.run(run_id)
        if run.result is not None:
            return read_stored(TypeAdapter(WebResult), run.result, "result")
        request = request_of(run.spec)
        if allow:
            request = replace(request, options=replace(request.options, allow=True))
        context = environment or _again(request)
        try:
            if request.environment != context.name:
                raise BadInput(f"The run was in `{request.environment}`, not in `{context.name}`.")
            async with opened_engine(model or request.model, request.base_url) as engine:
                can_look(engine, request.options)
                turn = _Turn(db=db, request=request, environment=context, engine=engine, hooks=hooks)
                return await turn(await db.claim(run.id), answer, on_change)
        finally:
            if environment is None:
                await context.aclose()


def _again(request: WebRequest) -> Environment:
    if request.opening is None:
        raise BadInput(
            f"The run's environment `{request.environment}` was made by a program; resume it there with resume_browse."
        )
    return opened(request.opening)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Turn:
    """Turns one claimed run's graph until it ends or waits for a person."""

    db: Store
    request: WebRequest
    environment: Environment
    engine: Model
    hooks: RunHooks

    async def __call__(
        self, lease: Lease, answer: bool | None = None, on_change: OnChange | None = None
    ) -> WebResult:
        async with self.db.held(lease):
            context = await self._place(lease, on_change)
            self.hooks.opened(lease.run_id)
            try:
                state = await self._turn(lease, context, answer)
            finally:
                await context.forget()
            asked = _asked(state)
            result = _result(lease.run_id, str(state.get("stop", "")), context, asked)
            if asked is None:
                await self.db.finish(lease, cast("Json", asdict(result)))
        return result

    async def _turn(self, lease: Lease, context: WebContext, answer: bool | None) -> dict[str, Any]:
        graph = web(SQLAlchemySaver(self.db.database, guard=lease.guard))
        config: RunnableConfig = {"configurable": {"thread_id": lease.run_id}, "recursion_limit": _STEPS}
        before = await graph.aget_state(config)
        state: dict[str, Any] = {**before.values, "__interrupt__": before.interrupts}
        if not before.interrupts:
            fresh: WebState | None = {"round": 0} if before.created_at is None else None
            state = await graph.ainvoke(fresh, config, context=context, durability="sync")
        while (question := _asked(state)) is not None:
            said = True if context.options.allow else answer
            said, answer = await self.hooks.ask(question) if said is None else said, None
            if said is None:
                break
            state = await graph.ainvoke(Command(resume=said), config, context=context, durability="sync")
        return state

    async def _place(self, lease: Lease, on_change: OnChange | None) -> WebContext:
        request, options = self.request, self.request.options
        journal, ledger = await Journal.open(self.db, lease), await self.db.ledger(lease, on_change)
        tracker = BudgetTracker(request.budget, ledger.bill.usage, elapsed=lease.elapsed)
        sample = recorded(self.engine, ledger, tracker)
        prompts = Prompts(folder=Path(request.prompts) if request.prompts else None)
        steps = sum(
            _steps(journal.decision(key))
            for kind in ("arrival", "commit")
            for key in journal.keys(f"{kind}/")
        )
        return WebContext(
            given_goal=request.goal,
            environment=self.environment,
            journal=journal,
            tracker=tracker,
            actor=actor(sample, prompts, samples=options.samples, held=options.held, seed=request.seed),
            value=value(sample, prompts, judgements=options.judgements, seed=request.seed),
            check=self.hooks.check,
            options=options,
            action_counter=ActionCounter(limit=options.steps, done=steps, recorded=steps),
            seed=request.seed,
            shots=Path(request.shots) / lease.run_id if request.shots else None,
            watch=self.hooks.watch,
        )


def _steps(arrival: Json) -> int:
    return int(cast("dict[str, int]", arrival)["steps"])


def _asked(state: dict[str, Any]) -> Question | None:
    waiting = state.get("__interrupt__")
    return read_stored(TypeAdapter(Question), waiting[0].value, "question") if waiting else None


def _result(run_id: str, reason: str, context: WebContext, asked: Question | None) -> WebResult:
    tree = context.journal.tree
    best = best_visited(tree)
    page = context.arrived(best.id if best else ROOT)
    tried = [context.arrived(node.id) for node in tree if is_visited(node)]
    return WebResult(
        run_id=run_id,
        solved=best is not None and best.accepted,
        reason="waiting" if asked else reason,
        answer=best.answer if best else None,
        url=page.url,
        actions=tuple(context.history(best.id)) if best else (),
        value=best.score if best else None,
        verified_by=best.verified_by if best else VerifiedBy.NONE,
        node=best.id if best else None,
        visited=len(tried),
        replayed=sum(one.replayed for one in tried),
        written=tuple(
            line for key in context.journal.keys("commit/") for line in context.arrived(key[7:]).writes
        ),
        usage=context.tracker.spent,
        question=asked,
    )
