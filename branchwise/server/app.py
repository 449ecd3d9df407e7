"""The ASGI application: routes, and what holds for all of them."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from branchwise.models.protocol import Model
from branchwise.server.background import working
from branchwise.server.callers import Caller, authenticate
from branchwise.server.chat import chat
from branchwise.server.guard import check_host, check_origin
from branchwise.server.listing import list_models, one_model
from branchwise.server.refusals import Refusal, refusal_of
from branchwise.server.responses import cancel_response, one_response, respond
from branchwise.server.runs import (
    answer_question,
    cancel_run,
    fork_of,
    list_runs,
    one_run,
    run_events,
    start_run,
)
from branchwise.server.serving import ServerSettings, Serving, opened
from branchwise.server.streams import Gone
from branchwise.store.trace_context import CURRENT, parse

Endpoint = Callable[[Request, Serving, Caller], Awaitable[Response]]
CallerApp = Callable[[Caller, Scope, Receive, Send], Awaitable[None]]
"""Answers a request of a known caller."""
Mounted = Callable[[Serving], AbstractAsyncContextManager[CallerApp]]
"""Opens one for a server."""
_GONE = 499
"""The status that logs show of a request whose client hung up."""


def application(
    settings: ServerSettings, engine: Model | None = None, mcp: Mounted | None = None
) -> Starlette:
    """Make the application; its lifespan opens and closes the store and the model.

    Args:
        settings: How the server runs.
        engine: An open Model, instead of the one that the settings name.
        mcp: Opens what answers requests to `/mcp`; without it there is no such address.
    """

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with opened(settings, engine) as serving:
            app.state.serving = serving
            async with working(serving), nullcontext() if mcp is None else mcp(serving) as app.state.mcp:
                yield

    return Starlette(
        routes=[
            _route("/v1/chat/completions", chat, "POST"),
            _route("/v1/models", list_models),
            _route("/v1/models/{name:path}", one_model),
            _route("/v1/responses", respond, "POST"),
            _route("/v1/responses/{response_id}", one_response),
            _route("/v1/responses/{response_id}/cancel", cancel_response, "POST"),
            _route("/v1/runs", start_run, "POST"),
            _route("/v1/runs", list_runs),
            _route("/v1/runs/{run_id}", one_run),
            _route("/v1/runs/{run_id}/answer", answer_question, "POST"),
            _route("/v1/runs/{run_id}/cancel", cancel_run, "POST"),
            _route("/v1/runs/{run_id}/fork", fork_of, "POST"),
            _route("/v1/runs/{run_id}/events", run_events),
            _route("/health", _health, private=False),
            _route("/ready", _ready, private=False),
            *([] if mcp is None else [_route("/mcp", _mcp, "POST")]),
        ],
        lifespan=lifespan,
        middleware=[_cors(settings)] if settings.origins else [],
        exception_handlers={HTTPException: _no_route},
    )


def _cors(settings: ServerSettings) -> Middleware:
    allowed = ["authorization", "content-type", "idempotency-key", "x-branchwise-strategy"]
    return Middleware(
        CORSMiddleware,
        allow_origins=settings.origins,
        allow_methods=["GET", "POST"],
        allow_headers=allowed,
        expose_headers=["x-request-id", "x-branchwise-run"],
    )


def _route(path: str, answer: Endpoint, method: str = "GET", *, private: bool = True) -> Route:
    async def endpoint(request: Request) -> Response:
        serving: Serving = request.app.state.serving
        token = CURRENT.set(
            parse(request.headers.get("traceparent"))
        )  # its run belongs to the caller's trace
        try:
            check_origin(request, serving.settings)
            caller = await authenticate(request, serving) if private else Caller()
            if private and not caller.id:
                check_host(request, serving.settings)
            reply = await answer(request, serving, caller)
        except (Gone, ClientDisconnect):
            reply = Response(status_code=_GONE)
        except Exception as error:
            reply = refusal_of(error).response()
        finally:
            CURRENT.reset(token)
        reply.headers.setdefault("x-request-id", uuid.uuid4().hex)
        return reply

    return Route(path, endpoint, methods=[method])


async def _health(request: Request, serving: Serving, caller: Caller) -> Response:
    """GET /health: the process answers."""
    return JSONResponse({"status": "ok"})


async def _ready(request: Request, serving: Serving, caller: Caller) -> Response:
    """GET /ready: the store and the model answer, too."""
    faults = await serving.faults()
    return JSONResponse({"ready": not faults, "faults": faults}, status_code=503 if faults else 200)


class _Handed(Response):
    """A reply that another ASGI application gives to a known caller."""

    def __init__(self, answer: CallerApp, caller: Caller) -> None:
        super().__init__()
        self._answer, self._caller = answer, caller

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request over."""
        await self._answer(self._caller, scope, receive, send)


async def _mcp(request: Request, serving: Serving, caller: Caller) -> Response:
    """POST /mcp."""
    return _Handed(request.app.state.mcp, caller)


async def _no_route(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    said = "There is no such address here." if error.status_code == 404 else str(error.detail)
    code = "not_found" if error.status_code == 404 else None
    return Refusal(message=said, status=error.status_code, code=code).response()
