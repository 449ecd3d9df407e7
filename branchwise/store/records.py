"""Records of a run: problem, nodes, verdicts, usage, budget. Standard library only."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import ClassVar, Literal, Self, TypeAlias

NodeId: TypeAlias = str
Json: TypeAlias = "bool | int | float | str | list[Json] | Mapping[str, Json] | None"

ROOT: NodeId = "0"

Grain: TypeAlias = Literal["step", "solution"]
"""Sample granularity: the next step, or everything up to a whole solution."""


def child_id(parent: NodeId, ordinal: int) -> NodeId:
    """Name a child after its parent, so that parallel branches never collide: `0.2` -> `0.2.5`."""
    return f"{parent}.{ordinal}"


class VerifiedBy(StrEnum):
    """The kind of evidence for a verdict."""

    PROGRAM = "program"
    """A program checked the answer against the constraints; acceptance is proof."""
    MODEL = "model"
    """A model's opinion; acceptance is evidence."""
    NONE = "none"
    """Nobody could judge."""

    @classmethod
    def _missing_(cls, value: object) -> VerifiedBy | None:
        # Results, journals and logs of version 0.1 use other words.
        return {"sound": cls.PROGRAM, "nothing": cls.NONE}.get(str(value))


class NodeState(StrEnum):
    """The state of a node."""

    SAMPLED = "sampled"
    """A model wrote its text."""
    PROPOSED = "proposed"
    """An action that was proposed and not tried."""
    HELD = "held"
    """An action that was not tried: it awaits approval."""
    VISITED = "visited"
    """An action that reached a page."""
    TRIED = "tried"
    """An action that failed."""
    STOPPED = "stopped"
    """An action that was tried and awaits approval, because it would have written something."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """The cost of calls: tokens, seconds, dollars; usages can be added."""

    calls: int = 0
    samples: int = 0
    """Continuations that the calls returned."""
    prompt_tokens: int = 0
    """Tokens read, cached ones included."""
    cached_tokens: int = 0
    """The part of `prompt_tokens` that the engine had cached."""
    completion_tokens: int = 0
    seconds: float = 0.0
    """Engine time summed over calls, not wall time."""
    cost: float = 0.0
    """US dollars, of the calls whose price is known."""
    estimated: int = 0
    """Calls without a token count from the server: their counts are estimates."""
    unpriced: int = 0
    """Calls whose price is not known: `cost` does not include them."""

    @property
    def tokens(self) -> int:
        """Tokens counted by a token budget: prompt tokens that were not cached plus completion tokens."""
        return self.prompt_tokens - self.cached_tokens + self.completion_tokens

    def __add__(self, other: Self) -> Self:
        # Written out for speed: three sums per call.
        return type(self)(
            calls=self.calls + other.calls,
            samples=self.samples + other.samples,
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            seconds=self.seconds + other.seconds,
            cost=self.cost + other.cost,
            estimated=self.estimated + other.estimated,
            unpriced=self.unpriced + other.unpriced,
        )


def finite(value: float) -> bool:
    """Whether a number is finite and fits a float; `math.isfinite` raises for integers that do not."""
    return abs(value) <= sys.float_info.max


@dataclass(frozen=True, kw_only=True, slots=True)
class Budget:
    """How much a run may spend; None means no limit of that kind. Checked before each call."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = {"extra": "forbid"}  # a limit is never exceeded

    tokens: int | None = None
    """Prompt tokens that were not cached plus completion tokens."""
    completion_tokens: int | None = None
    """Completion tokens alone; used to compare strategies, because prompt tokens depend on the engine's cache."""
    calls: int | None = None
    seconds: float | None = None
    """Wall time of the run, summed over resumptions."""
    cost: float | None = None
    """US dollars."""
    effects: int | None = None
    """Effects started, and actions in an environment, replayed ones included."""

    def __post_init__(self) -> None:
        for limit in fields(self):
            value = getattr(self, limit.name)
            if value is not None and not (value > 0 and finite(value)):
                raise ValueError(f"A budget of {limit.name} must be a positive number, not {value!r}.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """A verifier's judgement of one plan or step."""

    score: float | None
    """From -100 to 100 (PlanGEN, section 2.1.2); None when the verifier gave no readable score."""
    accepted: bool
    """Whether a complete plan is accepted as the answer; for a step, whether it may still lead to one."""
    feedback: str
    verified_by: VerifiedBy
    verifier: str
    """Name of the verifier that judged."""

    @property
    def reward(self) -> float | None:
        """The score as a unit reward in [0, 1]; None if it is missing, not a number or out of range."""
        return unit_reward(self.score)


def unit_reward(score: float | None) -> float | None:
    """A score in [-100, 100] as a unit reward in [0, 1]; None if it is missing, not a number or out of range."""
    return (score + 100) / 200 if score is not None and -100 <= score <= 100 else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """A node of the search tree: the text that one sample added to its parent."""

    id: NodeId
    parent: NodeId | None
    depth: int = 0
    """Number of samples from the root; the root has 0."""
    round: int = 0
    """The round of the search loop that created it."""
    strategy: str = ""
    """The strategy that requested it; "probe" for the planner's samples."""
    state: NodeState = NodeState.SAMPLED
    text: str = ""
    """The text this node adds to that of its ancestors."""
    complete: bool = False
    """Whether the text up to here is a whole solution."""
    answer: str | None = None
    """The normalised answer of a complete node, equal for equivalent answers."""
    score: float | None = None
    """Unit reward in [0, 1]; None before a verdict or if no verifier gave a readable score."""
    verified_by: VerifiedBy = VerifiedBy.NONE
    accepted: bool = False
    feedback: str = ""
    logprob: float | None = None
    """Sum of the log-probabilities of the tokens of `text`, or None where the engine gives none."""
    tokens: int = 0
    """Completion tokens of `text`."""
    duplicate_of: NodeId | None = None
    """An earlier node with the same text up to here (or the same answer); it carries that node's verdict."""
    failed: str | None = None
    """Why this branch is dead, or None."""

    def __post_init__(self) -> None:
        if self.score is not None and not 0 <= self.score <= 1:
            raise ValueError(f"A node's score is a unit reward or None, not {self.score!r}.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Constraints:
    """The constraints on a solution, as extracted by the constraint agent."""

    items: tuple[str, ...] = ()
    """One constraint each, in words, for prompts."""
    data: Mapping[str, Json] = field(default_factory=dict)
    """The typed form for the task's checker; empty if the task has none."""
    source: str = "none"
    """"program" when a parser read them from the problem, "model" when a model wrote them, else "none"."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "items", tuple(self.items))
