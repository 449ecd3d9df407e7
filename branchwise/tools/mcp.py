"""Tools of an MCP server, over a program's standard streams or HTTP, by the MCP SDK."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from branchwise.models.protocol import Tool
from branchwise.store.errors import BadInput
from branchwise.store.json_text import to_json
from branchwise.tools.direct import cut
from branchwise.tools.protocol import READ_ONLY, AgentTool, Arguments, ToolHints, ToolResult
from branchwise.tools.servers import McpServer, matches

if TYPE_CHECKING:
    from mcp import Client

_NOT_NAME = re.compile(r"[^A-Za-z0-9_-]+")
_LONGEST_NAME = 64
_DESCRIPTION = 2_000
"""Maximum characters of a tool's description; it comes from the server."""
_SCHEMA = 20_000
"""Maximum characters of a tool's schema."""
_PAGES = 20
"""Maximum pages of the list of tools."""
_LISTED = 128
"""Maximum allowed tools of one server."""


@dataclass(frozen=True, kw_only=True, slots=True)
class McpTool:
    """A tool of a connected MCP server; made by `mcp_tools`."""

    spec: Tool
    hints: ToolHints
    timeout: float
    remote: str
    """Its name on the server."""
    client: Client = field(repr=False)

    async def call(self, arguments: Arguments) -> ToolResult:
        """Call it; the server checks the arguments.

        Raises:
            Exception: The server is gone, or does not answer in its protocol.
        """
        found = await self.client.call_tool(self.remote, dict(arguments))
        text = "\n".join(_texts(found.content))
        data = found.structured_content
        if not text and data is not None:
            text = to_json(data, sort=False)
        return ToolResult(text=text, data=data, error=bool(found.is_error))


def check_installed() -> None:
    """Refuse to go on without the MCP SDK.

    Raises:
        BadInput: It is not installed.
    """
    try:
        import mcp  # noqa: F401, PLC0415 - in an extra
    except ImportError as error:
        raise BadInput("Tools of MCP servers need the MCP SDK: pip install 'branchwise[mcp]'.") from error


@asynccontextmanager
async def mcp_tools(name: str, server: McpServer) -> AsyncIterator[tuple[AgentTool, ...]]:
    """Connect to a server; gives its allowed tools, named `SERVER_TOOL`.

    The server can use nothing of ours: no model, no files, no questions to a person. What a started program writes on
    standard error is dropped.

    Args:
        name: The server's name in the settings.
        server: How to reach it.

    Raises:
        BadInput: It cannot be started or reached, or lists no allowed tool.
    """
    check_installed()
    ready: asyncio.Future[tuple[AgentTool, ...]] = asyncio.get_running_loop().create_future()
    over = asyncio.Event()
    # In a task of its own: the SDK's task groups would wrap every exception of the run in a group.
    holding = asyncio.create_task(_held(name, server, ready, over))
    try:
        yield await ready
    finally:
        over.set()
        if not ready.done() or ready.cancelled():
            holding.cancel()
        await asyncio.wait([holding])


async def _held(
    name: str, server: McpServer, ready: asyncio.Future[tuple[AgentTool, ...]], over: asyncio.Event
) -> None:
    """Keep a connection open until `over`; a failure before it is ready is the outcome of `ready`."""
    try:
        async with AsyncExitStack() as stack:
            async with asyncio.timeout(server.timeout):
                client = await _connected(server, stack)
                listed = await _listed(name, server, client)
            ready.set_result(listed)
            await over.wait()
    except Exception as error:  # the SDK raises errors of several libraries, and groups of them
        if not ready.done():
            ready.set_exception(_refusal(name, server, error))


def _refusal(name: str, server: McpServer, error: BaseException) -> BadInput:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, BadInput):
        return error
    if isinstance(error, TimeoutError):
        return BadInput(f"The MCP server `{name}` did not answer within {server.timeout:g} seconds.")
    return BadInput(f"The MCP server `{name}` cannot be used: {type(error).__name__}: {str(error)[:300]}")


async def _connected(server: McpServer, stack: AsyncExitStack) -> Client:
    from mcp import Client, StdioServerParameters, stdio_client  # noqa: PLC0415 - in an extra
    from mcp.client.streamable_http import streamable_http_client  # noqa: PLC0415 - in an extra

    if server.url is None:
        given = {name: os.environ[name] for name in server.env if name in os.environ}
        program = StdioServerParameters(
            command=server.command[0], args=list(server.command[1:]), env=given or None
        )
        dropped = stack.enter_context(Path(os.devnull).open("w", encoding="utf-8"))  # noqa: ASYNC230, SIM115
        return await stack.enter_async_context(Client(stdio_client(program, errlog=dropped)))
    import httpx2  # noqa: PLC0415 - comes with the SDK

    headers = {"Authorization": f"Bearer {server.key}"} if server.key else {}
    http = await stack.enter_async_context(
        httpx2.AsyncClient(headers=headers, timeout=server.timeout, follow_redirects=False, trust_env=False)
    )
    return await stack.enter_async_context(Client(streamable_http_client(server.url, http_client=http)))


async def _listed(name: str, server: McpServer, client: Client) -> tuple[AgentTool, ...]:
    found: list[AgentTool] = []
    seen, cursor = 0, None
    for _ in range(_PAGES):
        page = await client.list_tools(cursor=cursor)
        seen += len(page.tools)
        found += [_tool(name, server, one, client) for one in page.tools if server.allows(one.name)]
        cursor = page.next_cursor
        if cursor is None or len(found) > _LISTED:
            break
    if not found:
        raise BadInput(f"The MCP server `{name}` lists {seen} tools, and `allow` matches none of them.")
    if len(found) > _LISTED:
        raise BadInput(f"The MCP server `{name}` lists more than {_LISTED} tools; name some in `allow`.")
    return tuple(found)


def _tool(name: str, server: McpServer, one: Any, client: Client) -> McpTool:
    schema = one.input_schema if isinstance(one.input_schema, Mapping) else {}
    if len(to_json(dict(schema))) > _SCHEMA:
        raise BadInput(
            f"The schema of the tool `{one.name:.80}` of `{name}` has over {_SCHEMA:,} characters."
        )
    shown = _NOT_NAME.sub("_", f"{name}_{one.name}")[:_LONGEST_NAME]
    return McpTool(
        spec=Tool(name=shown, description=cut(one.description or "", _DESCRIPTION), parameters=dict(schema)),
        hints=_hints(one, server),
        timeout=server.timeout,
        remote=one.name,
        client=client,
    )


def _hints(one: Any, server: McpServer) -> ToolHints:
    told = one.annotations
    read_only = told is not None and told.read_only_hint is True
    if matches(one.name, server.acts):
        read_only = False
    elif matches(one.name, server.read_only):
        read_only = True
    if read_only:
        return READ_ONLY
    return ToolHints(
        idempotent=told is not None and told.idempotent_hint is True,
        destructive=told is None or told.destructive_hint is not False,
    )


def _texts(content: Any) -> Iterator[str]:
    for block in content:
        text = getattr(block, "text", None)
        if text is None:
            inner = getattr(block, "resource", None)
            text = getattr(inner, "text", None)
        yield text if isinstance(text, str) else f"({getattr(block, 'type', 'something')} left out)"
