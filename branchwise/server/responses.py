"""/v1/responses: OpenAI's newer form of the same requests, also in the background."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from branchwise.graphs.runtime.spec import spec_of
from branchwise.graphs.search.finalists import finalists
from branchwise.graphs.search.request import SearchInput, input_of
from branchwise.graphs.search.result import Result, result_of
from branchwise.server.background import queued
from branchwise.server.callers import Caller
from branchwise.server.chat import line
from branchwise.server.choice import search_request
from branchwise.server.live_runs import LiveRun
from branchwise.server.refusals import Refusal, refusal_of
from branchwise.server.replies import KEEP_ALIVE
from branchwise.server.response_body import ASKED, ResponseBody, chat_body, kept_body, kept_fields
from branchwise.server.response_events import ending, opening
from branchwise.server.response_object import OVER, PREFIX, answered, failed, item_text, pending
from branchwise.server.running import MARK, Wanted, open_run
from branchwise.server.serving import Serving
from branchwise.server.streams import EventStream, until_gone, while_searching
from branchwise.server.wire import fingerprint, idempotency_key, read_body
from branchwise.store.errors import NoAnswer, UnknownName
from branchwise.store.rows import RunRecord, Status

_POLL = 0.5
"""Seconds between looks at a run that another task or process executes."""


async def respond(request: Request, serving: Serving, caller: Caller) -> Response:
    """Answer, stream, or queue a request."""
    body = await read_body(request, ResponseBody)
    earlier = await _earlier(serving, caller, body.previous_response_id)
    chat = chat_body(body, earlier)
    key = idempotency_key(request, body.branchwise)
    if body.store is False and (key is not None or body.background):
        raise Refusal(message="What is not stored cannot be asked for again: leave out `store`.")
    digest = fingerprint(body)
    mark = {ASKED: kept_fields(body), **({} if key is None else {MARK: digest})}
    search, spec = search_request(chat, request.headers, serving.settings.defaults, mark)
    caller.check_model(search.options.strategy, search.task)
    wanted = Wanted(
        spec=spec,
        key=key,
        digest=digest,
        caller=caller,
        detached=body.branchwise.detach,
        forget=body.store is False,
    )
    if body.background:
        begun = await _queued(serving, wanted, body)
        if not body.stream:
            return JSONResponse(begun)
        return EventStream(_followed(serving, begun["id"].removeprefix(PREFIX), -1))
    opened = await open_run(serving, wanted, line)
    opened.live.join()
    if body.stream:
        events = _events(serving, opened.live, search, body)
        return EventStream(events, live=opened.live, headers={"x-branchwise-run": opened.live.run_id})
    try:
        opened.live.go.set()
        ended = await until_gone(request, opened.live)
        found = await _answered(serving, opened.live.run_id, search, ended.output, body)
        return JSONResponse(found, headers={"x-branchwise-run": opened.live.run_id})
    finally:
        opened.live.leave()


async def _queued(serving: Serving, wanted: Wanted, body: ResponseBody) -> dict[str, Any]:
    """Queue a request; one with a key that was queued before is only shown."""
    run, new = await queued(serving, wanted)
    return pending(run, body) if new else await _shown(serving, run)


async def one_response(request: Request, serving: Serving, caller: Caller) -> Response:
    """GET /v1/responses/ID: the response as far as it is; with `?stream=true` its events after `starting_after`."""
    run, asked = await _own(request, serving, caller), request.query_params
    if asked.get("stream") != "true":
        return JSONResponse(await _shown(serving, run))
    after = asked.get("starting_after", "")
    return EventStream(_followed(serving, run.id, int(after[:9]) if after.isdecimal() else -1))


async def cancel_response(request: Request, serving: Serving, caller: Caller) -> Response:
    """POST /v1/responses/ID/cancel."""
    run = await _own(request, serving, caller)
    return JSONResponse(await _shown(serving, await serving.store.cancel(run.id)))


async def _own(request: Request, serving: Serving, caller: Caller) -> RunRecord:
    return await _of(serving, caller, str(request.path_params["response_id"]))


async def _of(serving: Serving, caller: Caller, response_id: str) -> RunRecord:
    unknown = UnknownName("response", response_id, ())
    try:
        run = await caller.own(serving, response_id.removeprefix(PREFIX))
    except UnknownName:
        raise unknown from None
    if run.workflow not in {None, "solve"} or not response_id.startswith(PREFIX):
        raise unknown
    return run


async def _earlier(serving: Serving, caller: Caller, response_id: str | None) -> list[dict[str, Any]]:
    """The messages of an earlier response with its answer."""
    if response_id is None:
        return []
    run = await _of(serving, caller, response_id)
    shown = await _shown(serving, run)
    search = input_of(spec_of(run.spec))
    if shown["status"] != "completed" or not search.messages:
        raise Refusal(message=f"The response `{response_id}` has no answer to go on from.")
    return [*map(dict, search.messages), item_text(shown["output"])]


async def _shown(serving: Serving, run: RunRecord) -> dict[str, Any]:
    search = input_of(spec_of(run.spec))
    body = kept_body(search.metadata.get(ASKED))
    if run.status is not Status.DONE:
        return pending(run, body)
    try:
        return await _answered(serving, run.id, search, result_of(run.result), body)
    except NoAnswer as error:
        return failed(run.id, run.created, refusal_of(error), body)


async def _answered(
    serving: Serving, run_id: str, search: SearchInput, result: Result, body: ResponseBody | None = None
) -> dict[str, Any]:
    tree = await serving.store.nodes(run_id)
    strict = body is not None and body.branchwise.strict
    [answer] = finalists(search, result, tree, 1, strict=strict)
    run = await serving.store.run(run_id)
    return answered(run, result, answer, tree[answer.node].strategy or search.options.strategy, body)


async def _followed(serving: Serving, run_id: str, after: int) -> AsyncGenerator[bytes]:
    """The events of a stored response, those up to number `after` left out; they are the same each time."""
    events, last = list(opening(run_id, None)), time.monotonic()
    for part in events[after + 1 :]:
        yield part
    while (run := await serving.store.run(run_id)).status not in OVER:
        await asyncio.sleep(_POLL)
        if time.monotonic() - last >= serving.settings.keep_alive:
            last = time.monotonic()
            yield KEEP_ALIVE
    for number, part in enumerate(ending(await _shown(serving, run), len(events)), len(events)):
        if number > after:
            yield part


async def _events(
    serving: Serving, live: LiveRun, search: SearchInput, body: ResponseBody
) -> AsyncGenerator[bytes]:
    ended = asyncio.create_task(live.result())
    try:
        number = 0
        for part in opening(live.run_id, body):
            yield part
            number += 1
        live.go.set()
        async for part in while_searching(live, ended, serving.settings.keep_alive, None):
            yield part
        try:
            found = await _answered(serving, live.run_id, search, ended.result().output, body)
        except Exception as error:
            found = failed(live.run_id, 0.0, refusal_of(error, live.run_id), body)
        for part in ending(found, number):
            yield part
    finally:
        ended.cancel()
