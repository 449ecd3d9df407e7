"""A retriever as a tool, and searches of workflows through a tool caller, so that they are recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any, cast

from pydantic import Field, TypeAdapter

from branchwise.store.as_fields import as_fields
from branchwise.store.errors import BadInput
from branchwise.store.records import Json
from branchwise.tools.direct import cut
from branchwise.tools.function import FunctionTool, function_tool
from branchwise.tools.protocol import MOST, READ_ONLY, ToolCaller, ToolResult
from branchwise.tools.retrieval.protocol import Passage, Retriever

_PASSAGES = TypeAdapter(tuple[Passage, ...])
_LONGEST_QUERY = 4_000


def retrieval_tool(
    retriever: Retriever, *, name: str = "search", k: int = 5, most: int = MOST, description: str = ""
) -> FunctionTool:
    """Make a read-only tool that finds passages; the model gives the query.

    Args:
        retriever: The corpus.
        name: The tool's name for the model.
        k: Passages of one search.
        most: Maximum characters of one search's passages together; each is cut to its share.
        description: What the corpus holds, for the model.
    """

    async def search(query: Annotated[str, Field(min_length=1, max_length=_LONGEST_QUERY)]) -> ToolResult:
        found = await retriever.search(query, k)
        share = max(1, most // max(1, len(found)) - 300)
        short = [replace(passage, text=cut(passage.text, share)) for passage in found]
        return ToolResult(text=shown(short), data=cast("Json", [as_fields(passage) for passage in short]))

    told = description or "Find paragraphs of the documents that fit the query."
    return function_tool(search, name=name, description=told, hints=READ_ONLY)


async def retrieved(
    call: ToolCaller, retriever: Retriever, query: str, k: int, *, most: int = 1_000
) -> tuple[Passage, ...]:
    """Search as a recorded call of a run: equal searches of one run share a result, also after a resume.

    Args:
        call: The run's tool caller.
        retriever: The corpus.
        query: The words to look for; only the first 4,000 characters count.
        k: Passages at most.
        most: Maximum characters of each passage.

    Raises:
        BadInput: The search failed; the message says why.
    """

    async def search(name: str, query: str, k: int, most: int) -> Any:
        found = await retriever.search(query, k)
        return ToolResult(text="", data=[as_fields(replace(p, text=cut(p.text, most))) for p in found])

    tool = function_tool(search, name="retrieve", hints=READ_ONLY)
    asked: dict[str, Json] = {"name": retriever.name, "query": query[:_LONGEST_QUERY], "k": k, "most": most}
    result = await call("retrieve", tool, asked)
    if result.error or result.data is None:
        raise BadInput(f"The search in `{retriever.name}` failed. {result.text}")
    return _PASSAGES.validate_python(result.data)


def shown(passages: Sequence[Passage]) -> str:
    """Passages as text, numbered from 1, each with its source."""
    return (
        "\n\n".join(f"[{i}] {f'{p.source} {p.place}'.strip()}\n{p.text}" for i, p in enumerate(passages, 1))
        or "(nothing found)"
    )
