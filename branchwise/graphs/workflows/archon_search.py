"""Search for Archon's layers on labelled problems, under a budget of calls (ITAS, arXiv 2409.15254, section 3.3)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Annotated, Any, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from pydantic import BaseModel, ConfigDict, Field

from branchwise import tasks
from branchwise.agents.generator import derived_seed
from branchwise.graphs.runtime.context import Run
from branchwise.graphs.runtime.workflow import WorkflowInfo
from branchwise.graphs.workflows._archon_layers import NothingWritten
from branchwise.graphs.workflows._archon_space import (
    Layers,
    Setting,
    layers_of,
    optimiser,
    price,
    proposed,
)
from branchwise.graphs.workflows._prompting import required
from branchwise.statistics.bootstrap import paired
from branchwise.store.errors import BadInput
from branchwise.tasks.task import Task
from branchwise.tools import loading

_AT_ONCE = 8
"""Problems in flight."""


class AnsweredProblem(BaseModel):
    """A problem and its answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    problem: str
    expected: str


class TriedLayers(BaseModel):
    """An architecture that was executed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    setting: Setting
    calls: int
    """On one problem, at most."""
    right: list[bool]
    """By problem."""

    @property
    def score(self) -> float:
        """The share of problems with the right answer."""
        return fmean(self.right)


class ArchonSearchInput(TypedDict, total=False):
    """What a run is given."""

    problems: list[AnsweredProblem]
    """On which architectures are compared."""
    held_out: list[AnsweredProblem]
    """On which only the chosen and the plain one are scored, at the end."""
    task: str
    """A task's name, by whose rule answers are read and compared."""
    models: list[str]
    """The best first; left out, the run's own model."""
    calls: Annotated[int, Field(ge=1, le=1_000)]
    """Model calls that an architecture may cost on one problem."""
    trials: Annotated[int, Field(ge=1, le=200)]
    max_tokens: Annotated[int, Field(ge=1, le=100_000)]


class ArchonSearchState(ArchonSearchInput, total=False):
    """What the nodes read and write."""

    tried: list[TriedLayers]
    over: bool
    layers: Layers
    """The chosen ones, as `archon` takes them."""
    scores: dict[str, float]
    """`training` and `held_out` of the chosen layers, and `plain_training` and `plain_held_out` of one sample."""
    held_out_gain: list[float]
    """Of the chosen layers over one sample: mean, and the bounds of its 95 % interval over problems."""


def check(given: Mapping[str, Any]) -> None:
    """Refuse an input without problems of both kinds, and one problem in both."""
    required(given, "problems", "held_out")
    tasks.load(given.get("task", "text"))
    known = {one.problem for one in given["problems"]}
    if both := [one.problem for one in given["held_out"] if one.problem in known]:
        raise BadInput(f"A held-out problem is among the problems too: {both[0][:80]!r}.")
    if len(given.get("models", [])) > 16:
        raise BadInput("The search takes at most 16 models.")
    optimiser()


INFO = WorkflowInfo(
    paper="ITAS, arXiv 2409.15254, section 3.3; another optimiser",
    needs=frozenset({"optuna"}),
    check=check,
    imports=lambda given: loading.modules([str(given.get("task") or "")]),
)


def best_of(tried: Sequence[TriedLayers]) -> TriedLayers:
    """The highest score; of equal ones the fewest calls, then the first."""
    return max(tried, key=lambda one: (one.score, -one.calls))


async def attempt(state: ArchonSearchState, runtime: Runtime[Run]) -> ArchonSearchState:
    """Propose an architecture from the scores so far, and score it on the problems."""
    run, tried = runtime.context, state.get("tried", [])
    setting = proposed(
        [(one.setting, one.score) for one in tried],
        state.get("models", []),
        state.get("calls", 20),
        state.get("max_tokens", 512),
        derived_seed(run.seed, f"propose/{len(tried)}"),
    )
    if setting is None:
        return {"over": True}
    layers = _layers(state, setting)
    right = await _scored(run, "problem", state["problems"], layers, tasks.load(state.get("task", "text")))
    now = [*tried, TriedLayers(setting=setting, calls=price(layers), right=right)]
    return {"tried": now, "over": len(now) >= state.get("trials", 20)}


async def hold_out(state: ArchonSearchState, runtime: Runtime[Run]) -> ArchonSearchState:
    """Score the best architecture, and the plain one, on problems that chose neither."""
    plain, best = state["tried"][0], best_of(state["tried"])
    task = tasks.load(state.get("task", "text"))

    async def score(name: str, one: TriedLayers) -> list[bool]:
        return await _scored(runtime.context, name, state["held_out"], _layers(state, one.setting), task)

    before = await score("plain", plain)
    after = before if best is plain else await score("best", best)
    gain = paired([float(one) for one in after], [float(one) for one in before])
    return {
        "layers": _layers(state, best.setting),
        "scores": {
            "training": best.score,
            "held_out": fmean(after),
            "plain_training": plain.score,
            "plain_held_out": fmean(before),
        },
        "held_out_gain": [gain.mean, gain.low, gain.high],
    }


async def _scored(
    run: Run, name: str, problems: Sequence[AnsweredProblem], layers: Layers, task: Task
) -> list[bool]:
    gate = asyncio.Semaphore(_AT_ONCE)

    async def right(i: int, one: AnsweredProblem) -> bool:
        async with gate:
            try:
                ended = await run.call(f"{name}.{i}", "archon", {"problem": one.problem, "layers": layers})
            except NothingWritten:
                return False
        return await asyncio.to_thread(_is_right, task, ended["answer"], one.expected)

    return list(await asyncio.gather(*(right(i, one) for i, one in enumerate(problems))))


def _is_right(task: Task, answer: str, expected: str) -> bool:
    said = task.answer(answer)
    return said is not None and task.same(said, task.answer(expected) or expected.strip())


def _layers(state: ArchonSearchState, setting: Setting) -> Layers:
    return layers_of(setting, state.get("models", []), state.get("max_tokens", 512))


def archon_search() -> StateGraph[ArchonSearchState, Run, ArchonSearchInput, ArchonSearchState]:
    """Search for Archon's layers on labelled problems, under a budget of calls."""
    graph = StateGraph(ArchonSearchState, context_schema=Run, input_schema=ArchonSearchInput)
    graph.add_node(attempt)
    graph.add_node(hold_out)
    graph.add_edge(START, "attempt")
    graph.add_conditional_edges(
        "attempt", lambda state: "hold_out" if state["over"] else "attempt", ["attempt", "hold_out"]
    )
    graph.add_edge("hold_out", END)
    return graph
