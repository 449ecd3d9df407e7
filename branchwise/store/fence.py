"""Fence of writes: a worker that lost its run commits nothing more."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import sqlalchemy as sa

from branchwise.store.database.tables import runs
from branchwise.store.errors import LeaseLost
from branchwise.store.rows import Status

_HELD = sa.select(runs.c.id, runs.c.epoch).where(runs.c.status == Status.RUNNING).with_for_update(read=True)
_FENCE = _HELD.where(runs.c.id == sa.bindparam("run_id"), runs.c.epoch == sa.bindparam("epoch"))
_FENCES = _HELD.where(runs.c.id.in_(sa.bindparam("run_ids", expanding=True)))


class Held(Protocol):
    """A claim of a run, as a `Lease` is."""

    run_id: str
    epoch: int

    def lost(self) -> LeaseLost:
        """The error of a claim that holds no more."""
        ...


def guard(connection: sa.Connection, leases: Iterable[Held]) -> None:
    """Lock the runs of all these leases until `connection` commits, or refuse the transaction.

    Raises:
        LeaseLost: One of the runs was claimed by another worker, cancelled or finished.
    """
    transaction = connection.get_transaction()
    held, fenced = connection.info.get("branchwise_fenced", (None, set()))
    if held is not transaction:
        fenced = set()
        connection.info["branchwise_fenced"] = (transaction, fenced)
    asked = {(lease.run_id, lease.epoch): lease for lease in leases}
    new = {claim: lease for claim, lease in asked.items() if claim not in fenced}
    if not new:
        return
    if len(new) == 1:
        [(run_id, epoch)] = new
        found = connection.execute(_FENCE, {"run_id": run_id, "epoch": epoch})
    else:
        found = connection.execute(_FENCES, {"run_ids": _padded(sorted({run_id for run_id, _ in new}))})
    fenced |= {(row.id, row.epoch) for row in found}
    for claim, lease in new.items():
        if claim not in fenced:
            raise lease.lost()


def _padded(ids: list[str]) -> list[str]:
    """Repeat the last one up to a power of two: few lengths, so the server plans the statement once for each."""
    return ids + ids[-1:] * ((1 << (len(ids) - 1).bit_length()) - len(ids))
