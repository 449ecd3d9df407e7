"""Tools: what an agent may call. Python functions, MCP servers, LangChain tools, retrieval, one protocol for all."""

from __future__ import annotations

from branchwise.tools.direct import direct
from branchwise.tools.function import function_tool
from branchwise.tools.protocol import AgentTool, ToolCaller, ToolHints, ToolResult

__all__ = ["AgentTool", "ToolCaller", "ToolHints", "ToolResult", "direct", "function_tool"]
