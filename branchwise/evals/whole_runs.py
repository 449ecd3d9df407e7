"""Outcomes of finished runs of every strategy, trees included, and the rows of a policy table that they make."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any, TypeAlias, cast

from branchwise.agents.planning.policy_table import STRATEGY, Knobs, PolicyRow, RankedStrategy
from branchwise.evals.runs_log import equality, installed, instance_of
from branchwise.statistics.beta import Beta
from branchwise.store.records import VerifiedBy
from branchwise.store.rows import RunRecord, Status
from branchwise.store.store import Store

_FEWEST = 10
"""Least number of problems on which a strategy was run; fewer say little about it."""
_PROGRAM = frozenset({"auto", "program"})
"""Values of the option `verifier` with which a task's program judges."""
Limits: TypeAlias = frozenset[tuple[str, float]]
"""The limits of a budget that are set, each with its name; empty without a budget."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WholeRun:
    """The outcome of one run of a fixed strategy."""

    problem: str
    strategy: str
    knobs: Knobs = field(default_factory=dict)
    solved: bool
    tokens: int
    """Completion tokens."""
    budget: Limits


async def whole_runs(
    store: Store, task: str, model: str, *, labels: Mapping[str, str] | None = None
) -> list[WholeRun]:
    """Read the finished runs of fixed strategies of one task and model.

    A run counts if its outcome is known: it has a label, or a program judged its answer, or it ended without a whole
    solution where a program would have judged one. Runs of "auto" are left out: their strategy is a choice, not a
    cause. So are runs of a strategy named by its module (`module:function`): a policy table cannot hold it.

    Args:
        store: Where the runs are.
        task: Their task.
        model: Their model, as the runs name it.
        labels: The right answer of runs, by run id.
    """
    found: list[WholeRun] = []
    same, known = equality(task), installed(task)
    for run in await store.runs(task=task, status=Status.DONE):
        if run.model != model or run.strategy == "auto" or not re.fullmatch(STRATEGY, run.strategy):
            continue
        result = run.result if isinstance(run.result, Mapping) else {}
        checked = (
            known is not None
            and known.check is not None
            and _options(run).get("verifier", "auto") in _PROGRAM
        )
        solved = _solved(result, (labels or {}).get(run.id), same, checked)
        if solved is not None:
            found.append(_outcome(run, result, solved))
    return found


def rows_of_runs(runs: Iterable[WholeRun]) -> tuple[PolicyRow, ...]:
    """One row for each budget under which two strategies or more were run on ten problems or more.

    The rows are those of instances of unknown difficulty. Budgets are the same if all their limits are. Of a strategy
    that was run with several settings of its knobs, the best one is a choice. A choice's prior is the posterior mean
    of its solved share over problems, with Jeffreys' prior; runs of one problem count together, so that none counts
    twice. The row's tokens are what its best choice spent on average.
    """
    cells: dict[Limits, dict[tuple[str, str], list[WholeRun]]] = defaultdict(lambda: defaultdict(list))
    for run in runs:
        name = (run.strategy, json.dumps(dict(run.knobs), sort_keys=True))
        cells[run.budget][name].append(run)
    return tuple(row for cell in cells.values() if (row := _row(cell.values())) is not None)


def _row(settings: Iterable[list[WholeRun]]) -> PolicyRow | None:
    known = [(runs, by) for runs in settings if len(by := dict(_by_problem(runs))) >= _FEWEST]
    rated = [
        (Beta().after(sum(by.values()), len(by) - sum(by.values())).mean, fmean(r.tokens for r in runs), runs)
        for runs, by in known
    ]
    rated.sort(key=lambda one: (-one[0], one[1]))
    best: dict[str, tuple[float, float, list[WholeRun]]] = {}
    for one in rated:
        best.setdefault(one[2][0].strategy, one)
    choices = list(best.values())
    if len(choices) < 2:
        return None
    return PolicyRow(
        bin=None,
        tokens=max(1, round(choices[0][1])),
        instances=len({run.problem for _, _, runs in choices for run in runs}),
        choices=tuple(
            RankedStrategy(strategy=strategy, knobs=runs[0].knobs, prior=prior, runs=len(runs))
            for strategy, (prior, _, runs) in best.items()
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
    limits, usage = _fields(run).get("budget") or {}, result.get("usage") or {}
    return WholeRun(
        problem=instance_of(run),
        strategy=run.strategy,
        knobs=_options(run).get("knobs") or {},
        solved=solved,
        tokens=int(usage.get("completion_tokens") or 0),
        budget=frozenset((name, limit) for name, limit in limits.items() if limit is not None),
    )


def _fields(run: RunRecord) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", run.spec if isinstance(run.spec, Mapping) else {})


def _options(run: RunRecord) -> Mapping[str, Any]:
    return _fields(run).get("options") or {}


def _solved(
    result: Mapping[str, Any], label: str | None, same: Callable[[str, str], bool], checked: bool
) -> bool | None:
    """Whether a run solved its problem; None if that is unknown."""
    answer = result.get("answer")
    if label is not None:
        return isinstance(answer, str) and same(answer, label)
    if result.get("verified_by") == VerifiedBy.PROGRAM:
        return bool(result.get("solved"))
    without = "node" in result and result["node"] is None
    return False if checked and without else None
