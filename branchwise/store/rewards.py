"""Rewards of strategies in earlier runs of a task."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from branchwise.store.database.tables import decisions, runs
from branchwise.store.rows import Status

_MOST = 5000
"""Number of trials used, newest first."""


def rewards(connection: sa.Connection, run_id: str) -> dict[str, tuple[int, float]]:
    """Trials and sums of unit rewards by strategy, over other runs of the run's task and model.

    Only runs that had ended when this one was created count, so that runs submitted together see the same trials
    whichever ends first. Only trials that drew a sample count; trials of versions that did not record this are
    excluded. Only a run's first trial counts: later ones see the instances that the first could not solve.

    Returns:
        The number of trials and the sum of each strategy.
    """
    me = sa.select(runs.c.task, runs.c.model, runs.c.created).where(runs.c.id == run_id).subquery()
    like = sa.and_(runs.c.task == me.c.task, runs.c.model == me.c.model, runs.c.id != run_id)
    like = sa.and_(like, runs.c.finished <= me.c.created)
    found = _sums(connection, _first_trials().join(me, like))
    return {strategy: pair for (_, _, strategy), pair in sorted(found.items())}


def believed(connection: sa.Connection) -> dict[tuple[str, str, str], tuple[int, float]]:
    """What a run that began now would be told by `rewards`.

    Returns:
        `{(task, model, strategy): (trials, sum of unit rewards)}`, of first trials as in `rewards`.
    """
    found: dict[tuple[str, str, str], tuple[int, float]] = {}
    for task, model in connection.execute(sa.select(runs.c.task, runs.c.model).distinct()).all():
        found |= _sums(connection, _first_trials().where(runs.c.task == task, runs.c.model == model))
    return dict(sorted(found.items()))


def _first_trials() -> sa.Select[tuple[str, str, Any]]:
    return (
        sa.select(runs.c.task, runs.c.model, decisions.c.payload)
        .join(runs, runs.c.id == decisions.c.run_id)
        .where(decisions.c.key == "t1/judge", runs.c.status == Status.DONE)
        .order_by(runs.c.created.desc(), decisions.c.ord.desc())
        .limit(_MOST)
    )


def _sums(
    connection: sa.Connection, query: sa.Select[tuple[str, str, Any]]
) -> dict[tuple[str, str, str], tuple[int, float]]:
    found: dict[tuple[str, str, str], tuple[int, float]] = {}
    for task, model, payload in connection.execute(query):
        if not payload.get("drew") or not payload.get("strategy"):
            continue
        key = (task, model, payload["strategy"])
        trials, total = found.get(key, (0, 0.0))
        found[key] = (trials + 1, total + payload["reward"])
    return found
