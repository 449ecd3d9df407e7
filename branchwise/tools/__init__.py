"""Tools: what an agent may call. Functions, MCP servers, LangChain tools, retrieval; the folder is the registry."""

from __future__ import annotations

from branchwise.tools.corpora import Corpus, declare_corpora
from branchwise.tools.direct import direct
from branchwise.tools.function import function_tool
from branchwise.tools.loading import check, load, modules, names, opened
from branchwise.tools.protocol import READ_ONLY, AgentTool, ToolCaller, ToolHints, ToolResult
from branchwise.tools.servers import McpServer, declare

__all__ = [
    "READ_ONLY",
    "AgentTool",
    "Corpus",
    "McpServer",
    "ToolCaller",
    "ToolHints",
    "ToolResult",
    "check",
    "declare",
    "declare_corpora",
    "direct",
    "function_tool",
    "load",
    "modules",
    "names",
    "opened",
]
