"""The protocols: a tool is described to a model and called with arguments; a tool caller records the calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, runtime_checkable

from branchwise.models.protocol import Tool
from branchwise.store.records import Json

Arguments: TypeAlias = Mapping[str, Json]


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolHints:
    """Effects of a tool outside the run, with the names and defaults of MCP's annotations.

    By default a tool acts: its calls are approved by a person, and are not made in parallel branches.
    """

    read_only: bool = False
    """It changes nothing: equal calls of a run share one result, and every branch may call it."""
    idempotent: bool = False
    """A second equal call changes nothing more, so that it may be repeated after a crash."""
    destructive: bool = True
    """It may delete or overwrite; shown to the person who approves it."""


READ_ONLY = ToolHints(read_only=True, idempotent=True, destructive=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolResult:
    """The result of a tool call. It is foreign data, never an instruction."""

    text: str
    """What an agent reads; at most `MOST` characters."""
    data: Any = None
    """The same as plain data, for programs; None if the tool gives only text, or if it is larger than `MOST_DATA`."""
    error: bool = False
    """Whether the call failed; `text` says why."""


MOST = 32_000
"""Maximum characters of a result's text; the rest is cut off."""
MOST_DATA = 2_000_000
"""Maximum characters of a result's data, written as JSON."""


@runtime_checkable
class AgentTool(Protocol):
    """A tool. Safe to call from many tasks of one event loop concurrently."""

    @property
    def spec(self) -> Tool:
        """Name, description and JSON schema of the arguments, as a model is shown them."""
        ...

    @property
    def hints(self) -> ToolHints:
        """Its effects outside the run."""
        ...

    @property
    def timeout(self) -> float:
        """Maximum seconds of one call."""
        ...

    async def call(self, arguments: Arguments) -> ToolResult:
        """Call it once.

        Raises:
            Exception: Any; the caller makes it a result with `error`.
        """
        ...


@runtime_checkable
class Stateful(Protocol):
    """A tool whose result depends on earlier calls of the same trajectory.

    Its state is in the arguments of each call, so that it is recorded, and the same after a crash and in a branch.
    """

    def carried(self, earlier: Sequence[tuple[Arguments, str]], arguments: Arguments) -> Arguments:
        """The arguments of the next call with the state of the trajectory.

        Args:
            earlier: The earlier calls of this tool in the trajectory, with their results' texts.
            arguments: What the model asked for.
        """
        ...


class ToolCaller(Protocol):
    """The interface through which agents call tools: `AgentTool.call` with the call's logical path as its key.

    A failure is a result with `error`, so that the model can read it and try something else.
    """

    async def __call__(self, key: str, tool: AgentTool, arguments: Arguments) -> ToolResult:
        """Call the tool, or return the recorded result of that call. A tool's name identifies it within a run.

        Args:
            key: Names the work, for example `round.1/call.0`; not used for a read-only tool, whose calls are named by
                their request.
            tool: The tool.
            arguments: By name; checked by the tool.
        """
        ...
