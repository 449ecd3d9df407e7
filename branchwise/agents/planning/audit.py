"""The verifier audit: error rates on labels, calibrated confidence, and the optimal number of samples."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from branchwise.agents.planning.selections import selections
from branchwise.statistics.isotonic import Steps, isotonic
from branchwise.store.records import NodeId, VerifiedBy

Classes: TypeAlias = Sequence[tuple[float, float]]
"""Kinds of instances: (share of all instances, pass@1)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Labelled:
    """One judged solution whose correctness is known."""

    instance: NodeId | str
    correct: bool
    accepted: bool
    score: float | None = None
    """Unit reward, or None when the verifier gave no readable score."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Audit:
    """A verifier's measured error rates; without labels its confidence is uncalibrated."""

    completeness: float = 1.0
    """P(accepted | correct)."""
    soundness: float = 1.0
    """P(rejected | wrong)."""
    classes: tuple[tuple[float, float], ...] = ()
    """Kinds of labelled instances: their share and their pass@1."""
    calibration: Steps | None = None
    """Score -> P(correct) of one solution, for votes; None where no scores were labelled."""
    selected: tuple[tuple[int, Steps], ...] = ()
    """For N = 1, 2, 4, ...: score of the best of N solutions -> P(correct) of that one.

    They were checked on left-out instances."""
    labels: int = 0
    basis: str = field(default="uncalibrated")
    """"uncalibrated", "labelled", or "sound" for a checker whose acceptance is proof."""

    def confidence(self, score: float | None, *, of: int = 1, by: str = "best_of_n") -> float | None:
        """P(correct) of an answer with this score that is the best of `of`; None without labels.

        The maximum of many scores is biased upwards, so it is looked up among selections from as many
        solutions, or from the next larger labelled number, which is more conservative.

        Args:
            score: The verifier's.
            of: Number of solutions that the answer was chosen from.
            by: The aggregation that chose it. Nothing is known of any but "best_of_n": the score of what a vote chose
                is not the best of many.
        """
        if score is None or not math.isfinite(score) or by != "best_of_n":
            return None
        steps = self._map(of)
        return None if steps is None else steps(score)

    def ranks(self, of: int) -> bool:
        """Whether the confidence of the best of `of` depends on its score, so that abstaining by it pays."""
        steps = self._map(of)
        return steps is not None and len(set(steps.values)) > 1

    def _map(self, of: int) -> Steps | None:
        return next((steps for n, steps in sorted(self.selected, key=lambda one: one[0]) if n >= of), None)

    def samples(self, *, wrong: float = -1.0, most: int = 1000) -> int | None:
        """The optimal limit of draws until one is accepted; None if labels set no limit below `most`.

        Args:
            wrong: Value of answering wrongly, where answering rightly is worth 1 and abstaining 0.
            most: Upper bound of the search for an optimum.
        """
        if self.basis != "labelled":
            return None
        return optimal_samples(self.classes, self.completeness, self.soundness, wrong=wrong, most=most)


def audit(judged: Iterable[Labelled], *, verified_by: VerifiedBy = VerifiedBy.MODEL) -> Audit:
    """Measure a verifier on labelled solutions.

    A sound checker needs no labels: its acceptance is proof.
    """
    if verified_by is VerifiedBy.PROGRAM:
        return Audit(basis="sound")
    seen = list(judged)
    if not seen:
        return Audit()
    right = [one.accepted for one in seen if one.correct]
    wrong = [not one.accepted for one in seen if not one.correct]
    scored = [
        (one.score, float(one.correct)) for one in seen if one.score is not None and math.isfinite(one.score)
    ]
    return Audit(
        # Rule of succession: a few labels must not give rates of exactly 0 or 1.
        completeness=(sum(right) + 1) / (len(right) + 2),
        soundness=(sum(wrong) + 1) / (len(wrong) + 2),
        classes=_classes(seen),
        calibration=isotonic(scored) if scored else None,
        selected=tuple(selections(_pools(seen)).items()),
        labels=len(seen),
        basis="labelled",
    )


def optimal_samples(
    classes: Classes, completeness: float, soundness: float, *, wrong: float = -1.0, most: int = 1000
) -> int | None:
    """The number of draws after which resampling until acceptance stops paying.

    Source: Stroebl et al., arXiv 2411.17501. One more draw is worth what it adds where
    all draws before were rejected; with false positives these are more and more the hopeless instances.

    Args:
        classes: Kinds of instances.
        completeness: P(accepted | correct).
        soundness: P(rejected | wrong).
        wrong: Value of accepting a wrong answer; a right one is worth 1, none 0.
        most: Upper bound of the search.

    Returns:
        The optimal number, at least 1; None if it is at least `most`.
    """
    best = 1
    highest = -math.inf
    value = 0.0
    for k in range(1, most + 1):
        value += sum(share * _gain(rate, completeness, soundness, wrong, k) for share, rate in classes)
        # A gain below rounding error counts as 0; it would push the optimum to infinity.
        if value > highest + 1e-15:
            best, highest = k, value
    return None if best == most or _grows(classes, completeness, soundness, wrong, best) else best


def resampling_value(
    classes: Classes, completeness: float, soundness: float, *, wrong: float, k: int
) -> float:
    """Expected value of drawing until acceptance, at most `k` times."""
    return sum(
        share * sum(_gain(rate, completeness, soundness, wrong, j) for j in range(1, k + 1))
        for share, rate in classes
    )


def _gain(rate: float, completeness: float, soundness: float, wrong: float, k: int) -> float:
    """Expected gain of the k-th draw on an instance of this pass@1."""
    rejected = (1 - completeness) * rate + soundness * (1 - rate)
    return rejected ** (k - 1) * (completeness * rate + (1 - rate) * (1 - soundness) * wrong)


def _grows(classes: Classes, completeness: float, soundness: float, wrong: float, k: int) -> bool:
    """Whether a further draw still gains, even by less than floating point can add."""
    return sum(share * _gain(rate, completeness, soundness, wrong, k + 1) for share, rate in classes) > 0


def _pools(seen: Sequence[Labelled]) -> dict[str, list[tuple[float, bool]]]:
    pools: dict[str, list[tuple[float, bool]]] = {}
    for one in seen:
        if one.score is not None and math.isfinite(one.score):
            pools.setdefault(one.instance, []).append((one.score, one.correct))
    return pools


def _classes(seen: Sequence[Labelled]) -> tuple[tuple[float, float], ...]:
    pools: dict[str, list[bool]] = {}
    for one in seen:
        pools.setdefault(one.instance, []).append(one.correct)
    rates = Counter(sum(pool) / len(pool) for pool in pools.values())
    return tuple((count / len(pools), rate) for rate, count in sorted(rates.items()))
