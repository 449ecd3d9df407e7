"""Learned choice of engine settings for a workload, from logged trials of others (after MetaInf, arXiv 2410.21340).

MetaInf embeds models, devices and tasks by a language model and fits a regressor. Here the trials are of one model on
one device, and workloads are described by numbers that are known before a start: the speed of a setting is that of the
nearest logged workloads. `judged` leaves out each workload once and compares with the best fixed setting.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from itertools import groupby
from statistics import fmean, pstdev

from branchwise.serving.trial_log import LoggedTrial, WorkloadShape, setting_name
from branchwise.statistics.bootstrap import Interval, paired
from branchwise.store.errors import BadInput

_NEAREST = 3
LEAST = 3
"""Logged workloads that a choice can be judged on."""
_AS_IT_IS = "{}"
"""The name of the unchanged profile, with which every other setting is compared."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """How good the learned choice is: each workload left out once, speeds relative to the unchanged profile."""

    workloads: int
    learned: float
    """Geometric mean of the speed of the learned choice."""
    fixed: float
    """The same of the setting that is best on the other workloads."""
    best: float
    """The same of the best setting of each workload, which nobody knows before."""
    hits: int
    """Workloads for which the learned choice was the best setting."""
    gain: Interval
    """Of the learned over the fixed choice, in logarithms of speed, over workloads."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Speeds:
    """Of one workload."""

    shape: tuple[float, ...]
    speeds: Mapping[str, float]
    """Logarithm of the speed relative to the unchanged profile, by setting."""


def predicted(trials: Sequence[LoggedTrial], shape: WorkloadShape) -> dict[str, float]:
    """The speed of every usable setting on a workload, relative to the unchanged profile; the fastest first.

    A setting that failed on a logged workload, or was not tried on all of them, is left out.

    Raises:
        BadInput: Fewer than three workloads are logged.
    """
    speeds = _choose(_speeds(trials), astuple(shape))
    return {name: math.exp(speed) for name, speed in sorted(speeds.items(), key=lambda one: -one[1])}


def judged(trials: Sequence[LoggedTrial]) -> Judged:
    """Judge the learned choice beside the best fixed one, each workload left out once.

    Raises:
        BadInput: Fewer than three workloads are logged.
    """
    known = _speeds(trials)
    learned, fixed, best = (list[float]() for _ in range(3))
    hits = 0
    for i, one in enumerate(known):
        others = known[:i] + known[i + 1 :]
        near = _choose(others, one.shape)
        mean = {name: fmean(other.speeds[name] for other in others) for name in one.speeds}
        learned.append(one.speeds[max(near, key=near.__getitem__)])
        fixed.append(one.speeds[max(mean, key=mean.__getitem__)])
        best.append(max(one.speeds.values()))
        hits += learned[-1] == best[-1]
    return Judged(
        workloads=len(known),
        learned=math.exp(fmean(learned)),
        fixed=math.exp(fmean(fixed)),
        best=math.exp(fmean(best)),
        hits=hits,
        gain=paired(learned, fixed),
    )


def _speeds(trials: Sequence[LoggedTrial]) -> list[_Speeds]:
    """By workload, of the settings that every workload has and that never failed."""
    order = sorted(trials, key=lambda trial: trial.workload)
    found = [list(group) for _, group in groupby(order, key=lambda trial: trial.workload)]
    rates = [{setting_name(trial.settings): trial.tokens_per_second for trial in group} for group in found]
    usable = [one for one in (rates[0] if rates else {}) if all(rate.get(one, 0) > 0 for rate in rates)]
    if len(found) < LEAST or _AS_IT_IS not in usable:
        raise BadInput(
            f"A choice needs trials of the same settings on {LEAST} workloads at least, and there are {len(found)}: "
            "run `branchwise pool tune --workload ...` on others."
        )
    return [
        _Speeds(
            shape=astuple(group[0].shape),
            speeds={name: math.log(rate[name] / rate[_AS_IT_IS]) for name in usable},
        )
        for group, rate in zip(found, rates, strict=True)
    ]


def _choose(known: Sequence[_Speeds], shape: Sequence[float]) -> dict[str, float]:
    """Speeds on a workload: means over the nearest ones, weighted by one over their distance."""
    spread = [pstdev(values) or 1.0 for values in zip(*(one.shape for one in known), strict=True)]
    near = sorted(
        (math.dist([a / s for a, s in zip(one.shape, spread, strict=True)], scaled), i)
        for scaled in [[a / s for a, s in zip(shape, spread, strict=True)]]
        for i, one in enumerate(known)
    )[:_NEAREST]
    weights = [(1 / (distance + 1e-6), known[i]) for distance, i in near]
    total = sum(weight for weight, _ in weights)
    return {
        name: sum(weight * one.speeds[name] for weight, one in weights) / total for name in known[0].speeds
    }
