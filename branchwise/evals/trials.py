"""The report on a log of repeated trials without scores or answers."""

from __future__ import annotations

from collections.abc import Mapping

from branchwise.evals.log import Log
from branchwise.evals.report import Report, Table
from branchwise.statistics.beta import Beta
from branchwise.statistics.bootstrap import bootstrap
from branchwise.statistics.pass_at_k import pass_at_k
from branchwise.statistics.repeated import repeated


def trials(title: str, log: Log, facts: Mapping[str, str]) -> Report:
    """Report pass@k, pass^k and the repeated-run summaries; no strategy applies without scores or answers."""
    runs = [[bool(sample.correct) for sample in pool] for pool in log.pools(log.arms[0]).values()]
    n = min(len(run) for run in runs)
    counts = [(len(run), sum(run)) for run in runs]
    each = repeated([run[:n] for run in runs])
    fitted = Beta.fit((c, m) for m, c in counts)
    rows = tuple(
        (
            str(k),
            bootstrap([pass_at_k(m, c, k) for m, c in counts]).percent(),
            # All k right is: not one wrong among k.
            bootstrap([1 - pass_at_k(m, m - c, k) for m, c in counts]).percent(),
        )
        for k in range(1, n + 1)
    )
    summary = (
        (f"AVG@{n}", f"{100 * each.average:.1f}"),
        (f"min@{n}", f"{100 * each.minimum:.1f}"),
        (f"max@{n}", f"{100 * each.maximum:.1f}"),
        (f"majority@{n}", f"{100 * each.majority:.1f}"),
        ("Beta of pass@1", f"({fitted.a:.2f}, {fitted.b:.2f})"),
    )
    return Report(
        title=title,
        facts={**facts, "Instances": str(len(runs))},
        tables=(
            Table(
                title="Some right, all right",
                columns=("k", "pass@k % [95%]", "pass^k % [95%]"),
                rows=rows,
                note="The log has neither answers nor scores: nothing can choose, so no strategy is replayed.",
            ),
            Table(title="Repeated runs", columns=("summary", "value"), rows=summary),
        ),
    )
