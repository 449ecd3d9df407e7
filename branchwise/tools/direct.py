"""Call a tool: time limit, errors as results, bounded results; and a tool caller without a run, for tests."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from branchwise.store.errors import BranchwiseError, BudgetSpent, LeaseLost, ModelError
from branchwise.store.json_text import to_json
from branchwise.store.records import Json
from branchwise.tools.protocol import MOST, MOST_DATA, AgentTool, Arguments, ToolCaller, ToolResult

_CUT = " [cut off]"


async def called(tool: AgentTool, arguments: Arguments) -> ToolResult:
    """Call a tool once; an exception or a timeout becomes a result with `error`.

    Raises:
        BudgetSpent: The budget does not cover what the tool does.
        ModelError: A model behind the tool does not answer; the call may be repeated.
    """
    try:
        async with asyncio.timeout(tool.timeout):
            return bounded(await tool.call(arguments))
    except TimeoutError:
        return failure(f"no result within {tool.timeout:g} seconds")
    except (BudgetSpent, LeaseLost, ModelError):
        raise
    except BranchwiseError as error:
        return failure(str(error))
    except Exception as error:  # a tool may raise anything
        return failure(f"{type(error).__name__}: {error}")


def failure(why: str) -> ToolResult:
    """The result of a call that failed."""
    return bounded(ToolResult(text=f"Error: {why}", error=True))


def bounded(result: ToolResult) -> ToolResult:
    """The result with at most `MOST` characters of text, and without data of more than `MOST_DATA`."""
    return replace(result, text=cut(result.text, MOST), data=_data(result.data))


def cut(text: str, most: int) -> str:
    """The first `most` characters of a text, marked if something is missing."""
    return text if len(text) <= most else text[: most - len(_CUT)] + _CUT


def _data(data: Json) -> Json:
    return data if data is None or len(to_json(data)) <= MOST_DATA else None


def direct(*, approve: bool = False) -> ToolCaller:
    """A tool caller without a run: nothing is recorded.

    Args:
        approve: Whether tools that act are called; without it they are refused.
    """

    async def call(key: str, tool: AgentTool, arguments: Arguments) -> ToolResult:
        if not (tool.hints.read_only or approve):
            return failure(f"`{tool.spec.name}` acts, and nobody approved the call")
        return await called(tool, arguments)

    return call
