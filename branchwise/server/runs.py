"""/v1/runs: start the server's own workflows; look at, answer, cancel, fork and follow runs."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from typing import Any

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from branchwise.graphs.runtime.spec import RunSpec, jsonable
from branchwise.server.background import submit
from branchwise.server.callers import Caller
from branchwise.server.replies import KEEP_ALIVE
from branchwise.server.response_object import OVER
from branchwise.server.run_actions import STRICT, ForkBody, Place, Seed, answered, forked, record, shown
from branchwise.server.serving import Serving
from branchwise.server.streams import EventStream
from branchwise.server.wire import BudgetBody, Name, read_body
from branchwise.store.errors import BadInput, UnknownName
from branchwise.store.records import Budget
from branchwise.store.rows import RunRecord, Status

_MOST = 200
"""Runs of a page."""
_POLL = 0.5
"""Seconds between looks at a run that is followed."""


class StartBody(BaseModel):
    """The body of POST /v1/runs."""

    model_config = STRICT

    workflow: Name
    input: Any = Field(default_factory=dict)
    budget: BudgetBody = Field(default_factory=BudgetBody)
    seed: Seed = 0


class AnswerBody(BaseModel):
    """The body of POST /v1/runs/RUN/answer."""

    model_config = STRICT

    value: Any
    key: Place | None = None


async def start_run(request: Request, serving: Serving, caller: Caller) -> Response:
    """Start a run of a workflow that the server was started with; it goes on in the background."""
    body = await read_body(request, StartBody)
    if body.workflow not in serving.settings.workflows:
        if not serving.settings.workflows:
            raise BadInput("This server starts no workflows: name them with `branchwise serve --workflow`.")
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
    return JSONResponse(await shown(serving, run), status_code=202)


async def list_runs(request: Request, serving: Serving, caller: Caller) -> Response:
    """List the caller's runs, newest first; `?status=` and `?limit=` narrow them."""
    asked = request.query_params
    limit = asked.get("limit", "20")
    if not limit.isdecimal() or not int(limit[:6]):
        raise BadInput(f"`limit` is a whole number from 1 to {_MOST}, not `{limit:.50}`.")
    most = min(_MOST, int(limit[:6]))
    status = asked.get("status")
    if status is not None and status not in set(Status):
        raise UnknownName("status", status, set(Status))
    found = await serving.store.runs(status=status, api_key=caller.key, limit=most)
    return JSONResponse({"object": "list", "data": [record(run) for run in found]})


async def one_run(request: Request, serving: Serving, caller: Caller) -> Response:
    """Describe a run."""
    return JSONResponse(await shown(serving, await _own(request, serving, caller)))


async def answer_question(request: Request, serving: Serving, caller: Caller) -> Response:
    """Answer a question of a waiting run, which then goes on in the background."""
    run = await _own(request, serving, caller)
    body = await read_body(request, AnswerBody)
    now = await answered(serving, caller, run, body.value, body.key, "http")
    return JSONResponse(await shown(serving, now))


async def cancel_run(request: Request, serving: Serving, caller: Caller) -> Response:
    """Cancel a run that is not over."""
    run = await _own(request, serving, caller)
    return JSONResponse(await shown(serving, await serving.store.cancel(run.id)))


async def fork_of(request: Request, serving: Serving, caller: Caller) -> Response:
    """Fork a run at a place; the new run goes on in the background."""
    run = await _own(request, serving, caller)
    made = await forked(serving, caller, run, await read_body(request, ForkBody))
    return JSONResponse(await shown(serving, made), status_code=202)


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
