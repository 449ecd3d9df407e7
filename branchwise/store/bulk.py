"""Works of the writer that only write rows: neighbours in a transaction are sent as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import sqlalchemy as sa

from branchwise.store.database.batch import Row, send
from branchwise.store.leases import Lease, guard

Change: TypeAlias = "tuple[sa.Insert | sa.Update, Sequence[Row]]"
"""A statement and its rows."""


@dataclass(frozen=True, slots=True)
class Bulk:
    """A work of `Database.write` of which many may be queued at once; it reads nothing."""

    lease: Lease
    """Under which the rows are written."""
    changes: Sequence[Change]
    """In this order; of two such works queued together it must not matter which is first."""
    last: bool = False
    """Whether nothing else rests on it, so that the lease outlives it when it is too large."""

    def __call__(self, connection: sa.Connection) -> None:
        """Write the rows."""
        at_once(connection, [self])


def at_once(connection: sa.Connection, works: Sequence[Bulk]) -> None:
    """Write the rows of several works, each statement once: sending one costs more than a row does.

    Raises:
        LeaseLost: One of the works may not write, or comes after one that was refused.
    """
    rows: dict[sa.Insert | sa.Update, list[Row]] = {}
    guard(connection, [work.lease for work in works])
    for work in works:
        work.lease.check_whole()
        for statement, some in work.changes:
            rows.setdefault(statement, []).extend(some)
    for statement, all_ in rows.items():
        if all_:
            send(connection, statement, all_)
