"""The store: runs and their contents in one database.

    async with Store.opened("sqlite:///runs.sqlite") as store:
        run = await store.create_run(task="calendar", strategy="auto", model="embedded", spec={"problem": text})
        lease = await store.claim(run.id)
        async with store.held(lease):                  # renewed while inside; left unfinished, the run is paused
            ledger = await store.ledger(lease)
            reply = await ledger("r1/0/propose", request, send, model="embedded:smollm2-135m")
            await store.add_nodes(lease, [Node(id="0.0", parent="0", depth=1, text=reply["text"])])
            await store.finish(lease, {"answer": reply["text"]})
        tree = await store.tree(run.id)                # a networkx DiGraph; store.nodes gives our own Tree

`send` is an async function that returns the reply (JSON) and its Usage. A run that was killed is claimed again by
its id; its recorded calls return at once. `lease.guard(connection)` belongs into every other write to the run.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Self

import sqlalchemy as sa

from branchwise.store import nodes as forest
from branchwise.store import runs
from branchwise.store.bulk import Bulk, Change
from branchwise.store.database.database import Database
from branchwise.store.fork import fork_at_place
from branchwise.store.json_text import to_json
from branchwise.store.leases import Lease
from branchwise.store.ledger import Ledger
from branchwise.store.lifecycle import TTL, Lifecycle
from branchwise.store.owner import owner
from branchwise.store.prune import Keep, prune, prune_portion
from branchwise.store.records import Json, Node, NodeId, Usage, Verdict
from branchwise.store.rewards import believed
from branchwise.store.rows import CallRecord, Decision, OnChange, RunRecord, Status
from branchwise.store.tree import Tree

if TYPE_CHECKING:
    from networkx import DiGraph

    from branchwise.store.export import Form

__all__ = ["CallRecord", "Decision", "Lease", "Ledger", "RunRecord", "Status", "Store"]

_PORTION = 200
"""Runs that one transaction deletes."""


class Store(Lifecycle):
    """Runs and all that belongs to them, in one database.

    Writes of `add_nodes`, `add_verdicts`, `judge` and `add_decision` are queued when they are called, in the order
    of the calls, and committed when they are awaited.
    """

    @classmethod
    async def open(cls, url: str | None = None, *, ttl: float = TTL) -> Self:
        """Open the store at `url`: a database URL, a path, or nothing for the user's default (see `locate`).

        Args:
            url: The database of the runs.
            ttl: Seconds after which a run whose worker is silent may be taken over.

        Raises:
            StoreError: The database cannot be used.
        """
        return cls(Database.open(url), ttl=ttl)

    @classmethod
    @asynccontextmanager
    async def opened(cls, url: str | None = None, *, ttl: float = TTL) -> AsyncIterator[Self]:
        """Open the store as `open` does, and close it at the end."""
        store = await cls.open(url, ttl=ttl)
        try:
            yield store
        finally:
            await store.close()

    async def ledger(self, lease: Lease, on_change: OnChange | None = None) -> Ledger:
        """Open the run's ledger; once per lease.

        Args:
            lease: The claim under which calls are made.
            on_change: Policy for changed requests; by default the run's own.

        Raises:
            LeaseLost: Another worker holds the run.
        """
        if lease.fresh:
            return Ledger(self.database, lease, on_change or "fail")
        run = await self.run(lease.run_id)
        return await Ledger.open(
            self.database, lease, on_change or run.on_change, parent=run.forked_from, place=run.forked_at
        )

    def add_nodes(self, lease: Lease, nodes: Iterable[Node]) -> asyncio.Future[None]:
        """Store nodes in this order; an existing node is replaced and keeps its place.

        Raises:
            LeaseLost: Another worker holds the run.
        """
        return self._write(lease, forest.adding_nodes(lease, self._shown(nodes), self._dialect))

    async def exact_run(self, run_id: str) -> RunRecord | None:
        """The run of exactly this id, if there is one; `run` looks through all ids for a part of one."""
        return await self.database.aread(lambda connection: runs.exact(connection, run_id))

    async def nodes(self, run_id: str) -> Tree:
        """Load a run's tree, oldest node first."""
        return await self.database.aread(lambda connection: forest.tree(connection, run_id))

    async def tree(self, run_id: str) -> DiGraph:
        """A run's tree as a networkx graph: edges from parents to children, a node's fields as attributes.

        Args:
            run_id: The run, or a part of its id that no other has.

        Raises:
            UnknownName: There is no such run.
        """
        from branchwise.store.graph import graph  # noqa: PLC0415 - importing networkx takes as long as all the rest

        run = await self.run(run_id)
        return graph(run.id, await self.nodes(run.id))

    def add_verdicts(self, lease: Lease, verdicts: Iterable[tuple[NodeId, Verdict]]) -> asyncio.Future[None]:
        """Store verdicts on nodes; a verifier's later verdict on a node replaces its earlier one.

        Raises:
            LeaseLost: Another worker holds the run.
        """
        return self._write(lease, forest.adding_verdicts(lease, list(verdicts), self._dialect))

    def judge(
        self, lease: Lease, nodes: Iterable[Node], verdicts: Iterable[tuple[NodeId, Verdict]]
    ) -> asyncio.Future[None]:
        """Store verdicts and the nodes as updated by them, in one transaction.

        Raises:
            LeaseLost: Another worker holds the run.
        """
        return self._write(
            lease,
            forest.adding_verdicts(lease, list(verdicts), self._dialect),
            forest.adding_nodes(lease, self._shown(nodes), self._dialect),
        )

    async def verdicts(self, run_id: str) -> list[tuple[NodeId, Verdict]]:
        """All verdicts of a run, by node."""
        return await self.database.aread(lambda connection: forest.verdicts_of(connection, run_id))

    def add_decision(self, lease: Lease, key: str, kind: str, payload: Json) -> asyncio.Future[None]:
        """Store a decision; the first one of a key is final.

        Raises:
            LeaseLost: Another worker holds the run.
        """
        kept = self._clean(payload)
        return self._write(lease, forest.adding_decision(lease, key, kind, kept, self._dialect))

    async def decisions(self, run_id: str) -> list[Decision]:
        """All decisions of a run, oldest first."""
        return await self.database.aread(lambda connection: forest.decisions_of(connection, run_id))

    async def believed(self) -> Mapping[tuple[str, str, str], tuple[int, float]]:
        """First trials and sums of their unit rewards by task, model and strategy, as the selector is told them."""
        return await self.database.aread(believed)

    async def calls(self, run_id: str) -> list[CallRecord]:
        """All attempts at calls of a run, oldest first."""
        return await self.database.aread(lambda connection: forest.calls_of(connection, run_id))

    async def usage(self, run_id: str, *, below: bool = False) -> Usage:
        """Usage of a run's calls, with `below` also its sub-runs'; ambiguous calls are excluded.

        The cost of ambiguous calls is unknown.
        """

        def work(connection: sa.Connection) -> Usage:
            found = forest.usage_of(connection, run_id)
            for child in runs.below(connection, run_id) if below else ():
                found += forest.usage_of(connection, child)
            return found

        return await self.database.aread(work)

    async def spent_below(self, run_id: str) -> tuple[Usage, int]:
        """Usage of a run's sub-runs, and the number of effects they have started."""

        def work(connection: sa.Connection) -> tuple[Usage, int]:
            usage, effects = Usage(), 0
            for child in runs.below(connection, run_id):
                usage += forest.usage_of(connection, child)
                effects += forest.effects_of(connection, child)
            return usage, effects

        return await self.database.aread(work)

    async def effects(self, run_id: str) -> int:
        """Number of effects a run has started, without its sub-runs'."""
        return await self.database.aread(lambda connection: forest.effects_of(connection, run_id))

    async def below(self, run_id: str) -> list[str]:
        """The ids of a run's sub-runs and of theirs."""
        return await self.database.aread(lambda connection: runs.below(connection, run_id))

    async def amend(self, lease: Lease, spec: Json) -> None:
        """Change a run's request; its workflow decides what may change.

        Raises:
            LeaseLost: Another worker holds the run.
        """
        kept = json.loads(self._scrub.request(to_json(spec)))
        await self.database.awrite(lambda connection: runs.amend(connection, lease, kept))

    async def fork_at_place(self, row: dict[str, object], answers: Iterable[Decision]) -> RunRecord:
        """Store a run that `describe` described with `forked_from`, with the answers it already has."""
        kept, me = list(answers), owner()
        return await self.database.awrite(lambda connection: fork_at_place(connection, row, kept, me))

    @property
    def _dialect(self) -> str:
        return self.database.engine.dialect.name

    def _write(self, lease: Lease, *changes: Change) -> asyncio.Future[None]:
        return self.database.promise(Bulk(lease, changes))

    def _clean(self, value: Json) -> Json:
        return json.loads(self._scrub.reply(to_json(value, sort=False)))  # type: ignore[no-any-return]

    async def export(self, run_id: str, form: Form = "json") -> str:
        """Write a run as text: "json" can be restored; "node-link", "graphml" and "dot" hold its tree.

        Raises:
            UnknownName: There is no such run or form.
        """
        from branchwise.store.export import export  # noqa: PLC0415 - networkx again

        return await self.database.aread(lambda connection: export(connection, run_id, form))

    async def restore(self, text: str, *, trust_code: bool = False) -> RunRecord:
        """Store a run that `export` wrote as JSON.

        Args:
            text: The export.
            trust_code: Whether the run may name code to import (`module:function`).

        Raises:
            BadInput: The text is not an exported run, or names code that is not trusted.
            StoreError: A run of that id exists, or the export has another schema revision.
        """
        from branchwise.store.restore import restore  # noqa: PLC0415

        return await self.database.awrite(lambda connection: restore(connection, text, trust_code=trust_code))

    async def prune(self, *, older_than: float, keep: Keep = "nothing", try_only: bool = False) -> list[str]:
        """Delete runs that are over and were created more than `older_than` seconds ago, with their sub-runs.

        Gives the ids of all that were deleted. Each portion is a transaction of its own, so that workers do not wait.
        """
        if try_only:
            return await self.database.aread(
                lambda c: prune(c, older_than=older_than, keep=keep, try_only=True)
            )
        found: list[str] = []
        after: tuple[float, str] | None = None
        while True:
            part = await self.database.awrite(
                lambda c, after=after: prune_portion(  # type: ignore[misc]
                    c, older_than=older_than, keep=keep, after=after, limit=_PORTION
                )
            )
            if part.last is None:
                return found
            found += part.ids
            after = part.last

    def _shown(self, nodes: Iterable[Node]) -> list[Node]:
        """Redact the nodes' failure texts."""
        scrub = self._scrub.message
        return [node if node.failed is None else replace(node, failed=scrub(node.failed)) for node in nodes]
