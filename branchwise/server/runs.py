"""/v1/runs: start the server's own workflows; look at, answer, cancel, fork and follow runs."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from branchwise.graphs import strategies
from branchwise.graphs.runtime import registry
from branchwise.graphs.runtime.answer import answer as answer_run
from branchwise.graphs.runtime.answer import open_questions
from branchwise.graphs.runtime.fork import fork as fork_run
from branchwise.graphs.runtime.spec import RunSpec, jsonable, spec_of
from branchwise.server.background import QUEUE, submit
from branchwise.server.callers import Caller
from branchwise.server.charging import charged, settle
from branchwise.server.replies import KEEP_ALIVE
from branchwise.server.response_object import OVER
from branchwise.server.serving import Serving
from branchwise.server.streams import EventStream
from branchwise.server.usage import usage_json
from branchwise.server.wire import BudgetBody, Name, read_body
from branchwise.store.as_fields import as_fields
from branchwise.store.errors import BadInput, UnknownName
from branchwise.store.records import Budget, Json
from branchwise.store.rows import RunRecord, Status
from branchwise.store.runs import adopt

_STRICT = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)
_MOST = 200
"""Runs of a page."""
_POLL = 0.5
"""Seconds between looks at a run that is followed."""
Seed = Annotated[int, Field(ge=-(2**63), lt=2**63)]


class StartBody(BaseModel):
    """The body of POST /v1/runs."""

    model_config = _STRICT

    workflow: Name
    input: Any = Field(default_factory=dict)
    budget: BudgetBody = Field(default_factory=BudgetBody)
    seed: Seed = 0


class AnswerBody(BaseModel):
    """The body of POST /v1/runs/RUN/answer."""

    model_config = _STRICT

    value: Any
    key: Annotated[str, Field(max_length=640)] | None = None


class ForkBody(BaseModel):
    """The body of POST /v1/runs/RUN/fork."""

    model_config = _STRICT

    at: Annotated[str, Field(max_length=640)] | None = None
    input: Any = None
    strategy: Name | None = None
    knobs: dict[str, int | float | str | bool] | None = None
    budget: BudgetBody | None = None
    seed: Seed | None = None


async def start_run(request: Request, serving: Serving, caller: Caller) -> Response:
    """Start a run of a workflow that the server was started with; it goes on in the background."""
    body = await read_body(request, StartBody)
    if body.workflow not in serving.settings.workflows:
        raise UnknownName("workflow", body.workflow, serving.settings.workflows)
    caller.check_model(body.workflow, body.workflow)
    defaults, limits = serving.settings.defaults, body.budget.model_dump(exclude_none=True)
    spec = RunSpec(
        workflow=body.workflow,
        input=jsonable(body.input, "The input"),
        model=defaults.model,
        base_url=defaults.base_url,
        model_options=defaults.model_options,
        seed=body.seed,
        budget=Budget(**{"tokens": defaults.tokens, **limits}),
    )
    run = await submit(serving, caller, spec)
    return JSONResponse(await _shown(serving, run), status_code=202)


async def list_runs(request: Request, serving: Serving, caller: Caller) -> Response:
    """List the caller's runs, newest first; `?status=` and `?limit=` narrow them."""
    asked = request.query_params
    limit = asked.get("limit", "20")
    most = min(_MOST, max(1, int(limit[:6]))) if limit.isdecimal() else 20
    status = asked.get("status")
    if status is not None and status not in set(Status):
        raise UnknownName("status", status, set(Status))
    found = await serving.store.runs(status=status, api_key=caller.key, limit=most)
    return JSONResponse({"object": "list", "data": [_record(run) for run in found]})


async def one_run(request: Request, serving: Serving, caller: Caller) -> Response:
    """Describe a run."""
    return JSONResponse(await _shown(serving, await _own(request, serving, caller)))


async def answer_question(request: Request, serving: Serving, caller: Caller) -> Response:
    """Answer a question of a waiting run, which then goes on in the background."""
    run = await _own(request, serving, caller)
    body = await read_body(request, AnswerBody)
    if run.status is not Status.WAITING:
        raise BadInput(f"The run `{run.id}` is {run.status} and waits for no answer.")
    await charged(serving, caller, spec_of(run.spec), run.id, run)
    by = f"key {caller.id}" if caller.id else "http"
    try:
        now = await answer_run(run.id, body.value, key=body.key, by=by, store=serving.store)
    except BaseException:
        await settle(serving, caller, run.id)
        raise
    return JSONResponse(await _shown(serving, now))


