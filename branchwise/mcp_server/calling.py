"""Who calls a tool, and how errors are told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.mcpserver.exceptions import MCPServerError
from mcp.shared.exceptions import MCPError

from branchwise.server.callers import Caller
from branchwise.server.refusals import refusal_of

P = ParamSpec("P")
T = TypeVar("T")

SCOPE_KEY = "branchwise.caller"
"""Where `/mcp` leaves the caller in the scope of its request."""
_CALLER: ContextVar[Caller] = ContextVar("branchwise_mcp_caller")


def caller() -> Caller:
    """Who calls: the key of the HTTP request, or on standard input everyone on this machine."""
    return _CALLER.get()


async def with_caller(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
    """Note the caller of a message while it is handled.

    Raises:
        LookupError: A message came over HTTP without one, which `/mcp` prevents.
    """
    found = Caller() if ctx.request is None else ctx.request.scope[SCOPE_KEY]
    token = _CALLER.set(found)
    try:
        return await call_next(ctx)
    finally:
        _CALLER.reset(token)


def told(function: Callable[P, Awaitable[T]], kind: type[MCPServerError]) -> Callable[P, Awaitable[T]]:
    """The function with errors that the client may read: those of the server's HTTP API.

    Args:
        function: A tool or the reading of a resource.
        kind: The SDK's error for it.
    """

    @wraps(function)
    async def asked(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await function(*args, **kwargs)
        except (MCPError, MCPServerError):
            raise
        except Exception as error:
            refusal = refusal_of(error)
            run = refusal.headers.get("x-branchwise-run")
            named = f" (run {run})" if run is not None and run not in refusal.message else ""
            raise kind(f"{refusal.message[:2000]}{named}") from None

    return asked
