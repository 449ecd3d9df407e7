"""Routes: what holds for every endpoint of the server."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from branchwise.server.callers import Caller, authenticate
from branchwise.server.guard import check_act, check_host, check_origin
from branchwise.server.refusals import Refusal, refusal_of
from branchwise.server.serving import Serving
from branchwise.server.streams import Gone
from branchwise.store.trace_context import CURRENT, parse

Endpoint = Callable[[Request, Serving, Caller], Awaitable[Response]]
_GONE = 499
"""The status that logs show of a request whose client hung up."""


def route(path: str, answer: Endpoint, method: str = "GET", *, private: bool = True) -> Route:
    """A route whose callers are checked and whose errors are answered as error objects.

    Args:
        path: Its path.
        answer: The endpoint.
        method: GET or POST.
        private: Whether it needs a key, where keys were made.
    """

    async def endpoint(request: Request) -> Response:
        serving: Serving = request.app.state.serving
        # Its run belongs to the caller's trace.
        token = CURRENT.set(parse(request.headers.get("traceparent")))
        try:
            check_origin(request, serving.settings)
            caller = await authenticate(request, serving) if private else Caller()
            if private and not caller.id:
                check_host(request, serving.settings)
            if private:
                check_act(request, serving.settings, caller)
            reply = await answer(request, serving, caller)
        except (Gone, ClientDisconnect):
            reply = Response(status_code=_GONE)
        except Exception as error:
            reply = refusal_of(error).response()
        finally:
            CURRENT.reset(token)
        reply.headers.setdefault("x-request-id", uuid.uuid4().hex)
        serving.metrics.answered(path, reply.status_code)
        return reply

    return Route(path, endpoint, methods=[method])


async def no_route(request: Request, error: Exception) -> Response:
    """Answer a request to an address that there is not."""
    assert isinstance(error, HTTPException)
    said = "There is no such address here." if error.status_code == 404 else str(error.detail)
    code = "not_found" if error.status_code == 404 else None
    return Refusal(message=said, status=error.status_code, code=code).response()
