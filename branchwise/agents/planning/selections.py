"""Calibration of selected answers: the best of N by score is right less often than a single sample of that score.

A map fitted on single samples overestimates a maximum: more samples raise the best score but not its accuracy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from statistics import fmean

from branchwise.statistics.isotonic import Steps, isotonic
from branchwise.statistics.reliability import reliability

SIZES = (1, 2, 4, 8, 16, 32, 64, 128)
_DRAWS = 20
_FOLDS = 5
_ERROR = 0.08
"""Expected calibration error on left-out instances up to which a map of scores is kept: below the 0.10 that is
promised, for the error on other instances may be larger."""
_FEWEST = 10
"""Least number of instances to fit a size."""


def selections(pools: Mapping[str, Sequence[tuple[float, bool]]], *, seed: int = 0) -> dict[int, Steps]:
    """Fit P(the selected answer is right), given its score, for each number of samples that the pools allow.

    Args:
        pools: By instance, the (score, right) of its samples.
        seed: Draws the subsets; the same labels give the same maps.

    Returns:
        Step functions by number of samples; sizes that fewer than 10 instances have samples for are left out.
    """
    fitted: dict[int, Steps] = {}
    for size in SIZES:
        drawn = [
            [_best(rng.sample(list(pool), size), rng) for _ in range(_DRAWS)]
            for name, pool in sorted(pools.items())
            if len(pool) >= size
            for rng in [Random(f"{seed}/{size}/{name}")]  # noqa: S311 - statistics, not secrets
        ]
        if len(drawn) >= _FEWEST:
            fitted[size] = _fit(drawn)
    return fitted


def _fit(drawn: Sequence[Sequence[tuple[float, float]]]) -> Steps:
    """A map of scores if it is calibrated on left-out instances, else the share of right selections at any score."""
    stated: list[float] = []
    outcomes: list[float] = []
    for fold in range(_FOLDS):
        steps = isotonic([point for i, of in enumerate(drawn) if i % _FOLDS != fold for point in of])
        held_out = [point for of in drawn[fold::_FOLDS] for point in of]
        stated += [steps(score) for score, _ in held_out]
        outcomes += [right for _, right in held_out]
    middle = fmean(stated)
    upper = [right for value, right in zip(stated, outcomes, strict=True) if value > middle]
    ranks = bool(upper) and fmean(upper) > fmean(outcomes)
    if ranks and reliability(stated, outcomes).error <= _ERROR:
        return isotonic([point for of in drawn for point in of])
    return Steps(edges=(), values=(fmean(outcomes),))


def _best(drawn: Sequence[tuple[float, bool]], rng: Random) -> tuple[float, float]:
    top = max(score for score, _ in drawn)
    score, right = rng.choice([one for one in drawn if one[0] == top])
    return score, float(right)
