"""PlanGEN's modified upper confidence bound over strategies (arXiv 2502.16111, section 2.1.3 and algorithm 1)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Self

Mode = Literal["mean", "paper"]
Term = Literal["exploitation", "exploration", "prior", "diversity", "recovery"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Arm:
    """Statistics of one strategy."""

    pulls: int = 0
    reward: float = 0.0
    """Sum of unit rewards."""
    recovery: float = 0.0
    """In [0, 1]: its reward right after a failure."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """Statistics of all strategies within one instance. The paper leaves the updates open; these are ours."""

    arms: Mapping[str, Arm] = field(default_factory=dict)
    past: Mapping[str, Arm] = field(default_factory=dict)
    """The same of earlier instances; it counts for the mean reward alone, so that each instance still explores."""
    trials: int = 0
    failed: bool = False
    """Whether the last trial fell short."""

    def after(self, name: str, reward: float, best_before: float, *, enough: float) -> Self:
        """The record after strategy `name` reached `reward` (unit) where `best_before` was the best so far.

        Args:
            name: The strategy that ran.
            reward: Its best unit reward.
            best_before: The best unit reward before it ran.
            enough: Rewards below this are failures (the unit form of the acceptance threshold).
        """
        arm = self.arms.get(name, Arm())
        recovered = self.failed and (reward >= enough or reward > best_before)
        arm = replace(
            arm,
            pulls=arm.pulls + 1,
            reward=arm.reward + reward,
            recovery=min(1.0, arm.recovery + 0.5) if recovered else arm.recovery,
        )
        return replace(self, arms={**self.arms, name: arm}, trials=self.trials + 1, failed=reward < enough)


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """The five terms of one strategy's bound; kept with every decision so that it can be explained."""

    exploitation: float
    exploration: float
    prior: float
    diversity: float
    recovery: float

    @property
    def total(self) -> float:
        """The bound itself."""
        return self.exploitation + self.exploration + self.prior + self.diversity + self.recovery


@dataclass(frozen=True, kw_only=True, slots=True)
class Weights:
    """Weights of the terms. The paper does not give the last three; these defaults are ours."""

    exploitation: float = 1.0
    exploration: float = 1.0
    prior: float = 1.0
    diversity: float = 0.5
    recovery: float = 0.5

    def without(self, *terms: str) -> Self:
        """The weights with some terms set to 0."""
        return replace(self, **dict.fromkeys(terms, 0.0))


def ucb(
    names: Sequence[str],
    record: Record,
    prior: Mapping[str, float],
    *,
    weights: Weights | None = None,
    mode: Mode = "mean",
) -> dict[str, Terms]:
    """Compute every strategy's bound.

    Args:
        names: The strategies to choose among.
        record: Pulls and rewards so far.
        prior: Suitability in [0, 1] by name; a missing one counts 0.5.
        weights: Weights of the terms.
        mode: "paper" is algorithm 1 to the letter: rewards are divided by the largest *sum* of rewards, so that
            exploitation fades as pulls add up. "mean" takes the mean reward instead, that of earlier instances
            included, and is the default.
    """
    weights = weights or Weights()
    largest = max((arm.reward for arm in record.arms.values()), default=0.0) or 1.0
    bounds = {}
    for name in names:
        arm = record.arms.get(name, Arm())
        count = 1 + arm.pulls
        past = record.past.get(name, Arm())
        share = count * largest if mode == "paper" else max(1, arm.pulls + past.pulls)
        bounds[name] = Terms(
            exploitation=weights.exploitation
            * (arm.reward if mode == "paper" else arm.reward + past.reward)
            / share,
            exploration=weights.exploration * min(math.sqrt(2 * math.log(record.trials + 1) / count), 5.0),
            prior=weights.prior / (1 + record.trials) * prior.get(name, 0.5),
            diversity=weights.diversity / (count + 1),
            recovery=weights.recovery * arm.recovery,
        )
    return bounds
