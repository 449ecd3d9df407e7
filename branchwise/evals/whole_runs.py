"""Outcomes of finished runs of every strategy, trees included, and the rows of a policy table that they make."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any, cast

from branchwise.agents.planning.policy_table import Knobs, PolicyRow, RankedStrategy
from branchwise.evals.runs_log import equality, instance_of
from branchwise.statistics.beta import Beta
from branchwise.store.records import VerifiedBy
from branchwise.store.rows import RunRecord, Status
from branchwise.store.store import Store

_FEWEST = 10
"""Least number of problems on which a strategy was run; fewer say little about it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WholeRun:
    """The outcome of one run of a fixed strategy."""

    problem: str
    strategy: str
    knobs: Knobs = field(default_factory=dict)
    solved: bool
    tokens: int
    """Completion tokens."""
    budget: int | None
    """Limit of tokens or completion tokens; None without either."""


async def whole_runs(
    store: Store, task: str, model: str, *, labels: Mapping[str, str] | None = None
) -> list[WholeRun]:
    """Read the finished runs of fixed strategies of one task and model.

    A run counts if its outcome is known: it has a label, or a program judged its answer, or it spent its budget
    on what a program refuted. Runs of "auto" are left out: their strategy is a choice, not a cause.

    Args:
        store: Where the runs are.
        task: Their task.
        model: Their model, as the runs name it.
        labels: The right answer of runs, by run id.
    """
    found: list[WholeRun] = []
    same = equality(task)
    for run in await store.runs(task=task, status=Status.DONE):
        result = run.result if isinstance(run.result, Mapping) else {}
        solved = _solved(result, (labels or {}).get(run.id), same)
        if run.model == model and run.strategy != "auto" and solved is not None:
            found.append(_outcome(run, result, solved))
    return found


def rows_of_runs(runs: Iterable[WholeRun]) -> tuple[PolicyRow, ...]:
    """One row for each budget under which two strategies or more were run on ten problems or more.

    The rows are those of instances of unknown difficulty. A choice's prior is the posterior mean of its solved share
    over problems, with Jeffreys' prior; runs of one problem count together, so that none counts twice. The row's
    tokens are what its best choice spent on average.
    """
    cells: dict[int | None, dict[tuple[str, str], list[WholeRun]]] = defaultdict(lambda: defaultdict(list))
    for run in runs:
        name = (run.strategy, json.dumps(dict(run.knobs), sort_keys=True))
        cells[run.budget][name].append(run)
    return tuple(row for cell in cells.values() if (row := _row(cell.values())) is not None)


def _row(strategies: Iterable[list[WholeRun]]) -> PolicyRow | None:
    known = [(runs, by) for runs in strategies if len(by := dict(_by_problem(runs))) >= _FEWEST]
    if len(known) < 2:
        return None
    choices = [
        (Beta().after(sum(by.values()), len(by) - sum(by.values())).mean, fmean(r.tokens for r in runs), runs)
        for runs, by in known
    ]
    choices.sort(key=lambda one: (-one[0], one[1]))
    return PolicyRow(
        bin=None,
        tokens=max(1, round(choices[0][1])),
        instances=len({run.problem for runs, _ in known for run in runs}),
        choices=tuple(
            RankedStrategy(strategy=runs[0].strategy, knobs=runs[0].knobs, prior=prior, runs=len(runs))
            for prior, _, runs in choices
        ),
    )


def _by_problem(runs: Iterable[WholeRun]) -> Iterator[tuple[str, float]]:
    """Each problem with the share of its runs that were solved."""
    outcomes: dict[str, list[bool]] = defaultdict(list)
    for run in runs:
        outcomes[run.problem].append(run.solved)
    for problem, solved in outcomes.items():
        yield problem, fmean(solved)


def _outcome(run: RunRecord, result: Mapping[str, Any], solved: bool) -> WholeRun:
    spec = cast("Mapping[str, Any]", run.spec if isinstance(run.spec, Mapping) else {})
    limits, usage = spec.get("budget") or {}, result.get("usage") or {}
    options = spec.get("options") or {}
    return WholeRun(
        problem=instance_of(run),
        strategy=run.strategy,
        knobs=options.get("knobs") or {},
        solved=solved,
        tokens=int(usage.get("completion_tokens") or 0),
        budget=limits.get("completion_tokens") or limits.get("tokens"),
    )


def _solved(result: Mapping[str, Any], label: str | None, same: Any) -> bool | None:
    answer = result.get("answer")
    if label is not None:
        return isinstance(answer, str) and bool(same(answer, label))
    if result.get("verified_by") == VerifiedBy.PROGRAM:
        return bool(result.get("solved"))
    return None
