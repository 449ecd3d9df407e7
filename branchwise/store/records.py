"""The nouns of a run: what it is asked, what it grows, what it costs. Standard library only."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import ClassVar, Literal, Self, TypeAlias

NodeId: TypeAlias = str
Json: TypeAlias = "bool | int | float | str | list[Json] | Mapping[str, Json] | None"

ROOT: NodeId = "0"

Grain: TypeAlias = Literal["step", "solution"]
"""How much one sample adds: the next step, or everything up to a whole solution."""


def child_id(parent: NodeId, ordinal: int) -> NodeId:
    """Name a child after its parent, so that parallel branches never collide: `0.2` -> `0.2.5`."""
    return f"{parent}.{ordinal}"


class VerifiedBy(StrEnum):
    """What stands behind a verdict."""

    PROGRAM = "program"
    """A program checked the answer against the constraints; acceptance is proof."""
    MODEL = "model"
    """A model's opinion; acceptance is evidence."""
    NONE = "none"
    """Nobody could judge."""

    @classmethod
    def _missing_(cls, value: object) -> VerifiedBy | None:
        # Results, journals and logs of version 0.1 have other words.
        return {"sound": cls.PROGRAM, "nothing": cls.NONE}.get(str(value))


class NodeState(StrEnum):
    """What was done about a node."""

    SAMPLED = "sampled"
    """A model wrote its text."""
    PROPOSED = "proposed"
    """An action that was listed and not tried."""
    HELD = "held"
    """An action that was not tried: it awaits approval."""
    VISITED = "visited"
    """An action that led to a page."""
    TRIED = "tried"
    """An action that led nowhere."""
    STOPPED = "stopped"
    """An action that was tried and awaits approval, since it would have written something."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """What calls have cost; usages add up."""

    calls: int = 0
    samples: int = 0
    """Continuations that the calls have brought."""
    prompt_tokens: int = 0
    """Tokens read, cached ones included."""
    cached_tokens: int = 0
    """The part of `prompt_tokens` that the engine already held."""
    completion_tokens: int = 0
    seconds: float = 0.0
    """Engine time summed over calls, not wall time."""
    cost: float = 0.0
    """US dollars, of the calls whose price is known."""
    estimated: int = 0
    """Calls whose tokens nobody told: their counts are estimates."""
    unpriced: int = 0
    """Calls whose price is not known: what they cost is missing from `cost`."""

    @property
    def tokens(self) -> int:
        """Tokens evaluated anew plus tokens written; what a token budget counts."""
        return self.prompt_tokens - self.cached_tokens + self.completion_tokens

    def __add__(self, other: Self) -> Self:
        # Written out: three sums are made for each call.
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Budget:
    """How much a run may spend; None means no limit of that kind. Checked before each call."""

    __pydantic_config__: ClassVar[Mapping[str, str]] = {"extra": "forbid"}  # a limit is never passed over

    tokens: int | None = None
    """Prompt tokens evaluated anew plus completion tokens."""
    completion_tokens: int | None = None
    """Completion tokens alone, by which strategies are compared: what is read depends on what the engine has cached."""
    calls: int | None = None
    seconds: float | None = None
    """Wall time of the run, summed over resumptions."""
    cost: float | None = None
    """US dollars."""
    effects: int | None = None
    """Effects that are begun, and actions in an environment, replayed ones included."""

    def __post_init__(self) -> None:
        for limit in fields(self):
            value = getattr(self, limit.name)
            if value is not None and not (value > 0 and math.isfinite(value)):
                raise ValueError(f"A budget of {limit.name} must be a positive number, not {value!r}.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """A verifier's judgement of one plan or step."""

    score: float | None
    """From -100 to 100 (PlanGEN, section 2.1.2); None when the verifier gave no readable score."""
    accepted: bool
    """Whether a complete plan is taken as the answer; for a step, whether it may still lead to one."""
    feedback: str
    verified_by: VerifiedBy
    verifier: str
    """Name of the verifier that judged."""

    @property
    def reward(self) -> float | None:
        """The score as a unit reward in [0, 1]; None also where it is not a number or out of its range."""
        readable = self.score is not None and -100 <= self.score <= 100
        return (self.score + 100) / 200 if self.score is not None and readable else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """One node of the search tree: what one sample added to its parent."""

    id: NodeId
    parent: NodeId | None
    depth: int = 0
    """Number of samples from the root; the root has 0."""
    round: int = 0
    """The turn of the search loop that made it."""
    strategy: str = ""
    """The strategy that asked for it; "probe" for the planner's samples."""
    state: NodeState = NodeState.SAMPLED
    text: str = ""
    """What this node adds to the text of its ancestors."""
    complete: bool = False
    """Whether the text up to here is a whole solution."""
    answer: str | None = None
    """The normalised answer of a complete node, equal for equivalent answers."""
    score: float | None = None
    """Unit reward in [0, 1]; None while unjudged or when no verifier gave a readable score."""
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
    """What a solution must satisfy, as the constraint agent understood it."""

    items: tuple[str, ...] = ()
    """One constraint each, in words, for prompts."""
    data: Mapping[str, Json] = field(default_factory=dict)
    """The typed form that the task's checker reads; empty where the task has none."""
    source: str = "none"
    """"program" when a parser read them from the problem, "model" when a model wrote them, else "none"."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "items", tuple(self.items))
