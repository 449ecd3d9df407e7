"""What the tools return: models whose JSON schema the client is told."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

_FROZEN = ConfigDict(frozen=True)


class OpenQuestion(BaseModel):
    """A question that a waiting run asks."""

    model_config = _FROZEN

    key: str = Field(description="Names the question in `answer`.")
    question: Any
    answer_schema: Any = Field(description="JSON schema of the answer; null for any.")


class RunStanding(BaseModel):
    """Where a run stands."""

    model_config = _FROZEN

    run_id: str
    status: str = Field(description="queued, running, paused, waiting, done, failed or cancelled.")
    workflow: str
    task: str
    strategy: str
    forked_from: str | None = None
    created: float = Field(description="Seconds since 1970.")
    seconds: float = Field(description="Seconds of work so far.")
    tokens: int = Field(description="Tokens read and written so far, sub-runs included.")
    calls: int
    cost: float = Field(description="US dollars of the calls whose price is known.")
    questions: list[OpenQuestion] = Field(description="What a waiting run asks; see `answer`.")
    error: str | None = None


class RunAnswer(BaseModel):
    """The result of a run; while it is not over only its status."""

    model_config = _FROZEN

    run_id: str
    status: str
    answer: str | None = Field(default=None, description="The answer's text; null if there is none.")
    solved: bool = Field(default=False, description="Whether the answer was accepted.")
    verified_by: str = Field(
        default="none", description="On whose word: program (a proof), model (an opinion), or none."
    )
    score: float | None = None
    confidence: float | None = Field(default=None, description="Null where nothing is known.")
    reason: str | None = Field(default=None, description="Why the search ended.")
    strategy: str | None = None
    note: str | None = Field(default=None, description="Why there is no answer.")
    output: Any = Field(default=None, description="The output of a run that is no search.")
    tokens: int = 0
    calls: int = 0
    cost: float | None = Field(default=None, description="US dollars; null if a price is unknown.")


class TreeNode(BaseModel):
    """One sample of a search tree."""

    model_config = _FROZEN

    id: str
    parent: str | None
    strategy: str
    text: str = Field(description="What it adds to its parent, cut after 200 characters.")
    complete: bool
    score: float | None
    accepted: bool
    verified_by: str
    failed: str | None


class RunDecision(BaseModel):
    """One recorded decision: which strategy was selected and by which terms, or what got the next samples."""

    model_config = _FROZEN

    key: str
    kind: str
    payload: Any


class Explanation(BaseModel):
    """Why a run did what it did."""

    model_config = _FROZEN

    run_id: str
    status: str
    decisions: list[RunDecision]
    nodes: list[TreeNode]
    left_out: int = Field(description="Decisions and nodes beyond the first 100 of each.")


class StrategyDescription(BaseModel):
    """One search strategy."""

    model_config = _FROZEN

    name: str
    summary: str
    paper: str
    knobs: dict[str, Any] = Field(description="Its parameters with their defaults.")
    lacks: list[str] = Field(description="What the model lacks for it; empty if it can be used.")


class StrategyList(BaseModel):
    """The search strategies; `auto` lets the planner choose."""

    model_config = _FROZEN

    strategies: list[StrategyDescription]


class RunList(BaseModel):
    """The caller's newest runs."""

    model_config = _FROZEN

    runs: list[RunStanding]
