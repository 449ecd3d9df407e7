"""The web search as a Workflow: its graph, runtime context and results."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from branchwise.agents.actor import actor
from branchwise.agents.value import value
from branchwise.environments.protocol import Environment
from branchwise.environments.spec import opened
from branchwise.graphs.runtime.context import Run
from branchwise.graphs.runtime.events import Event
from branchwise.graphs.runtime.questions import Question
from branchwise.graphs.runtime.services import RunServices
from branchwise.graphs.runtime.shape import shape
from branchwise.graphs.runtime.spec import RunSpec, spec_of
from branchwise.graphs.runtime.tape import Tape
from branchwise.graphs.runtime.workflow import Workflow
from branchwise.graphs.web.approvals import Ask, approved, known_done
from branchwise.graphs.web.context import Check, WebContext
from branchwise.graphs.web.fork import fork_web
from branchwise.graphs.web.graph import web
from branchwise.graphs.web.nodes import best_visited, is_visited
from branchwise.graphs.web.observed import INHERITED, RecordedPages
from branchwise.graphs.web.offers import OFFER
from branchwise.graphs.web.request import WebInput, check, check_vision, input_of, stored
from branchwise.graphs.web.result import ApprovalRequest, WebResult
from branchwise.graphs.web.state import WebState
from branchwise.graphs.web.visit import VISIT
from branchwise.graphs.web.walk import PASSAGE, passages
from branchwise.models.model_options import tuned
from branchwise.models.prices import stated
from branchwise.models.recorded import recorded
from branchwise.store.earlier import in_new_words
from branchwise.store.errors import BadInput
from branchwise.store.records import ROOT, Budget, Json, Usage, VerifiedBy
from branchwise.store.rows import Decision, RunRecord
from branchwise.store.store import Store
from branchwise.store.stored import read_stored

_RESULT = TypeAdapter(WebResult)
_VISITS = ("arrival", "commit", PASSAGE)
"""Kinds of decisions that count executed actions; a commit is one of them and a row of the ledger as well."""
_TOLD = frozenset({"answer", "question", "arrival", "commit", "leave", OFFER, INHERITED, PASSAGE})
"""Kinds of decisions made by the environment or by people."""


async def _nobody(question: ApprovalRequest) -> bool | None:
    return None


def _quiet(line: str) -> None: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class RunHooks:
    """Callbacks of a run; not persisted."""

    check: Check | None = None
    """Sound check of whether the goal is reached."""
    ask: Ask = _nobody
    watch: Callable[[str], None] = _quiet
    """Called with one line for each event."""
    opened: Callable[[str], None] = _quiet
    """Called with the run's id once it is stored."""


def workflow(environment: Environment | None = None, hooks: RunHooks | None = None) -> Workflow:
    """The web search as a workflow.

    Args:
        environment: The environment; by default the one that the request names, opened for each execution.
        hooks: The run's callbacks.
    """
    graph = web()

    async def fork(db: Store, old: RunRecord, spec: RunSpec, **own: Any) -> RunRecord:
        return await fork_web(made, db, old, spec, **own)

    made = Workflow(
        name="web",
        graph=graph,
        shape=shape(graph, None),
        about="Search for a goal in an environment: a browser, MiniWoB, BrowserGym, or one of your own.",
        schema=TypeAdapter(WebInput).json_schema(),
        check=_check,
        check_model=lambda spec, engine: check_vision(engine, input_of(spec).options),
        start=lambda spec: {"round": 0},
        context=partial(_context, environment, hooks or RunHooks()),
        result=_stored,
        read=lambda run_id, kept: read_stored(_RESULT, in_new_words(kept), "result"),
        summary=lambda result: "reached" if result.solved else f"not reached ({result.reason})",
        stored=stored,
        labels=lambda spec: ("web", input_of(spec).options.strategy),
        progress=lambda event: event.text if event.kind == "visited" else "",
        fork=fork,
        told=lambda decision: decision.kind in _TOLD,
        check_replay=_check_replay,
        imports=_imports,
        budget=_budget,
        acted=_acted,
        durability=lambda spec: spec.durability or "sync",
        ahead=False,
        tells=False,
    )
    return made


def _check(spec: RunSpec) -> None:
    given = input_of(spec)
    check(given.options)
    if given.options.vision and given.screenshots is None:
        raise BadInput("With `vision` a run needs a folder for screenshots: give `screenshots`.")


def _imports(spec: RunSpec) -> tuple[str, ...]:
    given = input_of(spec)
    place = given.environment_spec
    named = (given.options.strategy, place.name if place else "")
    return tuple(name.partition(":")[0] for name in named if ":" in name)


def _budget(spec: RunSpec) -> Budget:
    """The run's budget; its actions count as effects."""
    most = input_of(spec).options.max_actions
    return spec.budget if most is None or spec.budget.effects else replace(spec.budget, effects=most)


