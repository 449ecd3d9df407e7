"""The table of whole pools, for comparison with published figures; no sampling."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from statistics import fmean

from branchwise.evals.log import Log, RecordedSample
from branchwise.evals.outcomes import player
from branchwise.evals.policy import Policy, policies
from branchwise.evals.replay import Judge
from branchwise.evals.report import Table
from branchwise.statistics.bootstrap import bootstrap


def whole_pools(log: Log, arm: str, *, orders: int = 10) -> Table:
    """Select among all samples of each instance, averaged over `orders` shuffles since ties depend on order."""
    judge = Judge(score=log.header.verifier, verified_by=log.header.verified_by)
    pools = list(log.pools(arm).values())
    size = min(len(pool) for pool in pools)
    aggregations = sorted({p.aggregation for p in policies(log, (size,), arms=(arm,))})
    rows = []
    for aggregation in aggregations:
        play = player(
            Policy(strategy="best_of_n", limit=size, aggregation=aggregation, arm=arm, knobs={"n": size})
        )
        right = [
            fmean(float(play(_order(pool, seed), judge, seed).correct or False) for seed in range(orders))
            for pool in pools
        ]
        rows.append((f"{aggregation} of all {size}", bootstrap(right).percent()))
    return Table(title="Whole pools", columns=("choice", "accuracy % [95%]"), rows=tuple(rows))


def _order(pool: Sequence[RecordedSample], seed: int) -> list[RecordedSample]:
    ordered = list(pool)
    Random(seed).shuffle(ordered)  # noqa: S311 - a shuffle, not a secret
    return ordered
