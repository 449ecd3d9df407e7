"""Tool calls of a run: recorded, shared among equal read-only ones, and approved where the tool acts."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping

from pydantic import TypeAdapter

from branchwise.graphs.runtime import effects
from branchwise.graphs.runtime.asking import answered, unknown_outcome
from branchwise.graphs.runtime.places import NodeVisit
from branchwise.graphs.runtime.questions import Question
from branchwise.graphs.runtime.services import RunServices
from branchwise.graphs.runtime.spec import jsonable
from branchwise.store.as_fields import as_fields
from branchwise.store.json_text import to_json
from branchwise.store.records import Json, Usage
from branchwise.store.stored import read_stored
from branchwise.tools.direct import called, failure
from branchwise.tools.protocol import AgentTool, Arguments, ToolResult

_RESULT = TypeAdapter(ToolResult)
_APPROVE = "/approve"
"""End of the key of the question whether a tool may act."""


class RecordedTools:
    """The run's tool caller: each call is a row of the ledger.

    A read-only call is named by its request, so that all branches and nodes of the run share one result, until a tool
    acts. Another call is named by the node's place and its key; a person approves it first, and a tool that is not
    idempotent is not called again if the outcome of a call is unknown.
    """

    def __init__(self, services: RunServices) -> None:
        self._services = services

    async def __call__(self, key: str, tool: AgentTool, arguments: Arguments) -> ToolResult:
        """Call the tool; see `ToolCaller`.

        Raises:
            BadInput: The key was used for another call, or the arguments are not plain data.
            BudgetSpent: The budget of effects is spent.
            GraphInterrupt: A person is asked; the run waits.
        """
        services = self._services
        visit = services.visit()
        asked = request(tool, arguments)
        if tool.hints.read_only:
            return await services.guarded(visit, self._read(visit, tool, asked))
        name = services.key(visit, key, asked)
        found = await services.guarded(visit, _acted(services, name, tool, asked))
        visit.acts += 1
        return found

    async def _read(self, visit: NodeVisit, tool: AgentTool, asked: Mapping[str, Json]) -> ToolResult:
        # Recorded, so that a visit that runs again reads what it read before, whatever was approved since.
        journal = self._services.journal
        approved = sum(key.endswith(_APPROVE) for key in journal.keys(""))
        before = await journal.decide(f"{visit.place}/acts", "acts", approved)
        return await read(self._services, tool, asked, era=f"{before}.{visit.acts}")


class SharedReads:
    """The tool caller of a search: read-only calls only, shared by all branches; no node of the graph names them."""

    def __init__(self, services: RunServices) -> None:
        self._services = services

    async def __call__(self, key: str, tool: AgentTool, arguments: Arguments) -> ToolResult:
        """Call the tool; see `ToolCaller`.

        Raises:
            BadInput: The arguments are not plain data.
            BudgetSpent: The budget of effects is spent.
        """
        if not tool.hints.read_only:
            return failure(f"`{tool.spec.name}` acts, and is not called in a search")
        return await read(self._services, tool, request(tool, arguments))


def request(tool: AgentTool, arguments: Arguments) -> dict[str, Json]:
    """A call as it is recorded."""
    given = jsonable(dict(arguments), f"An argument of `{tool.spec.name}`")
    return {"tool": tool.spec.name, "arguments": given}


async def read(
    services: RunServices, tool: AgentTool, asked: Mapping[str, Json], *, era: str = "0.0"
) -> ToolResult:
    """Call a read-only tool; equal calls of the run share one result.

    Args:
        services: The run's.
        tool: The tool.
        asked: The call.
        era: Says after which acts of the run it is made; results are not shared across.
    """
    digest = hashlib.sha256(to_json(asked).encode()).hexdigest()[:24]
    return await _recorded(services, f"tool/{tool.spec.name}/{era}/{digest}", tool, asked)


async def _acted(services: RunServices, key: str, tool: AgentTool, asked: dict[str, Json]) -> ToolResult:
    if not services.ledger.recorded(key, asked):
        said = {"approve": asked, "destructive": tool.hints.destructive}
        question = Question(
            key=f"{key}{_APPROVE}", question=said, schema={"type": "boolean"}, run_id=services.run_id
        )
        if not await answered(services, question, None):
            return failure("a person refused this call")
        if not tool.hints.idempotent and services.ledger.unsettled(key):
            told = unknown_outcome(services, key, asked)
            if "done" in told:
                return ToolResult(text=to_json(told["done"]), data=told["done"])
    return await _recorded(services, key, tool, asked)


async def _recorded(
    services: RunServices, key: str, tool: AgentTool, asked: Mapping[str, Json]
) -> ToolResult:
    async def act() -> tuple[Json, Usage]:
        arguments = asked["arguments"]
        return as_fields(await called(tool, arguments if isinstance(arguments, dict) else {})), Usage()

    async with services.locks.setdefault(key, asyncio.Lock()):  # so that equal calls at once count as one
        if not services.ledger.recorded(key, dict(asked)):
            services.tracker.take_effects()
        found = await services.ledger(
            key, dict(asked), act, kind=effects.KIND, model=f"tool:{tool.spec.name}"
        )
    return read_stored(_RESULT, found, f"result of `{key}`")
