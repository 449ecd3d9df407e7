"""Leases on runs: claims, renewals and the fencing of workers that lost theirs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, cast

import sqlalchemy as sa

from branchwise.store.database.dialects import each_clock_its_own, now
from branchwise.store.database.tables import decisions, nodes, run_events, runs
from branchwise.store.errors import LeaseLost, StoreError, UnknownName
from branchwise.store.fence import guard
from branchwise.store.next_run import Pick, next_run
from branchwise.store.owner import is_gone
from branchwise.store.rows import Status
from branchwise.store.silence import clock, heard, left
from branchwise.store.traced import CALLER, TRACED, parent_of
from branchwise.store.workflows import Workflows

ORDERED = (nodes, decisions)
"""The tables whose rows are numbered within a run."""

_OWN: list[sa.ColumnElement[Any]] = [
    column for column in runs.c if column.name not in {"model", "spec", "result", "error"}
]
"""What a claim reads: without the texts, which may be damaged, so that such a run is claimed and then fails."""
_RENEW = (
    sa.update(runs)
    .where(runs.c.id == sa.bindparam("b_run_id"), runs.c.epoch == sa.bindparam("b_epoch"))
    .where(runs.c.status == Status.RUNNING)
    # MySQL reads columns already set by the same statement, so `elapsed` must come before `seen`.
    .ordered_values(
        (runs.c.elapsed, runs.c.elapsed + (now() - runs.c.seen)),
        (runs.c.seen, now()),
        (runs.c.lease_until, now() + sa.bindparam("ttl", type_=sa.Double)),
    )
)

_FREE = sa.select(
    *(
        sa.select(sa.func.coalesce(sa.func.max(table.c.ord), -1) + 1)
        .where(table.c.run_id == sa.bindparam("run_id"))
        .scalar_subquery()
        .label(table.name)
        for table in ORDERED
    ),
    CALLER,
)
_NOTE = sa.insert(run_events).values(at=now())


@dataclass(kw_only=True, slots=True, eq=False)
class Lease:
    """The right to work on a run until `deadline`; `epoch` distinguishes it from other claims of the run."""

    run_id: str
    owner: str
    epoch: int
    ttl: float
    elapsed_before: float
    """Seconds of work recorded by earlier claims."""
    began: float = field(default_factory=clock)
    deadline: float = 0.0
    """By the local clock, taken before the query, so never later than the database's own deadline."""
    fresh: bool = False
    """Whether the run was created with this claim, so that nothing needs loading."""
    over: bool = False
    """Whether the claim has ended; nothing is left to release."""
    broken: bool = False
    """Whether the database refused a write; later writes may depend on it and are refused, too."""
    traceparent: str | None = None
    """The span of the caller that asked for this claim, as a W3C header."""
    places: dict[str, int]
    """The next free `ord` of each table; only the lease holder inserts, so no index is needed."""

    def __post_init__(self) -> None:
        heard(self.run_id, self.epoch, self.began)

    def guard(self, connection: sa.Connection) -> None:
        """Lock the run until `connection` commits, or refuse the transaction.

        Raises:
            LeaseLost: The run was claimed by another worker, cancelled or finished, or an earlier write was refused.
        """
        self.check_whole()
        guard(connection, [self])

    def check_whole(self) -> None:
        """Raise LeaseLost if an earlier write was refused.

        Raises:
            LeaseLost: An earlier write was refused.
        """
        if self.broken:
            raise LeaseLost(f"The database refused a write of the run `{self.run_id}`; this worker stops.")

    def take_places(self, table: sa.Table, count: int) -> int:
        """Reserve `count` places and return the first; a failed transaction leaves a harmless gap."""
        place = self.places[table.name]
        self.places[table.name] = place + count
        return place

    def check(self) -> None:
        """Raise LeaseLost if the lease may have expired or is broken; does not query the database.

        Raises:
            LeaseLost: It was not renewed in time, or a write was refused.
        """
        self.check_whole()
        if clock() >= self.deadline:
            raise self.lost()

    def lost(self) -> LeaseLost:
        """The LeaseLost error for this lease."""
        return LeaseLost(f"The run `{self.run_id}` was taken over, cancelled or finished; this worker stops.")

    @property
    def elapsed(self) -> float:
        """Seconds of work on the run, earlier claims included."""
        return self.elapsed_before + clock() - self.began


def first_lease(run_id: str, me: str, ttl: float) -> Lease:
    """The claim of a run that is stored together with it; to be made before the run is stored."""
    began = clock()
    return Lease(
        run_id=run_id,
        owner=me,
        epoch=1,
        ttl=ttl,
        elapsed_before=0.0,
        began=began,
        deadline=began + ttl,
        fresh=True,
        places={table.name: 0 for table in ORDERED},
    )


