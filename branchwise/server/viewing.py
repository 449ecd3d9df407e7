"""The live page: its files, and the rows of runs that it draws."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from branchwise.server.acting import replay_run, resume_run
from branchwise.server.callers import Caller
from branchwise.server.refusals import Refusal
from branchwise.server.routes import no_route, route
from branchwise.server.runs import (
    answer_question,
    cancel_run,
    fork_of,
    list_runs,
    one_run,
    run_events,
)
from branchwise.server.serving import ServerSettings, Serving, opened
from branchwise.server.streams import EventStream
from branchwise.store.errors import UnknownName
from branchwise.store.inherited import inherited
from branchwise.store.records import Json
from branchwise.ui.call_details import call_details, decision_details
from branchwise.ui.node_details import node_details, picture_of
from branchwise.ui.run_list import FILTERS, MOST
from branchwise.ui.static_files import HEADERS, files

_LONGEST, _NAME = 200, 640
"""Characters of a filter, and of the name of a node or a call."""
_PRIVATE = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


def viewer(settings: ServerSettings) -> Starlette:
    """Make the application of `branchwise ui`: the page and the runs of a store; no model, no worker.

    Args:
        settings: How the server runs; `defaults` names no model.
    """

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with opened(settings) as serving:
            app.state.serving = serving
            yield

    routes = [*run_routes(), *page_routes()]
    return Starlette(routes=routes, lifespan=lifespan, exception_handlers={HTTPException: no_route})


def run_routes() -> list[Route]:
    """Routes to look at runs and to act on them."""
    return [
        route("/v1/runs", list_runs),
        route("/v1/runs/{run_id}", one_run),
        route("/v1/runs/{run_id}/answer", answer_question, "POST"),
        route("/v1/runs/{run_id}/cancel", cancel_run, "POST"),
        route("/v1/runs/{run_id}/fork", fork_of, "POST"),
        route("/v1/runs/{run_id}/resume", resume_run, "POST"),
        route("/v1/runs/{run_id}/replay", replay_run, "POST"),
        route("/v1/runs/{run_id}/events", run_events),
    ]


def page_routes() -> list[Route]:
    """Routes of the page."""
    return [
        route("/", _page, private=False),
        route("/assets/{name}", _asset, private=False),
        route("/ui/session", _session),
        route("/ui/runs", _runs),
        route("/ui/runs/{run_id}/rows", _rows),
        route("/ui/runs/{run_id}/node", _node),
        route("/ui/runs/{run_id}/call", _call),
        route("/ui/runs/{run_id}/decision", _decision),
        route("/ui/runs/{run_id}/screenshot", _screenshot),
        route("/ui/runs/{run_id}/reusable", _reusable),
    ]


async def _page(request: Request, serving: Serving, caller: Caller) -> Response:
    return _file("index.html")


async def _asset(request: Request, serving: Serving, caller: Caller) -> Response:
    return _file(str(request.path_params["name"]))


def _file(name: str) -> Response:
    if name not in files():
        raise UnknownName("file of the page", name, files())
    body, kind = files()[name]
    return Response(body, media_type=kind, headers=dict(HEADERS))


async def _session(request: Request, serving: Serving, caller: Caller) -> Response:
    """Tell the page what its caller may do."""
    told = {"may_act": caller.may_act, "key": caller.id or None, "workflows": serving.settings.workflows}
    return JSONResponse(told, headers=_PRIVATE)


async def _runs(request: Request, serving: Serving, caller: Caller) -> Response:
    """List the caller's runs, newest first, by the filters in the address."""
    asked = request.query_params
    filters = {name: asked[name][:_LONGEST] for name in FILTERS if asked.get(name)}
    limit = asked.get("limit", "200")
    most = int(limit[:6]) if limit.isdecimal() else MOST
    found = await serving.store.database.aread(
        lambda connection: serving.run_list.read(
            connection,
            filters=filters,
            text=asked.get("text", "")[:_LONGEST],
            api_key=caller.key,
            limit=most,
        )
    )
    return JSONResponse({"runs": found}, headers=_PRIVATE)


async def _rows(request: Request, serving: Serving, caller: Caller) -> Response:
    """Follow a run's rows as server-sent events, from `Last-Event-ID` on, until the client is gone."""
    run = await caller.own(serving, str(request.path_params["run_id"]))
    return EventStream(serving.feeds.follow(run.id, request.headers.get("last-event-id")))


async def _node(request: Request, serving: Serving, caller: Caller) -> Response:
    """Describe the node that `?id=` names."""
    return await _described(node_details, "id", request, serving, caller)


async def _call(request: Request, serving: Serving, caller: Caller) -> Response:
    """Describe the call that `?key=` names."""
    return await _described(call_details, "key", request, serving, caller)


async def _decision(request: Request, serving: Serving, caller: Caller) -> Response:
    """Describe the decision that `?key=` names."""
    return await _described(decision_details, "key", request, serving, caller)


async def _described(
    describe: Callable[[sa.Connection, str, str], Json],
    param: str,
    request: Request,
    serving: Serving,
    caller: Caller,
) -> Response:
    run = await caller.own(serving, str(request.path_params["run_id"]))
    wanted = request.query_params.get(param, "")[:_NAME]
    found = await serving.store.database.aread(lambda connection: describe(connection, run.id, wanted))
    return JSONResponse(found, headers=_PRIVATE)


async def _screenshot(request: Request, serving: Serving, caller: Caller) -> Response:
    """The picture of the page that the node of `?node=` reached."""
    run = await caller.own(serving, str(request.path_params["run_id"]))
    wanted = request.query_params.get("node", "")[:_NAME]
    found = await serving.store.database.aread(lambda connection: picture_of(connection, run.id, wanted))
    if found is None:
        raise Refusal(message="There is no screenshot of this node here.", status=404, code="not_found")
    body, kind = found
    return Response(
        body, media_type=kind, headers={**_PRIVATE, "content-security-policy": "default-src 'none'"}
    )


async def _reusable(request: Request, serving: Serving, caller: Caller) -> Response:
    """How many recorded calls a fork at the place of `?at=` may reuse."""
    run = await caller.own(serving, str(request.path_params["run_id"]))
    place = request.query_params.get("at", "")[:_NAME] or None
    found = await serving.store.database.aread(lambda connection: inherited(connection, run.id, place))
    return JSONResponse({"calls": len(found)}, headers=_PRIVATE)
