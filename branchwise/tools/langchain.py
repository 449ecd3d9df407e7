"""A LangChain tool as a tool, by the attributes that every LangChain tool has."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from branchwise.models.protocol import Tool
from branchwise.store.errors import BadInput
from branchwise.tools.function import result_of
from branchwise.tools.protocol import Arguments, ToolHints, ToolResult

_ATTRIBUTES = ("name", "description", "tool_call_schema", "ainvoke")


@dataclass(frozen=True, kw_only=True, slots=True)
class LangChainTool:
    """A LangChain tool as a tool; made by `langchain_tool`."""

    spec: Tool
    hints: ToolHints
    timeout: float
    invoke: Callable[[Mapping[str, Any]], Awaitable[object]]

    async def call(self, arguments: Arguments) -> ToolResult:
        """Call it; LangChain checks the arguments.

        Raises:
            Exception: What the tool raises.
        """
        return result_of(await self.invoke(dict(arguments)), self.spec.name)


def is_langchain_tool(found: object) -> bool:
    """Whether an object has the attributes of a LangChain tool."""
    return not isinstance(found, type) and all(hasattr(found, name) for name in _ATTRIBUTES)


def langchain_tool(tool: Any, *, hints: ToolHints | None = None, timeout: float = 30.0) -> LangChainTool:
    """Make a tool of a LangChain tool.

    Args:
        tool: A `BaseTool`, for example of LangChain's `@tool`.
        hints: Its effects; by default those in its `metadata` under MCP's names (`readOnlyHint`), and without them it
            acts, so that a person approves each call.
        timeout: Maximum seconds of one call.

    Raises:
        BadInput: It is no LangChain tool, or its arguments have no JSON schema.
    """
    if not is_langchain_tool(tool):
        raise BadInput(f"A `{type(tool).__name__}` is no LangChain tool.")
    try:
        model = tool.tool_call_schema
        schema = model if isinstance(model, dict) else model.model_json_schema()
    except Exception as error:  # an injected argument or a type without a schema
        raise BadInput(f"The tool `{tool.name}` has no JSON schema of its arguments: {error}") from error
    return LangChainTool(
        spec=Tool(name=str(tool.name), description=str(tool.description), parameters=cast("Any", schema)),
        hints=hints or annotated(getattr(tool, "metadata", None) or {}),
        timeout=timeout,
        invoke=tool.ainvoke,
    )


def annotated(given: Mapping[str, Any]) -> ToolHints:
    """Effects by MCP's annotations; a missing one has MCP's default, and so has one that is not true or false."""
    read_only = given.get("readOnlyHint") is True
    return ToolHints(
        read_only=read_only,
        idempotent=read_only or given.get("idempotentHint") is True,
        destructive=not read_only and given.get("destructiveHint") is not False,
    )
