"""The Workflow record: a graph and the hooks by which the runtime executes it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from langgraph.pregel import Pregel
from pydantic_core import to_jsonable_python

from branchwise import models
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
class WorkflowInfo:
    """What a module says about its workflow, in a constant `INFO`; without one nothing is checked or listed."""

    paper: str = ""
    """The source: authors' name of the method, arXiv number."""
    needs: frozenset[str] = frozenset()
    """What must be there: fields of `Capabilities` that the model must have, or other words, which are listed only."""
    check: Callable[[Mapping[str, Any]], None] = _nothing
    """Refuses an input that cannot be used, as BadInput, before anything is stored; is given the typed fields."""
    imports: Callable[[Mapping[str, Any]], Collection[str]] = lambda given: ()
    """Modules that an input names, for example of a tool; workers import only allowed ones."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Workflow:
    """A graph with its name and the hooks of its runs."""

    name: str
    graph: Graph
    """Compiled once per process, without a checkpointer."""
    shape: str
    """Changes with the code; a checkpoint of another shape is dropped."""
    about: str = ""
    info: WorkflowInfo = field(default_factory=WorkflowInfo)
    functional: bool = False
    """Whether it is a function of LangGraph's functional API."""
    records: bool = True
    """Whether its nodes are given a Run that records their calls."""
    schema: Mapping[str, Any] | None = None
    """JSON schema of the input."""
    check: Callable[[RunSpec], None] = _nothing
    """Refuses an invalid request before anything is stored."""
    check_model: Callable[[RunSpec, Model], None] = _nothing
    """Refuses a model that lacks what the run needs."""
    imports: Callable[[RunSpec], Collection[str]] = lambda spec: ()
    """Modules that a request names besides the workflow's own; workers import only allowed ones."""
    start: Callable[[RunSpec], Any] = lambda spec: dict(spec.input)
    """Makes the graph's input."""
    context: Callable[[RunSpec, Run], AbstractAsyncContextManager[Any]] = _itself
    """Opens the nodes' `runtime.context` for one execution."""
    result: Callable[[Any, Any, Run], Json] = lambda state, context, run: {
        "output": to_jsonable_python(state, fallback=repr)
    }
    """The stored part of the final state; with a `read` it is also called while the run waits."""
    read: Callable[[str, Json], Any] | None = None
    """Reads a stored result as the workflow's own type, by the run's id and its result."""
    ended: Callable[[Any, Any], None] = _nothing
    """Called with the context and the output when a run is done and stored."""
    summary: Callable[[Any], str] = lambda output: "done"
    """A one-word status of a finished run, from its output."""
    stored: Callable[[RunSpec], Json] = spec_json
    """Writes the request into its row."""
    labels: Callable[[RunSpec], tuple[str, str]] = field(default=lambda spec: (spec.workflow[:128], ""))
    """The task and the strategy shown in lists of runs."""
    budget: Callable[[RunSpec], Budget] = lambda spec: spec.budget
    """The budget of a run, if its input sets limits too."""
    acted: Callable[[Sequence[Decision]], int] | None = None
    """Counts the effects of a run by its decisions; by default they are the ledger's."""
    types: Allowed = ()
    """Its own types that a checkpoint may hold."""
    durability: Callable[[RunSpec], Durability] = lambda spec: spec.durability or "async"
    progress: Callable[[Any], str] = lambda event: (
        f"{event.kind} {event.text}" if event.kind == "node" else ""
    )
    """A line for a worker's log from an event; empty for none."""
    fork: Callable[..., Awaitable[RunRecord]] | None = None
    """Forks a run at a place of the workflow's own kind; by default at `NODE/VISIT`."""
    told: Callable[[Decision], bool] = lambda decision: decision.kind in {"answer", "question", "acts"}
    """Whether a decision was made outside the run's own rules, so that a replay must be given it."""
    check_replay: Callable[[RunRecord, Sequence[Decision]], None] = _nothing
    """Refuses a run that cannot be replayed."""
    compared: Callable[[Json], Mapping[str, Any]] = lambda kept: cast("Mapping[str, Any]", kept)
    """The part of a stored result that a replay compares."""
    budgeted: Callable[[Json], bool] = lambda result: False
    """Whether, by the stored result, calls that a replay makes and the record lacks were refused by the budget."""
    ahead: bool = True
    """Whether its nodes act only through the ledger, so that commits need not be awaited."""
    tells: bool = True
    """Whether the runtime emits an event for each node; False if the nodes emit their own."""
    outputs: tuple[str, ...] | None = None
    """The channels that `result` reads; all if None."""


def named_modules(workflow: Workflow, spec: RunSpec) -> frozenset[str]:
    """The modules that a run's request names besides its workflow's: of a strategy, a model, an environment."""
    model = models.module_of(spec.model)
    return frozenset({*workflow.imports(spec), *([model] if model else [])})
