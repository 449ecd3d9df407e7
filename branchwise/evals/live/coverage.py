"""Coverage: how pass@k grows with independent samples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from branchwise.evals.live.arm import kind
from branchwise.evals.live.outcome import GradedRun
from branchwise.evals.report import Table
from branchwise.statistics.bootstrap import bootstrap
from branchwise.statistics.pass_at_k import pass_at_k
from branchwise.statistics.power_law import power_law


def coverages(runs: Mapping[str, Mapping[str, Sequence[GradedRun]]]) -> Iterator[Table]:
    """A table for each arm that continues to sample after an acceptance (`pool`)."""
    for arm, instances in runs.items():
        if kind(arm) == "pool":
            yield from _coverage(arm, instances)


def _coverage(arm: str, instances: Mapping[str, Sequence[GradedRun]]) -> Iterator[Table]:
    counts = [_counts(of) for of in instances.values()]
    least = min(n for n, _ in counts)
    ks = [k for k in (1, 2, 4, 8, 16, 32, 64, 128) if k <= least]
    if not ks:
        return
    found = {k: bootstrap([pass_at_k(n, right, k) for n, right in counts]) for k in ks}
    law = power_law([(k, interval.mean) for k, interval in found.items()])
    fit = f"exp({law.a:.2f} k^{law.b:.2f}), RMSE {law.rmse:.3f}" if law else "none: too few points"
    yield Table(
        title=f"Coverage of `{arm}`",
        columns=("k", "pass@k % [95%]"),
        rows=tuple((str(k), interval.percent()) for k, interval in found.items()),
        note=f"Exact estimator over all samples of an instance, at least {least}; power law: {fit}.",
    )


def _counts(outcomes: Sequence[GradedRun]) -> tuple[int, int]:
    """Samples drawn, cut-off ones too, and right ones, over all seeds."""
    drawn = sum(len(o.tree.children(o.tree.root.id)) for o in outcomes)
    return drawn, sum(s.right for o in outcomes for s in o.solutions)
