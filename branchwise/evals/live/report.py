"""The report of an experiment: accuracy, cost and confidence intervals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean

from branchwise.evals.live.choice import choices
from branchwise.evals.live.coverage import coverages
from branchwise.evals.live.outcome import GradedRun
from branchwise.evals.report import Curve, Point, Report, Table
from branchwise.evals.selective import selective
from branchwise.serving.idealised import Idealised, Timed, fit_idealised
from branchwise.statistics.bootstrap import bootstrap, paired
from branchwise.statistics.repeated import repeated
from branchwise.store.errors import BadInput

Runs = Mapping[str, Mapping[str, Sequence[GradedRun]]]
"""Outcomes by arm and instance, one a seed."""


def live_report(title: str, outcomes: Sequence[GradedRun], facts: Mapping[str, str]) -> Report:
    """Report an experiment.

    Args:
        title: Its name.
        outcomes: All of it, arm by arm; the first arm is the one that the others are compared with.
        facts: Where the numbers come from.
    """
    runs = _by_arm(outcomes)
    tables = [_solved(runs), _cost(runs), *_against(runs), _seeds(runs), *choices(runs), *coverages(runs)]
    return Report(title=title, facts=facts, tables=tuple(tables), curves=tuple(_curves(runs)))


def rates(instances: Mapping[str, Sequence[GradedRun]]) -> list[float]:
    """Each instance's share of runs whose answer is right."""
    return [fmean(o.right for o in of) for of in instances.values()]


def _by_arm(outcomes: Sequence[GradedRun]) -> Runs:
    runs: dict[str, dict[str, list[GradedRun]]] = {}
    for outcome in outcomes:
        runs.setdefault(outcome.arm, {}).setdefault(outcome.instance, []).append(outcome)
    return runs


def _solved(runs: Runs) -> Table:
    graders = list(next(_all(next(iter(runs.values())))).grades)
    rows = []
    for arm, instances in runs.items():
        of = list(_all(instances))
        others = [bootstrap([fmean(o.grades[g] for o in i) for i in instances.values()]) for g in graders[1:]]
        chosen = selective((o.right if o.result.answer is not None else None, o.result.solved) for o in of)
        rows.append(
            (
                arm,
                *(interval.percent() for interval in (bootstrap(rates(instances)), *others)),
                f"{100 * fmean(o.reachable for o in of):.1f}",
                "-" if chosen.precision is None else f"{100 * chosen.precision:.1f}",
                f"{100 * chosen.abstained:.1f}",
            )
        )
    return Table(
        title="Solved",
        columns=("arm", *(f"{g} %" for g in graders), "on the tree %", "right if accepted %", "no answer %"),
        rows=tuple(rows),
        note="Means over runs, a run being one instance with one seed; 95 % intervals by bootstrap over instances. "
        "`on the tree`: some solution of the run was right, whichever was given.",
    )


def _cost(runs: Runs) -> Table:
    ideal, rows = _ideal(runs), []
    for arm, instances in runs.items():
        usage = [o.result.usage for o in _all(instances)]
        written, read = fmean(u.completion_tokens for u in usage), fmean(u.tokens for u in usage)
        calls, seconds = fmean(u.calls for u in usage), fmean(u.seconds for u in usage)
        alone = "-"
        if ideal is not None:
            alone = f"{fmean(sum(_alone(ideal, c) for c in o.timed) for o in _all(instances)):,.1f}"
        rows.append((arm, f"{written:,.0f}", f"{read:,.0f}", f"{calls:,.1f}", f"{seconds:,.1f}", alone))
    return Table(
        title="Cost of a run",
        columns=("arm", "completion tokens", "and read anew", "calls", "engine seconds", "idealised"),
        rows=tuple(rows),
        note="A run ends when it has an accepted answer, so an arm that solves more spends less than its budget. "
        + (
            f"Idealised seconds are fitted to the {ideal.calls:,} calls of the experiment (median error "
            f"{ideal.error:.0%}): they count the work, not what else the machine did."
            if ideal is not None
            else "Idealised seconds need one model and calls enough that tell their seconds."
        ),
    )


def _ideal(runs: Runs) -> Idealised | None:
    outcomes = [o for instances in runs.values() for o in _all(instances)]
    if len({o.model for o in outcomes}) > 1:
        return None  # one line fits the calls of one engine
    calls = [call for o in outcomes for call in o.timed]
    try:
        return fit_idealised(calls)
    except BadInput:
        return None


def _alone(ideal: Idealised, call: Timed) -> float:
    return ideal(prompt=call.prompt, completion=call.completion, samples=call.samples)


def _against(runs: Runs) -> Iterator[Table]:
    """Each arm compared with the first one."""
    (first, base), *rest = runs.items()
    theirs, rows = rates(base), []
    for arm, instances in rest:
        ours = rates(instances)
        gain = paired(ours, theirs)
        times = f"{fmean(ours) / fmean(theirs):.1f}" if any(theirs) else "-"
        rows.append((arm, gain.percent(), times, gain.verdict))
    if rows:
        yield Table(
            title=f"Against `{first}`",
            columns=("arm", "difference, points [95%]", "times", "verdict"),
            rows=tuple(rows),
            note="Paired bootstrap over instances; `no gain` where the interval holds zero.",
        )


def _seeds(runs: Runs) -> Table:
    rows = []
    for arm, instances in runs.items():
        r = repeated([[o.right for o in of] for of in instances.values()])
        rows.append((arm, *(f"{100 * x:.1f}" for x in (r.average, r.minimum, r.maximum, r.majority))))
    n = len(next(iter(next(iter(runs.values())).values())))
    return Table(
        title=f"Over {n} seeds",
        columns=("arm", f"AVG@{n} %", f"min@{n} %", f"max@{n} %", f"majority@{n} %"),
        rows=tuple(rows),
    )


def _curves(runs: Runs) -> Iterator[Curve]:
    for arm, instances in runs.items():
        tokens = fmean(o.result.usage.completion_tokens for o in _all(instances))
        if not tokens:
            continue  # the axis is logarithmic
        yield Curve(name=arm, points=(Point(tokens=tokens, accuracy=bootstrap(rates(instances))),))


def _all(instances: Mapping[str, Sequence[GradedRun]]) -> Iterator[GradedRun]:
    for of in instances.values():
        yield from of
