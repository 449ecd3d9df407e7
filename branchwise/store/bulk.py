"""Write-only operations of the writer; adjacent ones in a transaction are sent as one statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import sqlalchemy as sa

from branchwise.store.database.batch import Row, send
from branchwise.store.errors import TooLarge
from branchwise.store.fence import guard
from branchwise.store.leases import Lease

Change: TypeAlias = "tuple[sa.Insert | sa.Update, Sequence[Row]]"
"""A statement and its rows."""


@dataclass(frozen=True, slots=True)
class Bulk:
    """A write-only operation for `Database.write`; many may be queued at once."""

    lease: Lease | None
    """The lease under which the rows are written; None outside a run."""
    changes: Sequence[Change]
    """Written in this order; the order of two such operations queued together must not matter."""
    last: bool = False
    """Whether no later write depends on it; the lease then stays valid when a row is too large."""
    optional: bool = False
    """Whether the run can go on without it, as without a checkpoint; a refusal then leaves the lease valid."""

    def __call__(self, connection: sa.Connection) -> None:
        """Write the rows."""
        at_once(connection, [self])

    def refused(self, error: BaseException) -> None:
        """Break the lease after the database refused the rows, if later writes may depend on them."""
        if self.lease is not None and not self.optional and not (self.last and isinstance(error, TooLarge)):
            self.lease.broken = True


def at_once(connection: sa.Connection, works: Sequence[Bulk]) -> None:
    """Write the rows of several operations, one statement each: a round trip costs more than a row.

    Raises:
        LeaseLost: One of the operations may not write, or follows one that was refused.
    """
    rows: dict[sa.Insert | sa.Update, list[Row]] = {}
    guard(connection, [work.lease for work in works if work.lease is not None])
    for work in works:
        if work.lease is not None:
            work.lease.check_whole()
        for statement, some in work.changes:
            rows.setdefault(statement, []).extend(some)
    for statement, all_ in rows.items():
        if all_:
            send(connection, statement, all_)
