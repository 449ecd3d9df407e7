"""Build the MCP server of an open store and model."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib import metadata
from typing import Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ResourceError, ToolError
from mcp_types import ToolAnnotations
from pydantic import BaseModel

from branchwise.mcp_server.calling import told, with_caller
from branchwise.mcp_server.resources import RUNS, Resources
from branchwise.mcp_server.tools import Tools
from branchwise.server.serving import Serving

_ABOUT = """Search by language models: `solve` searches and waits, `submit` searches in the background. Runs are
recorded: look at them with `status`, `result` and `explain`, go on from a node with `fork`. `verified_by` says whether
a program proved an answer or a model merely likes it; say which when you report it."""
_READS = ToolAnnotations(read_only_hint=True, open_world_hint=False)
_WRITES = ToolAnnotations(read_only_hint=False, destructive_hint=False)
_ENDS = ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=True)


def mcp_server(serving: Serving) -> MCPServer[Any]:
    """Make the MCP server.

    Args:
        serving: The open parts that it shares with the HTTP server.
    """
    server: MCPServer[Any] = MCPServer(
        "branchwise",
        title="branchwise",
        instructions=_ABOUT,
        version=metadata.version("branchwise"),
        log_level="WARNING",
        subscriptions=False,
        middleware=[with_caller],
    )
    tools = Tools(serving)
    kinds: list[tuple[Callable[..., Awaitable[BaseModel]], ToolAnnotations]] = [
        (tools.solve, _WRITES),
        (tools.submit, _WRITES),
        (tools.status, _READS),
        (tools.result, _READS),
        (tools.answer, _WRITES),
        (tools.cancel, _ENDS),
        (tools.fork, _WRITES),
        (tools.explain, _READS),
        (tools.strategies, _READS),
    ]
    for tool, kind in kinds:
        server.add_tool(told(tool, ToolError), annotations=kind)
    found, json = Resources(serving), "application/json"
    server.resource(RUNS, name="runs", mime_type=json)(told(found.runs, ResourceError))
    server.resource(f"{RUNS}/{{run_id}}", name="run", mime_type=json)(told(found.run, ResourceError))
    server.resource(f"{RUNS}/{{run_id}}/tree", name="tree", mime_type=json)(told(found.tree, ResourceError))
    server.resource(f"{RUNS}/{{run_id}}/why", name="why", mime_type=json)(told(found.why, ResourceError))
    server.resource(f"{RUNS}/{{run_id}}/node/{{node}}", name="node")(told(found.node, ResourceError))
    return server
