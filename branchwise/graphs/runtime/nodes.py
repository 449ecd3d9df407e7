"""Wrappers of a workflow's nodes: they record the place of each visit and stop the run when required."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import TYPE_CHECKING, Any

from langchain_core.runnables import Runnable, RunnableConfig
from langgraph.errors import GraphInterrupt
from langgraph.pregel import Pregel
from langgraph.types import All, Interrupt
from pydantic_core import to_jsonable_python

from branchwise.graphs.runtime.asking import answered
from branchwise.graphs.runtime.places import NodeVisit
from branchwise.graphs.runtime.questions import Question
from branchwise.graphs.runtime.workflow import Graph
from branchwise.store.errors import BadInput
from branchwise.store.json_text import to_json

if TYPE_CHECKING:
    from branchwise.graphs.runtime.context import Run

STOPPED = "branchwise:stopped"
"""Key of the interrupt by which a graph ends in good order when its run must stop."""
BREAKPOINT = "interrupt_before"
"""Name of the question that stands for LangGraph's breakpoint before a node."""
_SHOWN = 4_000
"""Characters of a node's input, as JSON, that the question of a breakpoint shows."""


def wrapped(graph: Graph) -> Graph:
    """A copy of a graph whose nodes, and those of its subgraphs, record their places and ask at their breakpoints.

    Raises:
        BadInput: A subgraph has a checkpointer of its own, or a graph stops after a node.
    """
    if graph.interrupt_after_nodes:
        raise BadInput(
            f"The graph `{graph.name}` is compiled with `interrupt_after`; use `interrupt_before` with the nodes "
            "that follow, or ask within a node: `interrupt()`, `run.ask`."
        )
    before = graph.interrupt_before_nodes
    made = copy(graph)
    made.interrupt_before_nodes = ()
    made.nodes = {name: _node(node, _stops(name, before)) for name, node in graph.nodes.items()}
    return made


def _stops(name: str, before: All | Sequence[str]) -> bool:
    return name in before if before != "*" else not name.startswith("__")


def _node(node: Any, before: bool) -> Any:
    bound = node.bound
    if isinstance(bound, Pregel):
        if bound.checkpointer not in {None, False}:
            raise BadInput(
                f"The subgraph `{bound.name}` is compiled with a checkpointer of its own; compile it without one: "
                "the run's own keeps its state too."
            )
        bound = wrapped(bound)
    return node.copy({"bound": _Placed(bound, before=before)})


class _Placed(Runnable[Any, Any]):
    """Runs a node as one visit of the run."""

    def __init__(self, bound: Runnable[Any, Any], *, before: bool) -> None:
        self._bound, self._before = bound, before

    def invoke(self, input: Any, config: RunnableConfig | None = None, **more: Any) -> Any:  # noqa: A002
        return self._bound.invoke(input, config, **more)

    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **more: Any) -> Any:  # noqa: A002
        run = run_of(config)
        if run is None or config is None:
            return await self._bound.ainvoke(input, config, **more)
        visit = run.places.visit(config)
        try:
            if self._before:
                await _allowed(run, visit, input)
            found = await self._bound.ainvoke(input, config, **more)
        except BaseException as error:
            if run.stopped(visit.namespace) is not None and isinstance(error, Exception):
                raise _stop(visit.namespace) from error
            raise
        if run.stopped(visit.namespace) is not None:
            raise _stop(visit.namespace)
        _refuse_swallowed(config, visit.place)
        return found


async def _allowed(run: Run, visit: NodeVisit, given: Any) -> None:
    """Ask before a node with a breakpoint, as LangGraph stops there; the answer is true, or the run is cancelled."""
    services, node = run.services, visit.place
    state = to_jsonable_python(given, fallback=repr)
    shown = {"continue?": node, **({"state": state} if len(to_json(state)) <= _SHOWN else {})}
    key = services.key(visit, BREAKPOINT, node)
    asking = Question(key=key, question=shown, schema={"type": "boolean", "const": True}, run_id=run.id)
    await services.guarded(visit, answered(services, asking, None))


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
