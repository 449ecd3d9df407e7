"""Rewards of strategies in earlier runs of a task."""

from __future__ import annotations

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
    query = (
        sa.select(decisions.c.payload)
        .join(runs, runs.c.id == decisions.c.run_id)
        .join(me, like)
        .where(decisions.c.kind == "judge", runs.c.status == Status.DONE)
        .order_by(runs.c.created.desc(), decisions.c.ord.desc())
        .limit(_MOST)
    )
    found: dict[str, tuple[int, float]] = {}
    for payload in connection.scalars(query):
        if not payload.get("drew") or payload.get("trial") != 1:
            continue
        trials, total = found.get(payload["strategy"], (0, 0.0))
        found[payload["strategy"]] = (trials + 1, total + payload["reward"])
    return dict(sorted(found.items()))
