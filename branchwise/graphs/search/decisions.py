"""Decisions that a search records in its journal, as typed values; fields of later versions are optional."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Literal, NotRequired

from pydantic import TypeAdapter
from typing_extensions import TypedDict

from branchwise.agents.planning.planner import Plan
from branchwise.graphs.search.state import Reason
from branchwise.graphs.strategies.protocol import SampleCount
from branchwise.store.records import NodeId


class Probes(TypedDict):
    """How many probes are drawn."""

    count: SampleCount


class Planned(TypedDict):
    """The planner's estimates: the fields of `Plan`, and where they come from."""

    difficulty: dict[str, Any]
    arms: list[str]
    prior: dict[str, float]
    knobs: dict[str, dict[str, Any]]
    samples: int
    basis: str
    source: NotRequired[str]
    """The option `prior`."""
    most: NotRequired[int | None]
    """Whole solutions after which, by the verifier's audit, one more does not pay; None for no limit."""


class Selected(TypedDict):
    """A trial's strategy, with the terms of every bound."""

    strategy: str
    mode: NotRequired[str]
    terms: NotRequired[dict[str, Any]]
    knobs: dict[str, Any]
    samples: NotRequired[int | None]
    """Samples that the trial may take; None for no limit."""
    affordable: NotRequired[int | None]
    """Whole solutions that the budget afforded before the trial; None for no limit."""
    revises: NotRequired[bool]
    """Whether the trial's samples are shown the best solution so far; in older runs all but the first."""


class Closed(TypedDict):
    """A trial's reward, and whether the run ends."""

    strategy: str
    round: int
    reward: float
    best_before: float
    stop: Reason | Literal[""]
    trial: NotRequired[int]
    drew: NotRequired[bool]
    counts: NotRequired[bool]
    """Whether the reward is evidence about the strategy."""
    solved: NotRequired[bool]
    tokens: NotRequired[int]


def planned_with(plan: Plan, *, prior: Mapping[str, float], source: str, most: int | None) -> Planned:
    """The planner's estimates with the prior that the run uses."""
    return {
        "difficulty": asdict(plan.difficulty),
        "arms": list(plan.arms),
        "prior": dict(prior),
        "knobs": {name: dict(knobs) for name, knobs in plan.knobs.items()},
        "samples": plan.samples,
        "basis": plan.basis,
        "source": source,
        "most": most,
    }


PROBES = TypeAdapter(Probes)
PLANNED = TypeAdapter(Planned)
SELECTED = TypeAdapter(Selected)
CLOSED = TypeAdapter(Closed)
REWARDS = TypeAdapter(dict[str, tuple[int, float]])
JUDGED = TypeAdapter(list[NodeId])
