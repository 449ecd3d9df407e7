"""MCP over HTTP: `/mcp` of `branchwise serve`, stateless, each request with the key of its caller."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mcp.server.transport_security import TransportSecuritySettings
from starlette.types import Receive, Scope, Send

from branchwise.mcp_server.build import mcp_server
from branchwise.mcp_server.calling import SCOPE_KEY
from branchwise.server.app import CallerApp
from branchwise.server.callers import Caller
from branchwise.server.serving import Serving
from branchwise.server.wire import LARGEST


@asynccontextmanager
async def mounted(serving: Serving) -> AsyncIterator[CallerApp]:
    """Answer MCP requests in a context, which is given what answers one of a known caller."""
    # Without sessions nothing that one caller opened can be used by another, and no session is lost with the process.
    # Host and Origin are checked by the server's own guard, for all routes.
    server = mcp_server(serving)
    unguarded = TransportSecuritySettings(enable_dns_rebinding_protection=False)
    server.streamable_http_app(
        stateless_http=True, transport_security=unguarded, max_request_body_size=LARGEST
    )
    manager = server.session_manager

    async def answer(caller: Caller, scope: Scope, receive: Receive, send: Send) -> None:
        await manager.handle_request({**scope, SCOPE_KEY: caller}, receive, send)

    async with manager.run():
        yield answer
