"""What became of a run and its calls, for counting them: no text is read."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from branchwise.store.bill import COSTS, cost
from branchwise.store.database.tables import calls, runs, verdicts
from branchwise.store.records import Usage, VerifiedBy, unit_reward
from branchwise.store.rows import CallState, Status


@dataclass(frozen=True, kw_only=True, slots=True)
class CallOutcome:
    """One attempt at a call."""

    model: str
    state: CallState
    usage: Usage
    seconds: float | None
    """How long it took; None if it did not end."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunOutcome:
    """A run as far as it is counted."""

    task: str
    strategy: str
    status: Status
    verified_by: VerifiedBy
    """What stands behind its answer."""
    elapsed: float
    """Seconds of work."""
    attempts: int
    """Claims that ended with a dead worker."""
    calls: tuple[CallOutcome, ...]
    unparsed: tuple[str, ...]
    """The verifier of each judgement by a model without a readable score."""


def outcome_of(connection: sa.Connection, run_id: str) -> RunOutcome | None:
    """The outcome of the run of exactly this id; None if there is none."""
    wanted = (runs.c.task, runs.c.strategy, runs.c.status, runs.c.result, runs.c.elapsed, runs.c.attempts)
    row = connection.execute(sa.select(*wanted).where(runs.c.id == run_id)).mappings().first()
    if row is None:
        return None
    word = row["result"].get("verified_by") if isinstance(row["result"], dict) else None
    known = {one.value for one in VerifiedBy}
    return RunOutcome(
        task=row["task"],
        strategy=row["strategy"],
        status=Status(row["status"]),
        verified_by=VerifiedBy(word) if isinstance(word, str) and word in known else VerifiedBy.NONE,
        elapsed=row["elapsed"],
        attempts=row["attempts"],
        calls=_calls(connection, run_id),
        unparsed=_unparsed(connection, run_id),
    )


def _calls(connection: sa.Connection, run_id: str) -> tuple[CallOutcome, ...]:
    wanted = (
        calls.c.model,
        calls.c.state,
        calls.c.started,
        calls.c.ended,
        *(calls.c[name] for name in COSTS),
    )
    found = connection.execute(sa.select(*wanted).where(calls.c.run_id == run_id)).mappings()
    return tuple(
        CallOutcome(
            model=row["model"],
            state=CallState(row["state"]),
            usage=cost(row),
            seconds=None if row["ended"] is None else max(0.0, row["ended"] - row["started"]),
        )
        for row in found
    )


def _unparsed(connection: sa.Connection, run_id: str) -> tuple[str, ...]:
    said = sa.select(verdicts.c.verifier, verdicts.c.score).where(
        verdicts.c.run_id == run_id, verdicts.c.verified_by == VerifiedBy.MODEL
    )
    return tuple(row.verifier for row in connection.execute(said) if unit_reward(row.score) is None)
