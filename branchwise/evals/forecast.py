"""Forecasts of the gain of more samples, with the error where it can be checked."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from branchwise.evals.log import Log
from branchwise.evals.outcomes import outcomes
from branchwise.evals.policy import Policy
from branchwise.evals.report import Report, Table
from branchwise.evals.simulator import simulator, validate
from branchwise.graphs import strategies
from branchwise.store.errors import BadInput
from branchwise.store.records import VerifiedBy

_NAMES = ("best_of_n", "self_consistency", "weighted_best_of_n")
_INSTANCES = 500
_FEWEST = 8
"""Instances below which halves are too small to fit to."""


def forecast(title: str, log: Log, arm: str, sizes: Sequence[int], *, seeds: int) -> Report:
    """Simulate policies of whole solutions at numbers of samples that need not have been recorded.

    Fitted on half of the instances, the simulator is checked against the other half, at all sizes that half of the
    recorded samples allow; the root mean squared error there stands beside every figure, those beyond included.

    Args:
        title: The log's name.
        log: Recorded samples with a verifier's scores; votes are forecast where it errs and there are answers.
        arm: The arm whose samples are independent.
        sizes: Numbers of samples.
        seeds: How often the held-back half is played.

    Raises:
        BadInput: The log has too few instances, or no scores, or its samples are all right or all wrong.
    """
    if log.header.verifier is None:
        raise BadInput("A forecast needs a log with a verifier's scores.")
    if min(sizes) < 1:
        raise BadInput("A forecast needs numbers of samples of at least 1.")
    log = Log(header=log.header, samples=tuple(s for s in log.samples if s.arm == arm))
    if len(log.instances) < _FEWEST:
        raise BadInput(f"A forecast needs at least {_FEWEST} instances, half of them to be held back.")
    half = min(len(pool) for pool in log.pools(arm).values()) // 2
    wanted = _wanted(log, arm, sizes)
    known = [policy for policy in wanted if policy.limit <= half] or [_policy(_NAMES[0], arm, 1)]
    try:
        checked = validate(log, known, seeds=seeds)
        # A pool is halved before it is played.
        made = simulator(log, log.instances).draw(_INSTANCES, 2 * max(sizes), seed=0)
    except ValueError as error:
        raise BadInput(f"The simulator cannot be fitted: {error}") from error
    found = outcomes(made, wanted, seeds=1)
    accuracy = {policy: fmean(found.accuracy(policy)) for policy in wanted}
    best = max(wanted, key=lambda policy: accuracy[policy])
    rows = []
    for policy in wanted:
        gap = accuracy[best] - accuracy[policy]
        behind = "not ranked" if gap <= checked.error else "worse"
        rows.append(
            (
                policy.name,
                f"{100 * accuracy[policy]:.1f} +- {100 * checked.error:.1f}",
                f"{100 * checked.held_back[policy]:.1f}" if policy in checked.held_back else "",
                f"{found.cost(policy):,.0f}",
                "best" if policy is best else behind,
            )
        )
    return Report(
        title=f"{title}: forecast",
        facts={
            "Model": log.header.model,
            "Instances": str(len(log.instances)),
            "Recorded samples": str(2 * half),
        },
        tables=(
            Table(
                title="Forecast",
                columns=("policy", "simulated %", "held-back half %", "tokens", "against the best"),
                rows=tuple(rows),
                note="The error is the root mean squared difference between simulated and held-back accuracies where "
                "both are known; policies whose gap is no larger are not ranked. Beyond the recorded samples "
                "nothing checks it.",
            ),
        ),
    )


def _wanted(log: Log, arm: str, sizes: Sequence[int]) -> list[Policy]:
    """Whether to forecast an aggregation; votes decide nothing under a sound check, without answers, or among two."""
    votes = log.header.verified_by is not VerifiedBy.PROGRAM and any(
        s.answer is not None for s in log.samples
    )
    names = _NAMES if votes else _NAMES[:1]
    return [_policy(name, arm, size) for size in sizes for name in names if size > 2 or name == _NAMES[0]]


def _policy(name: str, arm: str, size: int) -> Policy:
    return Policy(
        strategy=name,
        limit=size,
        aggregation=strategies.info(name).aggregation,
        arm=arm,
        knobs={"n": size},
    )