class MayBeAlive(LeaseLost):
    """The lease has expired by this machine's clock, but was not observed for a whole ttl yet."""

    def __init__(self, row: sa.Row[Any], seconds: float) -> None:
        self.lease, self.seconds = (row.epoch, row.lease_until), seconds
        super().__init__(
            f"The run `{row.id}` is held by {row.owner}; clocks differ, so it has to be silent for {seconds:.0f} more "
            "seconds before it counts as dead."
        )


def claim(
    connection: sa.Connection,
    me: str,
    ttl: float,
    run_id: str | None = None,
    *,
    queue: str = "default",
    workflows: Workflows | None = None,
    without: Collection[str] = (),
) -> Lease | None:
    """Claim a run: the named one, or the first of a queue that waits or whose worker is silent.

    Args:
        connection: Inside a transaction.
        me: A name unique to this claim, see `owner`.
        ttl: Seconds until the claim expires unless renewed.
        run_id: The run to take, also when its last worker failed or it was cancelled.
        queue: The queue to search when no run is named.
        workflows: The workflows that the worker can run; other runs are skipped.
        without: Runs to skip unless named.

    Raises:
        UnknownName: There is no such run.
        MayBeAlive: Its worker is silent, but this process has not observed it for long enough.
        LeaseLost: A live worker holds it.
        StoreError: It is done.
    """
    began = clock()
    while True:
        pick = next_run(connection, _OWN, me, Pick(queue, workflows, without)) if run_id is None else None
        row = pick if run_id is None else _named(connection, me, run_id)
        if row is None:
            return None
        if row.owner == me:  # the transaction ran before and only its answer was lost
            return _lease(connection, row, row.epoch, me, ttl, began)
        if run_id is None and row.status == Status.RUNNING and row.attempts + 1 >= row.max_attempts:
            _give_up(connection, row)
            continue
        died = row.attempts + 1 if row.status == Status.RUNNING else row.attempts
        connection.execute(
            sa.update(runs)
            .where(runs.c.id == row.id)
            .values(
                status=Status.RUNNING,
                owner=me,
                epoch=row.epoch + 1,
                attempts=0 if run_id is not None else died,
                lease_until=now() + ttl,
                seen=now(),
                error=None,
            )
        )
        note(connection, row.id, "claimed", row.epoch + 1, {"by": me})
        return _lease(connection, row, row.epoch + 1, me, ttl, began)


def renew(connection: sa.Connection, lease: Lease) -> bool:
    """Extend `lease` by its ttl; False if it is lost."""
    began = clock()
    values = {"b_run_id": lease.run_id, "b_epoch": lease.epoch, "ttl": lease.ttl}
    if connection.execute(_RENEW, values).rowcount == 0:
        return False
    lease.deadline = began + lease.ttl
    heard(lease.run_id, lease.epoch, clock())
    return True


def note(
    connection: sa.Connection, run_id: str, kind: str, epoch: int, data: dict[str, str] | None = None
) -> None:
    """Add an event to a run's history."""
    connection.execute(_NOTE, {"run_id": run_id, "kind": kind, "epoch": epoch, "data": data})


def _named(connection: sa.Connection, me: str, run_id: str) -> sa.Row[Any]:
    row: Any = connection.execute(
        sa.select(*_OWN, (runs.c.lease_until - now()).label("left"))
        .where(runs.c.id == run_id)
        .with_for_update()
    ).first()
    if row is None:
        known = connection.scalars(sa.select(runs.c.id).order_by(runs.c.created.desc()).limit(100))
        raise UnknownName("run", run_id, known)
    if row.status == Status.DONE:
        raise StoreError(f"The run `{run_id}` is done.")
    if row.status == Status.RUNNING and row.owner != me and row.left > 0 and not is_gone(row.owner):
        raise LeaseLost(
            f"The run `{run_id}` is held by {row.owner} for at least {row.left:.0f} more seconds."
        )
    others = row.status == Status.RUNNING and row.owner != me
    if others and each_clock_its_own(connection.dialect.name) and (seconds := left(row)):
        raise MayBeAlive(row, seconds)
    return cast("sa.Row[Any]", row)


def _lease(
    connection: sa.Connection, row: sa.Row[Any], epoch: int, me: str, ttl: float, began: float
) -> Lease:
    found = connection.execute(_FREE, {"run_id": row.id, "epoch": epoch}).one()
    return Lease(
        run_id=row.id,
        owner=me,
        epoch=epoch,
        ttl=ttl,
        elapsed_before=row.elapsed,
        began=began,
        deadline=began + ttl,
        traceparent=parent_of(found._mapping[TRACED]),
        places={table.name: found._mapping[table.name] for table in ORDERED},
    )


def _give_up(connection: sa.Connection, row: sa.Row[Any]) -> None:
    reason = f"{row.attempts + 1} workers died with this run; `branchwise resume {row.id}` tries again."
    connection.execute(
        sa.update(runs)
        .where(runs.c.id == row.id)
        .values(
            status=Status.FAILED, error=reason, epoch=row.epoch + 1, attempts=row.attempts + 1, finished=now()
        )
    )
    note(connection, row.id, "gave_up", row.epoch + 1)
