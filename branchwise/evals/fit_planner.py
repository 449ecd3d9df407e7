"""Fit the planner's policy table on all of a log, for live runs of the same task and model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from statistics import fmean

from branchwise.agents.planning.audit import Audit, Labelled, audit
from branchwise.agents.planning.policy_table import PolicyRow, PolicyTable
from branchwise.evals.log import Log
from branchwise.evals.outcomes import outcomes
from branchwise.evals.planning import fit_table
from branchwise.evals.policy import policies
from branchwise.evals.probing import estimated_pass_at_1, fit_maps, fit_prior, probing
from branchwise.evals.runs_log import runs_log
from branchwise.evals.whole_runs import rows_of_runs, whole_runs
from branchwise.store.errors import BadInput
from branchwise.store.records import Json, VerifiedBy
from branchwise.store.store import Store

_PROBES = 4
_FEWEST = 20


def fit_planner(log: Log, *, arm: str | None = None, probes: int = _PROBES, seeds: int = 5) -> PolicyTable:
    """Fit difficulty maps, an audit of the verifier and, at budgets of doubling numbers of samples, a row a bin.

    How much such a table gains on other instances is what `tables` reports; fitting it says nothing about that.

    Args:
        log: A labelled log of one task and model.
        arm: Which of its arms; the first where None.
        probes: Samples that the planner looks at first.
        seeds: How often each half of an instance's samples is played.

    Raises:
        BadInput: The log has too few labelled instances or samples to fit on.
    """
    arm = log.arms[0] if arm is None else arm
    pools = {
        name: pool
        for name, pool in log.pools(arm).items()
        if sum(s.after is None for s in pool) >= 4 * probes and all(s.correct is not None for s in pool)
    }
    if len(pools) < _FEWEST:
        raise BadInput(
            f"A policy table needs {_FEWEST} labelled instances with {4 * probes} samples; here are {len(pools)}."
        )
    log = Log(header=log.header, samples=tuple(s for pool in pools.values() for s in pool))
    half = min(sum(s.after is None for s in pool) for pool in pools.values()) // 2
    limits = [n for n in (2**k for k in range(half.bit_length())) if probes <= n <= half]
    among = policies(log, limits, arms=(arm,))
    found = outcomes(log, among, seeds=seeds)
    probed = probing(log, arm, found.instances, probes=probes, seeds=seeds)
    maps, prior = fit_maps(probed), fit_prior(probed)
    seen = {
        (i, d): estimated_pass_at_1(p, maps, prior)
        for i, draws in enumerate(probed)
        for d, p in enumerate(draws)
    }
    rows: dict[tuple[int | None, int], PolicyRow] = {}
    table = PolicyTable()
    for n in limits:
        budget = fmean(found.cost(p) for p in among if p.strategy == "best_of_n" and p.limit == n)
        table, _ = fit_table(found, probed, seen, budget, arm=arm)
        rows |= {(row.bin, round(budget)): replace(row, tokens=max(1, round(budget))) for row in table.rows}
    source: dict[str, Json] = {
        "task": log.header.task,
        "model": log.header.model,
        "sha256": log.header.sha256,
        "probes": probes,
    }
    return replace(
        table,
        rows=tuple(rows.values()),
        source=source,
        maps=tuple(maps),
        prior=prior,
        audit=_audited(log, arm),
    )


async def fit_store(
    store: Store, task: str, model: str, *, labels: Mapping[str, str] | None = None, seeds: int = 5
) -> PolicyTable:
    """Fit on the runs of a store: their independent samples, and the outcomes of whole runs of every strategy.

    Where whole runs of several strategies are known, they make the rows for instances of unknown difficulty, for
    samples tell nothing of trees.

    Args:
        store: Where the runs are.
        task: Their task.
        model: Their model, as the runs name it.
        labels: The right answer of runs, by run id, for runs that no program judged.
        seeds: How often each half of an instance's samples is played.

    Raises:
        BadInput: There are too few labelled samples and too few whole runs.
    """
    rows = rows_of_runs(await whole_runs(store, task, model, labels=labels))
    try:
        table = fit_planner(await runs_log(store, task, model, labels=labels), seeds=seeds)
    except BadInput:
        if not rows:
            raise
        table = PolicyTable(source={"task": task, "model": model})
    if not rows:
        return table
    return replace(table, rows=(*(row for row in table.rows if row.bin is not None), *rows))


def _audited(log: Log, arm: str) -> Audit | None:
    """Audit the verifier that judged, or None where a program did: its acceptance is proof."""
    verifier = log.header.verifier
    if verifier is None or log.header.verified_by is VerifiedBy.PROGRAM:
        return None
    return audit(
        Labelled(
            instance=sample.instance,
            correct=bool(sample.correct),
            accepted=sample.accepted,
            score=sample.scores.get(verifier),
        )
        for sample in log.samples
        if sample.arm == arm
    )
