"""Charges: what each run of an API key may spend, reserved before it starts, and what it spent.

Each function is an operation for `Database.write` or `Database.read`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from branchwise.store import nodes as forest
from branchwise.store import runs as all_runs
from branchwise.store.database.dialects import now
from branchwise.store.database.key_tables import api_keys, charges
from branchwise.store.database.tables import runs
from branchwise.store.errors import BudgetSpent
from branchwise.store.records import Usage
from branchwise.store.rows import Status

_MINUTE = 60.0
_STARTING = 60.0
"""Seconds in which a charged run has started."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyLimits:
    """What a key's runs may spend together; None for no limit."""

    tokens: int | None = None
    """In a window: prompt tokens that were not cached plus completion tokens."""
    cost: float | None = None
    """In a window, US dollars."""
    window: float | None = None
    """Seconds that a window goes back from now; None for all time."""
    requests_per_minute: int | None = None
    runs_at_once: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Reserved:
    """What a run may spend."""

    tokens: int | None
    cost: float | None


class KeySpent(BudgetSpent):
    """The key's budget in its window is spent, or too little is left for the run.

    Args:
        what: Which limit: "tokens" or "cost".
        limit: The limit.
        left: What is left of it.
        need: What the run needs of it.
        seconds: After which enough leaves the window; None if that does not happen by waiting.
    """

    def __init__(
        self, what: str, *, limit: float, left: float, need: float | None = None, seconds: float | None = None
    ) -> None:
        super().__init__(what, limit=limit, left=left, need=need)
        self.seconds = seconds
        needed = "" if need is None else f", and the run needs {need:,.10g}"
        free = "" if seconds is None else f"; enough is free again in {seconds:,.0f} s"
        self.args = (f"The key's budget of {what} has {left:,.10g} of {limit:,.10g} left{needed}{free}.",)


class TooMany(BudgetSpent):
    """The key's rate or number of runs is reached; it may be free again later.

    Args:
        what: Which limit: "requests a minute" or "runs at once".
        limit: The limit.
        seconds: After which it is free again, where that is known.
    """

    def __init__(self, what: str, *, limit: float, seconds: float | None = None) -> None:
        super().__init__(what, limit=limit, left=0)
        self.seconds = seconds
        self.args = (f"The key allows {limit:,.10g} {what}; try again later.",)


class AllReserved(TooMany):
    """What is left of the key's budget is reserved by its runs in progress; some is free again when they end."""

    def __init__(self, what: str, *, limit: float) -> None:
        super().__init__(what, limit=limit)
        self.args = (
            f"The key's runs in progress hold what is left of its {limit:,.10g} {what}; try again later.",
        )


def reserve(
    connection: sa.Connection,
    key_id: str,
    run_id: str,
    limits: KeyLimits,
    *,
    tokens: int,
    cost: float | None,
    least: int | None = 1,
) -> Reserved:
    """Reserve what a run may spend, or less if less is left.

    Args:
        connection: For writing; concurrent reservations of one key wait for each other.
        key_id: The key.
        run_id: The run; one that was charged before is charged anew, and does not count twice.
        limits: The key's limits.
        tokens: What the run asks for.
        cost: US dollars that it asks for; None for all that is left.
        least: Tokens that are of use to it if it asks for more; None if only all that it asks for is, as for a run that
            is resumed with the budget that it has.

    Raises:
        TooMany: The rate, or the number of runs at once, is reached, or runs in progress hold what is left.
        KeySpent: Too little is left in the window.
    """
    connection.execute(sa.select(api_keys.c.id).where(api_keys.c.id == key_id).with_for_update())
    mine = sa.and_(charges.c.api_key == key_id, charges.c.run_id != run_id)
    _check_rates(connection, mine, limits)
    spent = connection.execute(
        sa.select(sa.func.sum(charges.c.tokens), sa.func.sum(charges.c.cost)).where(mine, _within(limits))
    ).one()
    left = Reserved(
        tokens=None if limits.tokens is None else limits.tokens - int(spent[0] or 0),
        cost=None if limits.cost is None else limits.cost - float(spent[1] or 0.0),
    )
    got = Reserved(
        tokens=tokens if left.tokens is None else min(tokens, left.tokens), cost=_least(cost, left.cost)
    )
    useful = tokens if least is None else min(tokens, least)
    wants = {
        "tokens": (got.tokens, useful, limits.tokens),
        "cost": (got.cost, 0.0 if least is not None or cost is None else cost, limits.cost),
    }
    for what, (given, need, limit) in wants.items():
        if given is not None and limit is not None and (given <= 0 or given < need):
            free = given + _held(connection, mine, limits, what)
            if free > 0 and free >= need:
                raise AllReserved(what, limit=limit)
            raise KeySpent(
                what,
                limit=limit,
                need=need or None,
                left=max(0, given),
                seconds=_freed(connection, mine, limits, what, need - given),
            )
    row = {"api_key": key_id, "tokens": got.tokens, "cost": got.cost or 0.0, "settled": 0}
    known = connection.execute(sa.select(charges.c.run_id).where(charges.c.run_id == run_id)).first()
    if known is None:
        connection.execute(sa.insert(charges).values(run_id=run_id, at=now(), **row))
    else:
        connection.execute(sa.update(charges).where(charges.c.run_id == run_id).values(at=now(), **row))
    return got


