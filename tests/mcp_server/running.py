"""The MCP server in the test's own event loop, and its client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from mcp import Client
from mcp_types import CallToolResult

from branchwise.mcp_server.build import mcp_server
from branchwise.models.protocol import Model
from branchwise.models.scripted import scripted
from branchwise.server.background import working
from branchwise.server.choice import Defaults
from branchwise.server.serving import ServerSettings, opened
from tests.server.running import nice

ASKED: dict[str, Any] = {"problem": "Say something nice.", "strategy": "best_of_n", "knobs": {"n": 4}}


@asynccontextmanager
async def in_memory(store: Path, model: Model | None = None, **settings: Any) -> AsyncIterator[Client]:
    """A client of a server in the same process, without a transport."""
    engine = model or scripted(nice)
    given = ServerSettings(defaults=Defaults(model=engine.name), store=str(store), **settings)
    async with opened(given, engine) as serving, working(serving), Client(mcp_server(serving)) as client:
        yield client


async def called(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """The structured result of a tool that succeeds."""
    reply = await client.call_tool(tool, arguments)
    assert not reply.is_error, text(reply)
    assert isinstance(reply.structured_content, dict)
    return reply.structured_content


async def refused(client: Client, tool: str, **arguments: Any) -> str:
    """What a tool that refuses says."""
    reply = await client.call_tool(tool, arguments)
    assert reply.is_error
    return text(reply)


async def until_over(client: Client, run_id: str) -> dict[str, Any]:
    """The result of a run, when it has one."""
    async with asyncio.timeout(30):
        while True:
            found = await called(client, "result", run_id=run_id, wait=5)
            if found["status"] in {"done", "failed", "cancelled"}:
                return found


def text(reply: CallToolResult) -> str:
    """The text of a reply."""
    return "\n".join(one.text for one in reply.content if one.type == "text")
