"""POST /v1/chat/completions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from branchwise.graphs.runtime.result import RunResult
from branchwise.graphs.search.answer_logprobs import with_logprobs
from branchwise.graphs.search.finalists import Finalist, finalists
from branchwise.graphs.search.request import SearchInput
from branchwise.graphs.search.result import Result
from branchwise.server.callers import Caller
from branchwise.server.charging import remaining
from branchwise.server.choice import DEFAULT, PREFIX, search_request
from branchwise.server.live_runs import LiveRun
from branchwise.server.refusals import Refusal, refusal_of
from branchwise.server.replies import Heading, event, headers
from branchwise.server.running import MARK, Opened, Wanted, open_run
from branchwise.server.serving import Serving
from branchwise.server.streams import EventStream, until_gone, while_searching
from branchwise.server.wire import ChatBody, fingerprint, idempotency_key, read_body

_NO_LOGPROBS = "Some answers have no `logprobs`: the model gave none for their tokens."


@dataclass(frozen=True, kw_only=True, slots=True)
class _Chat:
    """One request with its run."""

    serving: Serving
    caller: Caller
    body: ChatBody
    search: SearchInput
    opened: Opened
    heading: Heading

    @property
    def live(self) -> LiveRun:
        return self.opened.live

    async def answers(self, ended: RunResult) -> tuple[Result, list[Finalist], str]:
        """The result, the answers to give, and the strategy that found the first."""
        result: Result = ended.output
        tree = await self.serving.store.nodes(self.live.run_id)
        found = finalists(self.search, result, tree, self.body.n or 1, strict=self.body.branchwise.strict)
        if self.body.logprobs:
            found = with_logprobs(found, tree, await self.serving.store.calls(self.live.run_id))
            if not all(one.logprobs for one in found):
                result = replace(result, notes=(*result.notes, _NO_LOGPROBS))
        return result, found, tree[found[0].node].strategy or self.search.options.strategy


async def chat(request: Request, serving: Serving, caller: Caller) -> Response:
    """Answer a chat request by a search."""
    body = await read_body(request, ChatBody)
    key = idempotency_key(request, body.branchwise)
    if key is not None and body.store is False:
        raise Refusal(message="What is not stored cannot be replayed: leave out the key or `store`.")
    digest = fingerprint(body)
    mark = {} if key is None else {MARK: digest}
    search, spec = search_request(body, request.headers, serving.settings.defaults, mark)
    caller.check_model(search.options.strategy, search.task)
    wanted = Wanted(
        spec=spec,
        key=key,
        digest=digest,
        caller=caller,
        detached=body.branchwise.detach,
        forget=body.store is False,
    )
    opened = await open_run(serving, wanted, line)
    options = body.stream_options
    heading = Heading(
        run_id=opened.live.run_id,
        model=body.model or f"{PREFIX}{DEFAULT}",
        include_usage=options is not None and options.include_usage,
    )
    asked = _Chat(serving=serving, caller=caller, body=body, search=search, opened=opened, heading=heading)
    opened.live.join()
    if body.stream:
        sent = {"x-branchwise-run": opened.live.run_id}
        return EventStream(_events(asked), live=opened.live, headers=sent)
    try:
        opened.live.go.set()
        return await _whole(request, asked)
    finally:
        opened.live.leave()


async def _whole(request: Request, asked: _Chat) -> Response:
    ended = await until_gone(request, asked.live)
    try:
        result, found, strategy = await asked.answers(ended)
    except Exception as error:
        raise refusal_of(error, asked.live.run_id) from error
    sent = headers(result) | await remaining(asked.serving, asked.caller)
    if asked.opened.replayed:
        sent["x-branchwise-replayed"] = "true"
    return JSONResponse(asked.heading.completion(result, found, strategy), headers=sent)


async def _events(asked: _Chat) -> AsyncGenerator[bytes]:
    """The events of a stream."""
    live = asked.live
    ended = asyncio.create_task(live.result())
    try:
        yield asked.heading.begin()
        live.go.set()
        progress = asked.heading.progress if asked.body.branchwise.progress else None
        silence = asked.serving.settings.keep_alive
        async for part in while_searching(live, ended, silence, progress):
            yield part
        try:
            result, found, strategy = await asked.answers(ended.result())
        except Exception as error:
            yield event(refusal_of(error, live.run_id).body)
            return
        for part in asked.heading.end(result, found, strategy):
            yield part
    finally:
        ended.cancel()


def line(told: Any) -> str:
    """A line of progress from a search's event."""
    if told.kind == "selected":
        return f"strategy {told.text}"
    if told.kind != "judged":
        return ""
    best = "none" if told.best is None else f"{told.best:.2f}"
    return f"round {told.round}: {told.nodes} samples, best {best}, {told.tokens:,} tokens"