def _held(connection: sa.Connection, mine: sa.ColumnElement[bool], limits: KeyLimits, what: str) -> float:
    """What runs that go on have reserved."""
    query = sa.select(sa.func.sum(charges.c[what])).where(mine, _within(limits), charges.c.settled == 0)
    return float(connection.scalar(query) or 0)


def _freed(
    connection: sa.Connection, mine: sa.ColumnElement[bool], limits: KeyLimits, what: str, missing: float
) -> float | None:
    """Seconds after which the oldest charges have left the window that make up for what is missing; None for never."""
    if limits.window is None:
        return None
    so_far = sa.func.sum(charges.c[what]).over(order_by=(charges.c.at, charges.c.run_id)).label("so_far")
    oldest = sa.select(charges.c.at, so_far).where(mine, _within(limits)).subquery()
    last = sa.select(sa.func.min(oldest.c.at) + limits.window - now()).where(
        oldest.c.so_far >= missing, oldest.c.so_far > 0
    )
    seconds = connection.scalar(last)
    return None if seconds is None else max(0.0, float(seconds))


def settle(connection: sa.Connection, run_id: str, *, dead: bool = False) -> None:
    """Replace what was reserved for a run by what it and its sub-runs spent.

    Args:
        connection: For writing.
        run_id: The run; one that is queued, or that a process works on, may still spend, and is left as it is.
        dead: Whether the process that worked on it is known to be gone.
    """
    status = connection.scalar(sa.select(runs.c.status).where(runs.c.id == run_id))
    if status == Status.QUEUED or (status == Status.RUNNING and not dead):
        return
    usage = Usage()
    for one in (run_id, *all_runs.below(connection, run_id)):
        usage += forest.usage_of(connection, one)
    values = {"tokens": usage.tokens, "cost": usage.cost, "settled": 1}
    connection.execute(sa.update(charges).where(charges.c.run_id == run_id).values(**values))


def settle_dead(connection: sa.Connection, but: Collection[str] = ()) -> None:
    """Settle the runs that no process works on: those over or paused, and those of servers that are gone.

    Args:
        connection: For writing.
        but: Runs that wait in this process for their turn.
    """
    at_rest = runs.c.status.not_in([Status.RUNNING, Status.QUEUED])
    # A run of a queue is taken up by another worker, which goes on with what was reserved.
    silent = sa.and_(runs.c.status == Status.RUNNING, runs.c.lease_until < now(), runs.c.queue.is_(None))
    query = (
        sa.select(charges.c.run_id)
        .select_from(charges.outerjoin(runs, runs.c.id == charges.c.run_id))
        .where(
            charges.c.settled == 0, at_rest | silent | runs.c.id.is_(None), charges.c.at < now() - _STARTING
        )
    )
    for run_id in list(connection.scalars(query)):
        if run_id not in but:
            settle(connection, run_id, dead=True)


def spent(connection: sa.Connection, key_id: str, limits: KeyLimits) -> tuple[int, float]:
    """Tokens and US dollars in the current window, reserved ones included."""
    row = connection.execute(
        sa.select(sa.func.sum(charges.c.tokens), sa.func.sum(charges.c.cost)).where(
            charges.c.api_key == key_id, _within(limits)
        )
    ).one()
    return int(row[0] or 0), float(row[1] or 0.0)


def _within(limits: KeyLimits) -> sa.ColumnElement[bool]:
    return sa.true() if limits.window is None else charges.c.at > now() - limits.window


def _check_rates(connection: sa.Connection, mine: sa.ColumnElement[bool], limits: KeyLimits) -> None:
    count = sa.select(sa.func.count()).where(mine)
    if limits.requests_per_minute is not None:
        lately = connection.scalar(count.where(charges.c.at > now() - _MINUTE)) or 0
        if lately >= limits.requests_per_minute:
            # When this one has left the last minute, one request fewer than the limit is in it.
            last = sa.select(charges.c.at + _MINUTE - now()).where(mine).order_by(charges.c.at.desc())
            seconds = connection.scalar(last.offset(limits.requests_per_minute - 1).limit(1))
            raise TooMany(
                "requests a minute", limit=limits.requests_per_minute, seconds=max(0.0, float(seconds or 0.0))
            )
    if limits.runs_at_once is not None:
        running = connection.scalar(count.where(charges.c.settled == 0)) or 0
        if running >= limits.runs_at_once:
            raise TooMany("runs at once", limit=limits.runs_at_once)


def _least(*limits: float | None) -> float | None:
    return min((one for one in limits if one is not None), default=None)
