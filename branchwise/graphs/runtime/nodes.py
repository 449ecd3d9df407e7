"""Wrappers of a workflow's nodes: they record the place of each visit and stop the run when required."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

from langchain_core.runnables import Runnable, RunnableConfig
from langgraph.errors import GraphInterrupt
from langgraph.pregel import Pregel
from langgraph.types import Interrupt

from branchwise.graphs.runtime.workflow import Graph
from branchwise.store.errors import BadInput

if TYPE_CHECKING:
    from branchwise.graphs.runtime.context import Run

STOPPED = "branchwise:stopped"
"""Key of the interrupt by which a graph ends in good order when its run must stop."""


def wrapped(graph: Graph) -> Graph:
    """A copy of a graph whose nodes, and those of its subgraphs, record their places.

    Raises:
        BadInput: A subgraph has a checkpointer of its own.
    """
    made = copy(graph)
    made.nodes = {name: _node(node) for name, node in graph.nodes.items()}
    return made


def _node(node: Any) -> Any:
    bound = node.bound
    if isinstance(bound, Pregel):
        if bound.checkpointer not in {None, False}:
            raise BadInput(
                f"The subgraph `{bound.name}` is compiled with a checkpointer of its own; compile it without one: "
                "the run's own keeps its state too."
            )
        bound = wrapped(bound)
    return node.copy({"bound": _Placed(bound)})


class _Placed(Runnable[Any, Any]):
    """Runs a node as one visit of the run."""

    def __init__(self, bound: Runnable[Any, Any]) -> None:
        self._bound = bound

    def invoke(self, input: Any, config: RunnableConfig | None = None, **more: Any) -> Any:  # noqa: A002
        return self._bound.invoke(input, config, **more)

    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **more: Any) -> Any:  # noqa: A002
        run = run_of(config)
        if run is None or config is None:
            return await self._bound.ainvoke(input, config, **more)
        visit = run.places.visit(config)
        try:
            found = await self._bound.ainvoke(input, config, **more)
        except BaseException as error:
            if run.stopped(visit.namespace) is not None and isinstance(error, Exception):
                raise _stop(visit.namespace) from error
            raise
        if run.stopped(visit.namespace) is not None:
            raise _stop(visit.namespace)
        _refuse_swallowed(config, visit.place)
        return found


def run_of(config: RunnableConfig | None) -> Run | None:
    """The Run in LangGraph's runtime context, if the graph was given one."""
    from branchwise.graphs.runtime.context import Run  # noqa: PLC0415 - it knows this module

    runtime = (config or {}).get("configurable", {}).get("__pregel_runtime")
    found = getattr(runtime, "context", None)
    return found if isinstance(found, Run) else None


def _stop(namespace: str) -> GraphInterrupt:
    # As an interrupt: parallel nodes finish, and their results are kept.
    return GraphInterrupt((Interrupt(value={STOPPED: True}, id=f"{STOPPED}:{namespace}"[-200:]),))


def _refuse_swallowed(config: RunnableConfig, place: str) -> None:
    """Refuse a node that caught its own `interrupt()`: it would turn a wait for a person into a result."""
    scratchpad = config.get("configurable", {}).get("__pregel_scratchpad")
    if scratchpad is None:
        return
    asked = scratchpad.interrupt_counter()
    if asked > len(scratchpad.resume):
        raise BadInput(
            f"The node `{place}` caught the exception by which `interrupt()` waits for a person; "
            "let GraphInterrupt pass, or ask with `run.ask`."
        )
