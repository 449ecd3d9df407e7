"""What the one way to execute a run needs to know of a workflow."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from langgraph.pregel import Pregel
from pydantic_core import to_jsonable_python

from branchwise.graphs.runtime.spec import Durability, RunSpec, spec_json
from branchwise.models.protocol import Model
from branchwise.store.checkpoints.codec import Allowed
from branchwise.store.records import Budget, Json
from branchwise.store.rows import Decision, RunRecord

if TYPE_CHECKING:
    from branchwise.graphs.runtime.context import Run

Graph = Pregel[Any, Any, Any, Any]


def _nothing(*given: object) -> None: ...


@asynccontextmanager
async def _itself(spec: RunSpec, run: Run) -> AsyncIterator[Any]:
    yield run


@dataclass(frozen=True, kw_only=True, slots=True)
class Workflow:
    """A graph with its name, and what tells its runs from another's."""

    name: str
    graph: Graph
    """Compiled once a process, without a checkpointer."""
    shape: str
    """Changes with the code; a checkpoint of another shape is dropped."""
    about: str = ""
    functional: bool = False
    """Whether it is a function of LangGraph's functional API."""
    records: bool = True
    """Whether its nodes are given a Run, by which their calls are recorded."""
    schema: Mapping[str, Any] | None = None
    """JSON schema of the input."""
    check: Callable[[RunSpec], None] = _nothing
    """Refuses what cannot be run before anything is stored."""
    check_model: Callable[[RunSpec, Model], None] = _nothing
    """Refuses a model that lacks what the run needs."""
    imports: Callable[[RunSpec], Collection[str]] = lambda spec: ()
    """The modules that a request names beside the workflow's own; workers import those that they were given."""
    start: Callable[[RunSpec], Any] = lambda spec: dict(spec.input)
    """What the graph begins with."""
    context: Callable[[RunSpec, Run], AbstractAsyncContextManager[Any]] = _itself
    """What nodes find as `runtime.context`, open for as long as the run is executed."""
    result: Callable[[Any, Any, Run], Json] = lambda state, context, run: {
        "output": to_jsonable_python(state, fallback=repr)
    }
    """What is stored of the state at the end; where there is a `read`, it is asked for while the run waits, too."""
    read: Callable[[str, Json], Any] | None = None
    """Reads a stored result as the workflow's own type, by the run's id and its result."""
    ended: Callable[[Any, Any], None] = _nothing
    """Called with the context and the output when a run is done and stored."""
    summary: Callable[[Any], str] = lambda output: "done"
    """A word for how a run ended, by its output."""
    stored: Callable[[RunSpec], Json] = spec_json
    """How the request is written into its row."""
    labels: Callable[[RunSpec], tuple[str, str]] = field(default=lambda spec: (spec.workflow[:128], ""))
    """The task and the strategy by which runs are listed."""
    budget: Callable[[RunSpec], Budget] = lambda spec: spec.budget
    """What a run may spend, where its input says it too."""
    types: Allowed = ()
    """Types of its own that a checkpoint may hold."""
    durability: Callable[[RunSpec], Durability] = lambda spec: spec.durability or "async"
    progress: Callable[[Any], str] = lambda event: (
        f"{event.kind} {event.text}" if event.kind == "node" else ""
    )
    """A line for a worker's log, by an event; empty for none."""
    fork: Callable[..., Awaitable[RunRecord]] | None = None
    """Begins a new run at a place of its own kind; by default at `NODE/VISIT`."""
    told: Callable[[Decision], bool] = lambda decision: decision.kind in {"answer", "question"}
    """Whether a decision is one that no rule of the run made, so that a replay is told of it."""
    check_replay: Callable[[RunRecord, Sequence[Decision]], None] = _nothing
    """Refuses to replay a run that cannot be."""
    compared: Callable[[Json], Mapping[str, Any]] = lambda kept: cast("Mapping[str, Any]", kept)
    """What of two stored results a replay compares."""
    budgeted: Callable[[Json], bool] = lambda result: False
    """Whether calls that a replay asks for and the record lacks were refused by the budget, by the stored result."""
    ahead: bool = True
    """Whether its nodes act through the ledger only, so that rows need not be waited for."""
    tells: bool = True
    """Whether whoever watches is told of each node; not where the nodes tell themselves."""
    outputs: tuple[str, ...] | None = None
    """The channels that `result` looks at; all of them where None."""
