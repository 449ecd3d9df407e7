"""The door to a database of runs.

    async with Store.opened("sqlite:///runs.sqlite") as store:
        run = await store.create_run(task="calendar", strategy="auto", model="embedded", spec={"problem": text})
        lease = await store.claim(run.id)
        async with store.held(lease):                  # renewed while inside; left unfinished, the run is paused
            ledger = await store.ledger(lease)
            reply = await ledger("r1/0/propose", request, send, model="embedded:smollm2-135m")
            await store.add_nodes(lease, [Node(id="0.0", parent="0", depth=1, text=reply["text"])])
            await store.finish(lease, {"answer": reply["text"]})
        tree = await store.tree(run.id)

`send` is an async function that gives the reply (JSON) and its Usage. A run that was killed is claimed again by
its id; its recorded calls return at once. `lease.guard(connection)` belongs into every other write to the run.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Self

import sqlalchemy as sa

from branchwise.store import forest, runs
from branchwise.store.columns import to_json
from branchwise.store.database import Database
from branchwise.store.errors import LeaseLost, StoreError
from branchwise.store.leases import Keeper, Lease, claim
from branchwise.store.ledger import Ledger
from branchwise.store.owner import owner
from branchwise.store.prune import prune
from branchwise.store.records import Json, Node, NodeId, Usage, Verdict
from branchwise.store.rows import CallRecord, Decision, OnChange, RunEvent, RunRecord, Status
from branchwise.store.scrub import Scrub
from branchwise.store.tree import Tree

if TYPE_CHECKING:
    from networkx import DiGraph

    from branchwise.store.export import Form

__all__ = ["CallRecord", "Decision", "Lease", "Ledger", "RunRecord", "Status", "Store"]

_TTL = 60.0
"""Seconds after which a run whose worker went silent may be taken over."""


class Store:
    """Runs and all that belongs to them, in one database."""

    def __init__(self, database: Database, *, ttl: float = _TTL) -> None:
        self.database = database
        self._ttl = ttl
        self._keeper = Keeper(database)
        self._scrub = Scrub()

    @classmethod
    async def open(cls, url: str | None = None, *, ttl: float = _TTL) -> Self:
        """Open the store at `url`: a database URL, a path, or nothing for the user's own (see `locate`).

        Args:
            url: Where the runs are.
            ttl: Seconds after which a run whose worker went silent may be taken over.

        Raises:
            StoreError: The database cannot be used.
        """
        return cls(Database.open(url), ttl=ttl)

    @classmethod
    @asynccontextmanager
    async def opened(cls, url: str | None = None, *, ttl: float = _TTL) -> AsyncIterator[Self]:
        """Open the store as `open` does, and close it at the end."""
        store = await cls.open(url, ttl=ttl)
        try:
            yield store
        finally:
            await store.close()

    async def close(self) -> None:
        """Commit what is queued and let go; leases that are still held run out by themselves."""
        self._keeper.close()
        self.database.close()

    async def create_run(
        self,
        *,
        task: str,
        strategy: str,
        model: str,
        spec: Json,
        seed: int = 0,
        on_change: OnChange = "fail",
        **more: str | int | None,
    ) -> RunRecord:
        """Store a run; it waits to be claimed by its id, or with `status=Status.QUEUED` for any worker.

        Args:
            task: Name of the task.
            strategy: Name of the strategy, or "auto".
            model: Name of the model.
            spec: Everything needed to run it, the problem and the budget included; secrets in it are hidden.
            seed: The run's seed.
            on_change: What to do when a resumed call's request differs from the recorded one.
            **more: `status`, `priority` (higher goes first), `max_attempts`, `id`, `forked_from`.

        Raises:
            StoreError: There is a run of that id already.
        """
        shown = json.loads(self._scrub.request(to_json(spec)))
        row = runs.new_run(
            task=task, strategy=strategy, model=model, seed=seed, spec=shown, on_change=on_change, **more
        )
        return await self.database.awrite(lambda connection: runs.create(connection, row))

    async def run(self, run_id: str) -> RunRecord:
        """Find a run by its id, or by a part of it that no other has.

        Raises:
            UnknownName: There is none, or more than one.
        """
        return await self.database.aread(lambda connection: runs.get(connection, run_id))

    async def runs(
        self, *, status: str | None = None, task: str | None = None, limit: int | None = None
    ) -> list[RunRecord]:
        """List runs, newest first."""
        return await self.database.aread(lambda c: runs.listed(c, status=status, task=task, limit=limit))

    async def events(self, run_id: str) -> list[RunEvent]:
        """The run's history, oldest first."""
        return await self.database.aread(lambda connection: runs.events(connection, run_id))

    async def claim(self, run_id: str) -> Lease:
        """Take the run `run_id`.

        A run whose worker has died on this machine is free at once, else when its lease has run out.

        Raises:
            UnknownName: There is no such run.
            LeaseLost: A live worker holds it.
            StoreError: It is done.
        """
        lease = await self._claim(run_id)
        if lease is None:
            raise StoreError(f"The run `{run_id}` cannot be claimed.")
        return lease

    async def claim_next(self) -> Lease | None:
        """Take the run that waits with the highest priority, then age, or None when none waits.

        A run that has outlived its `max_attempts` workers is set to failed on the way.
        """
        return await self._claim(None)

    @asynccontextmanager
    async def held(self, lease: Lease) -> AsyncIterator[None]:
        """Renew `lease` while inside; a run that is not finished at the end is paused, free for the next claim."""
        self._keeper.keep(lease)
        try:
            yield
        finally:
            self._keeper.drop(lease)
            with suppress(LeaseLost):
                await self.database.awrite(lambda c: runs.finish(c, lease, status=Status.PAUSED))

    async def finish(
        self, lease: Lease, result: Json = None, *, status: Status = Status.DONE, error: str | None = None
    ) -> None:
        """End the run.

        Raises:
            LeaseLost: Another worker holds it.
        """
        kept = self._clean(result)
        reason = None if error is None else self._scrub.message(error)
        await self.database.awrite(lambda c: runs.finish(c, lease, status=status, result=kept, error=reason))
        self._keeper.drop(lease)

    async def cancel(self, run_id: str) -> RunRecord:
        """Cancel a run that is not over; a worker that has it is refused its next write.

        Raises:
            UnknownName: There is no such run.
        """
        return await self.database.awrite(lambda connection: runs.cancel(connection, run_id))

    async def elapsed(self, lease: Lease) -> float:
        """Seconds of work on the run, earlier claims included."""
        return lease.elapsed

    async def ledger(self, lease: Lease, on_change: OnChange | None = None) -> Ledger:
        """Open the run's ledger; once a lease.

        Args:
            lease: The claim under which calls are made.
            on_change: What to do when a request has changed; by default as the run was created.

        Raises:
            LeaseLost: Another worker holds the run.
        """
        policy = on_change or (await self.run(lease.run_id)).on_change
        return await Ledger.open(self.database, lease, policy)

    async def add_nodes(self, lease: Lease, nodes: Iterable[Node]) -> None:
        """Store nodes in this order; one that is there already is replaced and keeps its place.

        Raises:
            LeaseLost: Another worker holds the run.
        """
        scrub = self._scrub.message
        batch = [node if node.failed is None else replace(node, failed=scrub(node.failed)) for node in nodes]
        await self.database.awrite(lambda connection: forest.add_nodes(connection, lease, batch))

    async def tree(self, run_id: str) -> Tree:
        """Load a run's tree, oldest node first."""
        return await self.database.aread(lambda connection: forest.tree(connection, run_id))

    async def graph(self, run_id: str) -> DiGraph:
        """A run's tree for networkx: edges from parents to children, a node's fields as attributes."""
        from branchwise.store.graph import graph  # noqa: PLC0415 - networkx costs as much as all the rest

        return graph(run_id, await self.tree(run_id))

    async def add_verdicts(self, lease: Lease, verdicts: Iterable[tuple[NodeId, Verdict]]) -> None:
        """Store what verifiers said of nodes; a verifier's later word on a node replaces its earlier one.

        Raises:
            LeaseLost: Another worker holds the run.
        """
        batch = list(verdicts)
        await self.database.awrite(lambda connection: forest.add_verdicts(connection, lease, batch))

    async def verdicts(self, run_id: str) -> list[tuple[NodeId, Verdict]]:
        """All verdicts of a run, by node."""
        return await self.database.aread(lambda connection: forest.verdicts_of(connection, run_id))

    async def add_decision(self, lease: Lease, key: str, kind: str, payload: Json) -> None:
        """Store a decision; the first one of a key stands.

        Raises:
            LeaseLost: Another worker holds the run.
        """
        kept = self._clean(payload)
        await self.database.awrite(lambda c: forest.add_decision(c, lease, key, kind, kept))

    async def decisions(self, run_id: str) -> list[Decision]:
        """All decisions of a run, oldest first."""
        return await self.database.aread(lambda connection: forest.decisions_of(connection, run_id))

    async def calls(self, run_id: str) -> list[CallRecord]:
        """All attempts at calls of a run, oldest first."""
        return await self.database.aread(lambda connection: forest.calls_of(connection, run_id))

    async def usage(self, run_id: str) -> Usage:
        """What a run's calls have cost; ambiguous ones, whose cost nobody knows, are left out."""
        return await self.database.aread(lambda connection: forest.usage_of(connection, run_id))

    def _clean(self, value: Json) -> Json:
        return json.loads(self._scrub.reply(to_json(value)))  # type: ignore[no-any-return]

    async def export(self, run_id: str, form: Form = "json") -> str:
        """Write a run as text: "json" can be restored; "node-link", "graphml" and "dot" hold its tree.

        Raises:
            UnknownName: There is no such run or form.
        """
        from branchwise.store.export import export  # noqa: PLC0415 - networkx again

        return await self.database.aread(lambda connection: export(connection, run_id, form))

    async def restore(self, text: str) -> RunRecord:
        """Store a run that `export` wrote as JSON.

        Raises:
            BadInput: The text is no exported run.
            StoreError: A run of that id is there already, or the run is of another schema revision.
        """
        from branchwise.store.restore import restore  # noqa: PLC0415

        return await self.database.awrite(lambda connection: restore(connection, text))

    async def prune(self, *, older_than: float) -> list[str]:
        """Delete runs that are over and were created more than `older_than` seconds ago; gives their ids."""
        return await self.database.awrite(lambda connection: prune(connection, older_than=older_than))

    async def _claim(self, run_id: str | None) -> Lease | None:
        me = owner()

        def work(connection: sa.Connection) -> Lease | None:
            return claim(connection, me, self._ttl, run_id)

        return await self.database.awrite(work)
