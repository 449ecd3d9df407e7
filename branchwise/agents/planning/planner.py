"""The planner agent: estimated difficulty, a prior over strategies, and the size of a trial."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

from branchwise.agents.planning.difficulty import Difficulty, estimate
from branchwise.agents.planning.policy_table import Knobs, PolicyTable, RankedStrategy
from branchwise.agents.protocol import Agent
from branchwise.store.records import Node, VerifiedBy

_HOPE = 0.95
"""Probability that a trial contains a solution, if the estimate is right; it sizes the trials."""
_FEWEST = 4
_MOST = 64
_UNKNOWN = 16


class PlannerState(TypedDict):
    """State that the planner reads."""

    probes: Sequence[Node]
    """Whole solutions sampled from this instance; they stay on the tree and count for the strategies."""
    by_steps: bool
    """Whether a program judges beginnings."""
    tokens_left: int | None
    """Tokens that the run may still spend; None without such a limit."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """The planner's estimates before the search."""

    difficulty: Difficulty
    arms: tuple[str, ...]
    """The strategies to choose among: those of the policy table first, then the usual ones."""
    prior: Mapping[str, float]
    """Suitability in [0, 1] by strategy."""
    knobs: Mapping[str, Knobs]
    """Knobs of the strategies that the policy table names."""
    samples: int
    """Most samples of one trial; the table's knobs also bound its strategies."""
    basis: str
    """Source of the prior: "policy table" or "default"; "none" in runs of older versions."""


class PlannerUpdate(TypedDict):
    """State update of the planner."""

    plan: Plan


_SUITS: Mapping[str, tuple[float, float, float]] = {
    "best_of_n": (0.8, 0.5, 0.6),
    "rebase": (0.4, 0.7, 0.5),
    "tree_of_thoughts": (0.4, 0.6, 0.4),
}
"""Prior by difficulty (easy, medium, hard) after Snell et al., arXiv 2408.03314, section 5.3: independent samples
suffice on easy instances, guided trees pay on medium ones, little helps on the hardest. The numbers are ours."""


BY_STEPS: Mapping[str, float] = {"best_first": 0.8, "tree_of_thoughts": 0.7, "rebase": 0.5, "best_of_n": 0.1}
_AT_ONCE: Mapping[str, float] = {"best_of_n": 0.7, "rebase": 0.4, "tree_of_thoughts": 0.3, "best_first": 0.2}
"""Prior without an estimate: trees where a program judges beginnings, whole solutions elsewhere. Ours, from runs of the
uniform model on open instances (docs/decisions/0029)."""


def planner(
    names: Sequence[str],
    table: PolicyTable | None = None,
    *,
    possible: Callable[[str], bool] = lambda _: True,
) -> Agent[PlannerState, PlannerUpdate]:
    """Make the planner, a LangGraph node that calls no model itself: it reads the probe samples.

    Without probes, or with unjudged probes and no repeated answer, there is no estimate: the prior depends on
    whether a program judges beginnings. If the table has a row for this difficulty and budget, its choices
    get the table's priors and the default strategies 0, so that they are tried when the table's fail.

    Args:
        names: The default strategies.
        table: A fitted policy table; its maps turn what probes show into calibrated estimates.
        possible: Whether a strategy of the table can run here.
    """
    table = table or PolicyTable()

    async def planner_node(state: PlannerState) -> PlannerUpdate:
        probes = state["probes"]
        sound = any(node.verified_by is VerifiedBy.PROGRAM for node in probes)
        difficulty = estimate(probes, sound=sound, maps=table.maps, prior=table.prior)
        found = table.lookup(difficulty, state["tokens_left"]) or ()
        choices = [choice for choice in found if possible(choice.strategy)]
        known = difficulty.basis != "none"
        return {
            "plan": Plan(
                difficulty=difficulty,
                arms=tuple(dict.fromkeys([*(choice.strategy for choice in choices), *names])),
                prior=_priors(names, choices, difficulty, by_steps=state.get("by_steps", False)),
                knobs={choice.strategy: choice.knobs for choice in choices},
                samples=_worth(difficulty) if known else _UNKNOWN,
                basis="policy table" if choices else "default",
            )
        }

    return planner_node


def _priors(
    names: Sequence[str], choices: Sequence[RankedStrategy], difficulty: Difficulty, *, by_steps: bool
) -> dict[str, float]:
    if choices:
        return {**dict.fromkeys(names, 0.0), **{choice.strategy: choice.prior for choice in choices}}
    if by_steps or difficulty.basis == "none":
        usual = BY_STEPS if by_steps else _AT_ONCE
        return {name: usual.get(name, 0.4) for name in names}
    return {name: _prior(name, difficulty.pass_at_1) for name in names}


def _prior(name: str, pass_at_1: float) -> float:
    easy, medium, hard = _SUITS.get(name, (0.5, 0.5, 0.5))
    if pass_at_1 >= 0.5:
        return easy
    return medium if pass_at_1 >= 0.1 else hard


def _worth(difficulty: Difficulty) -> int:
    """Draws after which a solution was seen with probability `_HOPE`: 1 - (1 - p)^k >= 0.95, within bounds."""
    p = min(max(difficulty.pass_at_1, 1e-3), 0.999)
    return min(_MOST, max(_FEWEST, math.ceil(math.log(1 - _HOPE) / math.log(1 - p))))
