"""The gain of repair passes under a checker, from recorded chains of revisions."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from branchwise.evals.log import Log, RecordedSample
from branchwise.evals.report import Table
from branchwise.statistics.bootstrap import bootstrap

_FEWEST = 20
"""Fewer instances than this make no row."""


def repairs(log: Log) -> Table | None:
    """Tabulate the first run of each instance in every arm named `repair/...`, or None where there are none."""
    rows = []
    for arm in log.arms:
        chains = [_first_chain(pool) for pool in log.pools(arm).values()]
        if not arm.startswith("repair/") or len(chains) < _FEWEST:
            continue
        rows.append(
            (
                arm.removeprefix("repair/"),
                str(len(chains)),
                bootstrap([float(chain[0].correct or False) for chain in chains]).percent(),
                bootstrap([float(any(s.correct for s in chain)) for chain in chains]).percent(),
                str(max(len(chain) for chain in chains)),
                f"{fmean(sum(s.tokens for s in chain) for chain in chains):,.0f}",
            )
        )
    if not rows:
        return None
    return Table(
        title="Repair passes under the exact checker",
        columns=("arm", "instances", "first pass % [95%]", "any pass % [95%]", "most passes", "tokens"),
        rows=tuple(rows),
        note="A pass is made only where the checker refused the one before.",
    )


def _first_chain(pool: Sequence[RecordedSample]) -> list[RecordedSample]:
    chain = [next(sample for sample in pool if sample.after is None)]
    while following := [sample for sample in pool if sample.after == chain[-1].index]:
        chain.append(following[0])
    return chain