async def cancel_run(request: Request, serving: Serving, caller: Caller) -> Response:
    """Cancel a run that is not over."""
    run = await _own(request, serving, caller)
    return JSONResponse(await _shown(serving, await serving.store.cancel(run.id)))


async def fork_of(request: Request, serving: Serving, caller: Caller) -> Response:
    """Fork a run at a place; the new run goes on in the background."""
    run = await _own(request, serving, caller)
    body = await read_body(request, ForkBody)
    own: dict[str, Any] = {"strategy": body.strategy, "knobs": body.knobs}
    if body.strategy is not None:
        _known_strategy(body.strategy)
    caller.check_model(body.strategy or run.strategy or run.task, run.task)
    if body.input is not None and run.workflow not in serving.settings.workflows:
        raise BadInput("Only a run of the server's own workflows is given another input.")
    made = await fork_run(
        run.id,
        at=body.at,
        input=body.input,
        budget=_fork_budget(body, run, serving),
        seed=body.seed,
        store=serving.store,
        **{name: value for name, value in own.items() if value is not None},
    )
    try:
        spec = await charged(serving, caller, spec_of(made.spec), made.id)
    except BaseException:
        await serving.store.cancel(made.id)
        raise
    stored = registry.load(spec.workflow).stored(spec)
    await serving.store.database.awrite(
        lambda c: adopt(c, made.id, queue=QUEUE, api_key=caller.key, spec=stored)
    )
    return JSONResponse(await _shown(serving, await serving.store.run(made.id)), status_code=202)


def _known_strategy(name: str) -> None:
    if name != "auto" and name not in strategies.names():
        raise UnknownName("strategy", name, strategies.names())


def _fork_budget(body: ForkBody, run: RunRecord, serving: Serving) -> dict[str, Any]:
    """The limits of a fork: those asked for, else those of the run."""
    was = {name: value for name, value in as_fields(spec_of(run.spec).budget).items() if value is not None}
    limits = was if body.budget is None else body.budget.model_dump(exclude_none=True)
    limits.setdefault("tokens", serving.settings.defaults.tokens)
    return limits


async def run_events(request: Request, serving: Serving, caller: Caller) -> Response:
    """Follow a run: its history as server-sent events, from `?after=N` or `Last-Event-ID` on, until it is over."""
    run = await _own(request, serving, caller)
    said = request.query_params.get("after") or request.headers.get("last-event-id") or "0"
    after = int(said[:9]) if said.isdecimal() else 0
    events = _followed(serving, run.id, after)
    return EventStream(events)


async def _followed(serving: Serving, run_id: str, after: int) -> AsyncGenerator[bytes]:
    last, told = time.monotonic(), after
    yield b": following\n\n"
    while True:
        run = await serving.store.run(run_id)
        events = await serving.store.events(run_id)
        for number, one in enumerate(events[told:], told + 1):
            told, last = number, time.monotonic()
            said = json.dumps({"kind": one.kind, "at": one.at, "data": one.data})
            yield f"id: {number}\nevent: {one.kind}\ndata: {said}\n\n".encode()
        if run.status in OVER:
            return
        if time.monotonic() - last >= serving.settings.keep_alive:
            last = time.monotonic()
            yield KEEP_ALIVE
        await asyncio.sleep(_POLL)


async def _own(request: Request, serving: Serving, caller: Caller) -> RunRecord:
    return await caller.own(serving, str(request.path_params["run_id"]))


async def _shown(serving: Serving, run: RunRecord) -> dict[str, Any]:
    usage = await serving.store.usage(run.id, below=True)
    questions = [
        {"key": one.key, "question": one.question, "schema": one.schema} for one in open_questions(run)
    ]
    return {
        **_record(run),
        "usage": {**usage_json(usage, 0), "calls": usage.calls, "cost": usage.cost},
        "questions": questions,
        "result": None if run.status is Status.WAITING else run.result,
        "budget": _budget(run),
    }


def _budget(run: RunRecord) -> Json:
    limits = as_fields(spec_of(run.spec).budget)
    return {name: value for name, value in limits.items() if value is not None}


def _record(run: RunRecord) -> dict[str, Any]:
    return {
        "id": run.id,
        "object": "run",
        "status": run.status,
        "workflow": run.workflow or "solve",
        "task": run.task,
        "strategy": run.strategy,
        "created": run.created,
        "finished": run.finished,
        "seconds": run.elapsed,
        "forked_from": run.forked_from,
        "parent": run.parent,
        "error": run.error,
        "background": run.queue == QUEUE,
    }
