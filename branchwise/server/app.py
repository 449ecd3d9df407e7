"""The ASGI application: routes, and what holds for all of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from branchwise.models.protocol import Model
from branchwise.server.background import working
from branchwise.server.callers import Caller
from branchwise.server.chat import chat
from branchwise.server.listing import list_models, one_model
from branchwise.server.responses import cancel_response, one_response, respond
from branchwise.server.routes import no_route, route
from branchwise.server.runs import start_run
from branchwise.server.scraping import scrape
from branchwise.server.serving import ServerSettings, Serving, opened
from branchwise.server.viewing import page_routes, run_routes

CallerApp = Callable[[Caller, Scope, Receive, Send], Awaitable[None]]
"""Answers a request of a known caller."""
Mounted = Callable[[Serving], AbstractAsyncContextManager[CallerApp]]
"""Opens one for a server."""


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
            route("/v1/chat/completions", chat, "POST"),
            route("/v1/models", list_models),
            route("/v1/models/{name:path}", one_model),
            route("/v1/responses", respond, "POST"),
            route("/v1/responses/{response_id}", one_response),
            route("/v1/responses/{response_id}/cancel", cancel_response, "POST"),
            route("/v1/runs", start_run, "POST"),
            *run_routes(),
            *page_routes(),
            route("/metrics", scrape),
            route("/health", _health, private=False),
            route("/ready", _ready, private=False),
            *([] if mcp is None else [route("/mcp", _mcp, "POST")]),
        ],
        lifespan=lifespan,
        middleware=[_cors(settings)] if settings.origins else [],
        exception_handlers={HTTPException: no_route},
    )


def _cors(settings: ServerSettings) -> Middleware:
    return Middleware(
        CORSMiddleware,
        allow_origins=settings.origins,
        allow_methods=["GET", "POST"],
        allow_headers=["*"],  # of these origins only; OpenAI's client sends a dozen of its own
        expose_headers=["x-request-id", "x-branchwise-run"],
    )


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
