"""The gain of choosing an arm per instance."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import fmean

from branchwise.evals.live.arm import kind
from branchwise.evals.live.outcome import GradedRun
from branchwise.evals.planning import cross_validated
from branchwise.evals.report import Table
from branchwise.statistics.bootstrap import bootstrap, paired
from branchwise.statistics.split_half import split_half

_NO_CHOICE = ("one", "pool", "auto")
"""Arms that a planner does not choose among: baselines, and the planner itself."""


def choices(runs: Mapping[str, Mapping[str, Sequence[GradedRun]]]) -> Iterator[Table]:
    """The planner beside a random choice, the best fixed arm of other instances, and the split-half oracle."""
    right = {
        arm: [[float(o.right) for o in of] for of in instances.values()] for arm, instances in runs.items()
    }
    arms = {arm: rows for arm, rows in right.items() if kind(arm) not in _NO_CHOICE}
    count = len(next(iter(right.values())))
    if len(arms) < 2 or count < 10:
        return
    means = {arm: [fmean(row) for row in rows] for arm, rows in arms.items()}

    def fit(train: list[int]) -> Callable[[int], tuple[float, float]]:
        best = max(means, key=lambda arm: sum(means[arm][i] for i in train))
        return lambda i: (means[best][i], 0.0)  # all arms had the same budget

    fixed = cross_validated(count, fit).right
    rivals = {"a random arm": [fmean(of[i] for of in means.values()) for i in range(count)]}
    rivals |= {f"`{arm}`": [fmean(row) for row in rows] for arm, rows in right.items() if kind(arm) == "auto"}
    if len(next(iter(arms.values()))[0]) > 1:
        first = {arm: [fmean(row[::2]) for row in rows] for arm, rows in arms.items()}
        second = {arm: [fmean(row[1::2]) for row in rows] for arm, rows in arms.items()}
        rivals["split-half oracle"] = split_half(first, second)
    rows = [("best fixed, chosen on other instances", bootstrap(fixed).percent(), "", "")]
    for name, values in rivals.items():
        gain = paired(values, fixed)
        rows.append((name, bootstrap(values).percent(), gain.percent(), gain.verdict))
    yield Table(
        title="Choosing the arm",
        columns=("choice", "% [95%]", "minus best fixed [95%]", "verdict"),
        rows=tuple(rows),
        note="The oracle chooses by some seeds' outcomes and is scored on the others': it bounds what a planner "
        "that knew each instance's difficulty could gain.",
    )
