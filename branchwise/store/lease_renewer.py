"""Renew the leases of this process and detect lost ones early."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

import sqlalchemy as sa

from branchwise.store.database.database import Database
from branchwise.store.database.tables import runs
from branchwise.store.errors import StoreError
from branchwise.store.leases import Lease, renew
from branchwise.store.rows import Status
from branchwise.store.silence import clock

_LOOK = 1.0
"""Seconds between checks: a cancelled run's calls continue for at most this long."""


class LeaseRenewer:
    """Renews leases in its own thread, so that a busy event loop does not lose them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._leases: dict[Lease, Callable[[], None]] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    def keep(self, lease: Lease, lost: Callable[[], None]) -> None:
        """Renew `lease` at a third of its ttl until it is dropped; call `lost` from the thread if it is lost."""
        with self._changed:
            self._leases[lease] = lost
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="branchwise-lease", daemon=True)
                self._thread.start()
            self._changed.notify()

    def keeps(self, lease: Lease) -> bool:
        """Whether `lease` is being renewed (neither dropped nor lost)."""
        with self._changed:
            return lease in self._leases

    def drop(self, lease: Lease) -> None:
        """Stop renewing `lease`; `lost` is not called any more."""
        with self._changed:
            self._leases.pop(lease, None)

    def close(self) -> None:
        """Stop the thread; remaining leases expire."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def _work(self) -> None:
        while True:
            with self._changed:
                pause = min((lease.ttl / 3 for lease in self._leases), default=None)
                if not self._closed:
                    self._changed.wait(None if pause is None else min(pause, _LOOK))
                if self._closed:
                    return
                kept = list(self._leases)
            try:
                self._look(kept)
            except StoreError:
                continue  # the local deadline decides

    def _look(self, kept: list[Lease]) -> None:
        due = [lease for lease in kept if lease.deadline - clock() < lease.ttl * 0.75]
        renewed = {lease: self._database.write(partial(renew, lease=lease)) for lease in due}
        others = [lease for lease in kept if lease not in renewed]
        held = self._database.read(lambda c: _epochs(c, others)) if others else {}
        for lease in kept:
            if not renewed.get(lease, held.get(lease.run_id) == lease.epoch):
                self._lose(lease)

    def _lose(self, lease: Lease) -> None:
        lease.deadline = 0.0
        with self._changed:
            lost = self._leases.get(lease)
        if lost is not None:
            lost()


def _epochs(connection: sa.Connection, leases: list[Lease]) -> dict[str, int]:
    running = sa.select(runs.c.id, runs.c.epoch).where(
        runs.c.id.in_([lease.run_id for lease in leases]), runs.c.status == Status.RUNNING
    )
    return {row.id: row.epoch for row in connection.execute(running)}
