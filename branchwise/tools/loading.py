"""Load tools by name: a file of this folder, `module:attribute`, an entry point, `mcp:SERVER`, `corpus:NAME`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import cast

from branchwise.store.errors import BadInput, BranchwiseError
from branchwise.store.foreign import failed
from branchwise.store.parts import Folder
from branchwise.tools import corpora, servers
from branchwise.tools.function import function_tool
from branchwise.tools.langchain import is_langchain_tool, langchain_tool
from branchwise.tools.mcp import check_installed, mcp_tools
from branchwise.tools.protocol import AgentTool

_SUPPORT = frozenset(
    {"corpora", "direct", "function", "langchain", "loading", "mcp", "protocol", "servers", "transcript"}
)
_FOLDER = Folder(kind="tool", package="branchwise.tools", path=[str(Path(__file__).parent)], without=_SUPPORT)
_MOST = 128
"""Maximum tools of one run."""


def names() -> tuple[str, ...]:
    """The tools of this folder and those that installed packages offer as entry points."""
    return _FOLDER.names()


def modules(given: Iterable[str]) -> frozenset[str]:
    """The modules that names of tools import."""
    return frozenset(name.partition(":")[0] for name in given if ":" in name and not _declared(name))


def load(name: str) -> AgentTool:
    """Make the tool called `name`.

    Args:
        name: A name of `names()`, or `module:attribute` for one of your own: a tool, a LangChain tool, or a function
            with type hints.

    Raises:
        UnknownName: There is no tool of that name.
        BadInput: It cannot be imported, or no tool can be made of it.
    """
    found = _FOLDER.found(name)
    if ":" not in name and callable(found) and not isinstance(found, AgentTool):
        try:
            found = found()
        except BranchwiseError:
            raise
        except Exception as error:  # an own tool's code may raise anything
            raise BadInput(str(failed(f"The function of the tool `{name}`", error))) from error
    return tool_of(found, name)


def tool_of(found: object, name: str) -> AgentTool:
    """A tool, made of a tool of any kind or of a function.

    Raises:
        BadInput: No tool can be made of it.
    """
    if isinstance(found, AgentTool):
        return found
    if is_langchain_tool(found):
        return langchain_tool(found)
    if callable(found):
        return function_tool(cast("Callable[..., object]", found))
    raise BadInput(f"`{name}` is no tool and no function but a `{type(found).__name__}`.")


def check(given: Sequence[str]) -> None:
    """Refuse names of tools that cannot be loaded, before anything is spent. A server is not connected to.

    Raises:
        UnknownName: There is no such tool.
        BadInput: A tool cannot be imported or used here, two have one name, or there are too many.
    """
    for name in given:
        if name.startswith(servers.PREFIX):
            check_installed()
            servers.server(name)
        elif name.startswith(corpora.PREFIX):
            corpora.corpus(name)
    unique([load(name) for name in given if not _declared(name)])


def unique(tools: Sequence[AgentTool]) -> tuple[AgentTool, ...]:
    """The tools, whose names differ.

    Raises:
        BadInput: Two have one name, or there are too many.
    """
    shown = [tool.spec.name for tool in tools]
    twice = sorted({name for name in shown if shown.count(name) > 1})
    if twice:
        raise BadInput(f"Two tools are called `{twice[0]}`; a call could not tell them apart.")
    if len(shown) > _MOST:
        raise BadInput(f"{len(shown)} tools are too many for one run; at most {_MOST} are taken.")
    return tuple(tools)


@asynccontextmanager
async def opened(given: Sequence[str]) -> AsyncIterator[tuple[AgentTool, ...]]:
    """The tools of these names, open while the context lasts.

    Raises:
        UnknownName: There is no such tool.
        BadInput: A tool cannot be imported or used here, or a server cannot be reached.
    """
    async with AsyncExitStack() as stack:
        found: list[AgentTool] = []
        for name in given:
            if name.startswith(servers.PREFIX):
                connected = mcp_tools(name.removeprefix(servers.PREFIX), servers.server(name))
                found += await stack.enter_async_context(connected)
            elif name.startswith(corpora.PREFIX):
                indexed = corpora.corpus_tool(name.removeprefix(corpora.PREFIX), corpora.corpus(name))
                found.append(await stack.enter_async_context(indexed))
            else:
                found.append(load(name))
        yield unique(found)


def _declared(name: str) -> bool:
    """Whether a name is one that the settings declare."""
    return name.startswith((servers.PREFIX, corpora.PREFIX))
