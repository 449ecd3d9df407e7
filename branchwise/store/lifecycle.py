"""Lifecycle of runs in a store: create, queue, claim, hold, end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Collection, Coroutine, Iterable
from contextlib import asynccontextmanager, suppress
from typing import TypeVar

import sqlalchemy as sa

from branchwise.store import ends, runs
from branchwise.store.database.database import Database
from branchwise.store.database.schema import check
from branchwise.store.errors import LeaseLost, StoreError
from branchwise.store.fork import fork
from branchwise.store.json_text import to_json
from branchwise.store.lease_renewer import LeaseRenewer
from branchwise.store.leases import Lease, MayBeAlive, claim
from branchwise.store.owner import owner
from branchwise.store.records import Json
from branchwise.store.redaction import Redaction
from branchwise.store.rows import OnChange, RunEvent, RunRecord, Status
from branchwise.store.trace_context import CURRENT
from branchwise.store.workflows import Workflows

T = TypeVar("T", Lease, "Lease | None")

TTL = 60.0
"""Seconds after which a run whose worker is silent may be taken over."""
QUEUE = "default"


class Lifecycle:
    """Operations on whole runs; `Store` adds those on their contents."""

    def __init__(self, database: Database, *, ttl: float = TTL) -> None:
        self.database = database
        self._ttl = ttl
        self._keeper = LeaseRenewer(database)
        self._scrub = Redaction()

    async def close(self) -> None:
        """Commit queued operations and close; leases still held expire."""
        self._keeper.close()
        self.database.close()

    def describe(
        self,
        *,
        task: str,
        strategy: str,
        model: str,
        spec: Json,
        seed: int = 0,
        on_change: OnChange = "fail",
        **more: str | int | None,
    ) -> dict[str, object]:
        """Describe a run to be stored by `create_runs`.

        Args:
            task: Name of the task.
            strategy: Name of the strategy, or "auto".
            model: Name of the model.
            spec: Everything needed to run it, the problem and the budget included; secrets in it are hidden.
            seed: The run's seed.
            on_change: What to do when a resumed call's request differs from the recorded one.
            **more: `queue` (whose workers take it; without one it is claimed by id only), `priority` (higher goes
                first), `max_attempts`, `id`, `forked_from`, `forked_at`, `workflow`, `parent`, `api_key`.
        """
        shown = json.loads(self._scrub.request(to_json(spec)))
        return runs.new_run(
            task=task, strategy=strategy, model=model, seed=seed, spec=shown, on_change=on_change, **more
        )

    async def create_runs(self, rows: Iterable[dict[str, object]]) -> list[RunRecord]:
        """Store runs that `describe` described: all of them or, on an error, none.

        Raises:
            StoreError: There is a run of such an id already.
        """
        batch, me = list(rows), owner()
        trace = CURRENT.get()
        return await self.database.awrite(lambda c: runs.create(c, batch, me, trace))

    async def begin(self, row: dict[str, object]) -> Lease:
        """Store a run that `describe` described and claim it, in one transaction.

        Raises:
            StoreError: There is a run of such an id already.
        """
        return await self._kept(runs.begin(self.database, row, owner(), self._ttl), Status.PAUSED)

    async def create_run(
        self, *, task: str, strategy: str, model: str, spec: Json, seed: int = 0, **more: str | int | None
    ) -> RunRecord:
        """Store one run; arguments and errors are those of `describe` and `create_runs`."""
        row = self.describe(task=task, strategy=strategy, model=model, spec=spec, seed=seed, **more)  # type: ignore[arg-type]
        [run] = await self.create_runs([row])
        return run

    async def fork(self, row: dict[str, object]) -> RunRecord:
        """Store a run that `describe` described with `forked_from` and `forked_at`; its root is that node.

        Raises:
            UnknownName: There is no such node.
            BadInput: The node is a dead end.
        """
        me = owner()
        return await self.database.awrite(lambda connection: fork(connection, row, me))

    async def run(self, run_id: str) -> RunRecord:
        """Find a run by its id or a unique part of it.

        Raises:
            UnknownName: No run matches.
            BadInput: More than one run matches.
        """
        return await self.database.aread(lambda connection: runs.get(connection, run_id))

    async def runs(
        self,
        *,
        status: str | None = None,
        task: str | None = None,
        api_key: str | None = None,
        limit: int | None = None,
    ) -> list[RunRecord]:
        """List runs, newest first; with a key those of the key."""
        return await self.database.aread(
            lambda c: runs.listed(c, status=status, task=task, api_key=api_key, limit=limit)
        )

    async def events(self, run_id: str) -> list[RunEvent]:
        """The run's history, oldest first."""
        return await self.database.aread(lambda connection: runs.events(connection, run_id))

    async def open_in(
        self, queue: str = QUEUE, workflows: Workflows | None = None, without: Collection[str] = ()
    ) -> int:
        """Number of runs of a queue and these workflows that wait or are running, except those in `without`."""
        return await self.database.aread(lambda c: runs.open_in(c, queue, workflows, without))

    async def claim(self, run_id: str) -> Lease:
        """Claim the run `run_id`.

        A run whose worker has died on this machine is free at once, else when its lease has expired. On SQLite, where
        the other machine's clock may differ, its worker is first observed for the length of a lease.

        Raises:
            UnknownName: There is no such run.
            LeaseLost: A live worker holds it.
            StoreError: It is done.
        """
        watched: object = None
        while True:
            try:
                lease = await self._claim(run_id, QUEUE)
            except MayBeAlive as alive:
                if watched not in {None, alive.lease}:
                    raise
                watched = alive.lease
                await asyncio.sleep(min(alive.seconds + 0.01, 1.0))
                continue
            if lease is None:
                raise StoreError(f"The run `{run_id}` cannot be claimed.")
            return lease

    async def claim_next(
        self, queue: str = QUEUE, workflows: Workflows | None = None, without: Collection[str] = ()
    ) -> Lease | None:
        """Claim the run of `queue` with the highest priority, then age; None if none waits.

        Runs of other workflows, and those in `without`, are skipped.

        A run that has used up its `max_attempts` is set to failed.
        """
        return await self._claim(None, queue, workflows, without)

    @asynccontextmanager
    async def held(self, lease: Lease, *, then: Status = Status.PAUSED) -> AsyncIterator[None]:
        """Renew `lease` in a context; at the end an unfinished run gets the status `then`.

        The body is cancelled within about a second when the run is cancelled or taken over.

        Raises:
            LeaseLost: The run was cancelled or taken over.
        """
        loop = asyncio.get_running_loop()
        reason: str | None = None
        try:
            async with asyncio.timeout(None) as scope:

                def stop() -> None:
                    if self._keeper.keeps(lease):
                        self._keeper.drop(lease)
                        scope.reschedule(loop.time())

                def lost() -> None:
                    with suppress(RuntimeError):  # the loop is closed: no task to stop
                        loop.call_soon_threadsafe(stop)

                self._keeper.keep(lease, lost)
                try:
                    yield
                finally:
                    self._keeper.drop(lease)
        except TimeoutError:
            if not scope.expired():
                raise
            raise lease.lost() from None
        except Exception as error:
            reason = self._scrub.message(f"{type(error).__name__}: {error}"[:2000])
            raise
        finally:
            if not lease.over:  # a refused operation would make the others of its transaction run again
                with suppress(LeaseLost):
                    await self.database.awrite(lambda c: ends.finish(c, lease, status=then, error=reason))

    async def finish(
        self,
        lease: Lease,
        result: Json = None,
        *,
        status: Status = Status.DONE,
        error: str | None = None,
        wake: float | None = None,
    ) -> None:
        """End the run, or leave it waiting until `wake`, in seconds since 1970.

        Raises:
            LeaseLost: Another worker holds it.
        """
        kept = json.loads(self._scrub.reply(to_json(result)))
        reason = None if error is None else self._scrub.message(error)
        self._keeper.drop(lease)  # otherwise the renewer would report it lost once this commits
        if status is Status.DONE:
            await ends.done(self.database, lease, kept)
        else:
            await self.database.awrite(
                lambda c: ends.finish(c, lease, status=status, result=kept, error=reason, wake=wake)
            )
        lease.over = True

    async def check_schema(self) -> None:
        """Refuse to go on with a database that a newer branchwise has upgraded since it was opened.

        Raises:
            SchemaMismatch: It is of another revision now.
        """
        await self.database.aread(check)

    async def hand_back(self, lease: Lease, *, error: str | None = None) -> Status:
        """Return a run to its queue; with an error it counts as an attempt, and the last one fails the run.

        Raises:
            LeaseLost: Another worker holds it.
        """
        reason = None if error is None else self._scrub.message(error)
        self._keeper.drop(lease)
        status = await self.database.awrite(lambda c: ends.hand_back(c, lease, error=reason))
        lease.over = True
        return status

    async def cancel(self, run_id: str) -> RunRecord:
        """Cancel a run that is not over; its worker stops within about a second.

        Raises:
            UnknownName: There is no such run.
        """
        return await self.database.awrite(lambda connection: ends.cancel(connection, run_id))

    async def _claim(
        self,
        run_id: str | None,
        queue: str,
        workflows: Workflows | None = None,
        without: Collection[str] = (),
    ) -> Lease | None:
        me = owner()

        def work(connection: sa.Connection) -> Lease | None:
            return claim(connection, me, self._ttl, run_id, queue=queue, workflows=workflows, without=without)

        then = Status.QUEUED if run_id is None else Status.PAUSED
        return await self._kept(self.database.awrite(work), then)

    async def _kept(self, claim: Coroutine[None, None, T], then: Status) -> T:
        """Wait for a claim; release it if it is committed after its task was cancelled."""
        claiming = asyncio.ensure_future(claim)
        try:
            return await asyncio.shield(claiming)
        except asyncio.CancelledError:
            lease = await claiming
            if lease is not None:
                await self.database.awrite(lambda c: ends.finish(c, lease, status=then))
            raise