def _check_replay(run: RunRecord, decisions: Sequence[Decision]) -> None:
    options = input_of(spec_of(run.spec)).options
    acted = any(one.kind == "arrival" and one.key != f"arrival/{ROOT}" for one in decisions)
    if acted and not any(one.kind in {OFFER, INHERITED} for one in decisions):
        raise BadInput(
            "The run is of a version that did not record which proposed actions were possible: it can be shown and "
            "forked, not replayed."
        )
    if options.rolls and options.concurrency > 1:
        raise BadInput(
            "The run followed several trajectories at once, whose order depended on the environment: it can be shown "
            "and forked, not replayed."
        )


@asynccontextmanager
async def _context(
    environment: Environment | None, hooks: RunHooks, spec: RunSpec, run: Run
) -> AsyncIterator[WebContext]:
    given, services = input_of(spec), run.services
    replays = isinstance(services.ledger, Tape)
    place: Environment = RecordedPages(given.environment) if replays else environment or _opened(given)
    try:
        if given.environment != place.name:
            raise BadInput(f"The run was in `{given.environment}`, not in `{place.name}`.")
        context = _context_of(given, services, place, hooks)
        hooks.opened(services.run_id)
        services.watch(Event(kind="opened", text=services.run_id, **services.said()))
        try:
            yield context
        finally:
            await context.forget()
    finally:
        if environment is None:
            await place.aclose()


def _opened(given: WebInput) -> Environment:
    if given.environment_spec is None:
        raise BadInput(
            f"The run's environment `{given.environment}` was made by a program; resume it there, with resume_web."
        )
    return opened(given.environment_spec)


def _context_of(given: WebInput, services: RunServices, place: Environment, hooks: RunHooks) -> WebContext:
    options, journal = given.options, services.journal
    price = stated(services.spec.model_options.price)
    sample = tuned(
        recorded(services.engine, services.ledger, services.tracker, price=price), services.spec.model_options
    )
    done = sum(_steps(journal.decision(key)) for kind in _VISITS for key in journal.keys(f"{kind}/"))
    services.tracker.effects = done

    def watch(line: str) -> None:
        hooks.watch(line)
        services.watch(Event(kind="visited", text=line, **services.said()))

    return WebContext(
        given_goal=given.goal,
        environment=place,
        journal=journal,
        tracker=services.tracker,
        actor=actor(
            sample,
            services.prompts,
            samples=options.samples,
            pick_actions=options.pick_actions,
            prior_actions=options.prior_actions,
            seed=services.spec.seed,
        ),
        value=value(sample, services.prompts, samples=options.value_samples, seed=services.spec.seed),
        check=hooks.check,
        options=options,
        ask=partial(approved, services, hooks.ask),
        effect=partial(_effect, services),
        is_recorded=services.ledger.recorded,
        known_done=partial(known_done, services),
        passed=services.ledger.pass_over if isinstance(services.ledger, Tape) else _quiet,
        counted=[done],
        seed=services.spec.seed,
        shots=Path(given.screenshots) / services.run_id if given.screenshots else None,
        watch=watch,
    )


async def _effect(services: RunServices, key: str, asked: Json, do: Callable[[], Awaitable[Json]]) -> Json:
    async def act() -> tuple[Json, Usage]:
        return await do(), Usage()

    return await services.ledger(key, asked, act, kind="action", model="environment")


def _acted(decisions: Sequence[Decision]) -> int:
    return sum(_steps(one.payload) for one in decisions if one.kind in _VISITS)


def _steps(visit: Json) -> int:
    return read_stored(VISIT, visit, "visit").steps


def _stored(state: WebState, context: WebContext, run: Run) -> Json:
    waiting = next(iter(run.services.waiting.values()), None)
    result = _result(run.id, str((state or {}).get("stop", "")), context, waiting)
    written: Json = _RESULT.dump_python(result, mode="json")
    return written


def _result(run_id: str, reason: str, context: WebContext, waiting: Question | None) -> WebResult:
    tree = context.journal.tree
    best = best_visited(tree)
    page = context.arrived(best.id if best else ROOT)
    tried = [context.arrived(node.id) for node in tree if is_visited(node)]
    again = passages(context.journal)
    return WebResult(
        run_id=run_id,
        solved=best is not None and best.accepted,
        reason="waiting" if waiting else reason,
        answer=best.answer if best else None,
        url=page.url,
        actions=tuple(context.history(best.id)) if best else (),
        value=best.score if best else None,
        verified_by=best.verified_by if best else VerifiedBy.NONE,
        node=best.id if best else None,
        visited=len(tried),
        replayed=again + sum(one.replayed for one in tried),
        written=tuple(
            line for key in context.journal.keys("commit/") for line in context.arrived(key[7:]).writes
        ),
        usage=context.tracker.spent,
        question=_question(waiting),
    )


def _question(waiting: Question | None) -> ApprovalRequest | None:
    """The question about an action; None if the run waits for something else."""
    asked: Any = waiting.question if waiting is not None and waiting.key.startswith("approve/") else None
    return None if asked is None else TypeAdapter(ApprovalRequest).validate_python(asked)
