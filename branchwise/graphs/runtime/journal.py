"""The run's journal: the tree up to a round, and decisions that are made once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from pydantic import TypeAdapter

from branchwise.store.records import ROOT, Json, Node, NodeId, Verdict, child_id
from branchwise.store.rewards import rewards
from branchwise.store.store import Lease, Store
from branchwise.store.stored import read_stored
from branchwise.store.tree import Tree

T = TypeVar("T")
_UNANSWERED = "unanswered"


class Journal:
    """Reads and writes one run's nodes and decisions.

    A node that LangGraph runs again after a crash may find rows of its own earlier attempt, or of later
    rounds when checkpoints were lost. So decisions of round r read `tree_before(r)`, node names are counted from
    it, and writing a node twice is idempotent.

    If every effect goes through the ledger, no write needs to wait for its commit: the writer commits in
    queue order, so a call's intent, which is awaited, is never stored without the rows before it.
    """

    def __init__(
        self, store: Store, lease: Lease, tree: Tree, decisions: dict[str, Json], *, ahead: bool = False
    ) -> None:
        self._store = store
        self._lease = lease
        self._tree = tree
        self._decisions = decisions
        self._seen: dict[tuple[int, int], Tree] = {}
        """Cache of `tree_before` for this round and the previous one."""
        self._ahead = ahead
        self._last: asyncio.Future[None] | None = None
        self._failure: BaseException | None = None

    @classmethod
    async def open(cls, store: Store, lease: Lease, *, ahead: bool = False) -> Journal:
        """Load the run's rows.

        Args:
            store: Where the run is.
            lease: The claim on it.
            ahead: Whether to continue before a row is committed; only safe if all effects go through the ledger.
        """
        if lease.fresh:
            return cls(store, lease, Tree(), {}, ahead=ahead)
        tree = await store.nodes(lease.run_id)
        decisions = {d.key: d.payload for d in await store.decisions(lease.run_id)}
        return cls(store, lease, tree, decisions, ahead=ahead)

    @property
    def tree(self) -> Tree:
        """All nodes, including rounds that a resumed run has not reached again."""
        return self._tree

    def tree_before(self, round_: int, *, since: int = 0) -> Tree:
        """The tree of rounds `since` to `round_` (exclusive), without branches that hang off an unseen node."""
        cut = self._seen.get((round_, since))
        if cut is None:
            self._seen = {key: tree for key, tree in self._seen.items() if key[0] >= round_ - 1}
            cut = self._seen[round_, since] = self._cut(round_, since)
        return cut

    def _cut(self, round_: int, since: int) -> Tree:
        seen: set[NodeId] = {ROOT}
        nodes = [self._tree.root]
        for node in self._tree:
            if node.parent in seen and since <= node.round < round_:
                seen.add(node.id)
                nodes.append(node)
        return Tree(nodes)

    def next_ids(self, parent: NodeId, count: int, round_: int) -> list[NodeId]:
        """Names for `count` children that round `round_` adds to `parent`."""
        have = sum(1 for child in self._tree.children(parent) if child.round < round_)
        return [child_id(parent, have + i) for i in range(count)]

    async def write(self, nodes: Iterable[Node]) -> None:
        """Store nodes; one that exists already is replaced."""
        batch = list(nodes)
        await self._keep(self._store.add_nodes(self._lease, batch))
        self._grow(batch)

    async def judge(self, nodes: Iterable[Node], verdicts: Iterable[tuple[NodeId, Verdict]]) -> None:
        """Store verdicts and the updated nodes."""
        batch = list(nodes)
        await self._keep(self._store.judge(self._lease, batch, verdicts))
        self._grow(batch)

    def _grow(self, nodes: list[Node]) -> None:
        self._tree = self._tree.grow(nodes)
        first = min((node.round for node in nodes), default=0)
        self._seen = {key: tree for key, tree in self._seen.items() if key[0] <= first}

    def decided(self, key: str) -> bool:
        """Whether `decide` has a decision of that key already."""
        return key in self._decisions

    def decision(self, key: str) -> Json:
        """What `decide` has decided under that key already, or None."""
        return self._decisions.get(key)

    async def rewards(self) -> dict[str, tuple[int, float]]:
        """Rewards of strategies in other runs of this task and model: trials and the sum of unit rewards of each."""
        return await self._store.database.aread(lambda connection: rewards(connection, self._lease.run_id))

    def keys(self, beginning: str) -> list[str]:
        """The keys that begin so, in the order in which they were decided."""
        return [key for key in self._decisions if key.startswith(beginning)]

    async def decide(self, key: str, kind: str, value: Json | Callable[[], Awaitable[Json]]) -> Json:
        """Record a decision once; from then on the recorded one is returned.

        Args:
            key: Names the decision within the run.
            kind: What sort of decision it is.
            value: The decision, or a function that makes it where that costs something; called once.
        """
        if key not in self._decisions:
            payload = await value() if callable(value) else value
            await self._keep(self._store.add_decision(self._lease, key, kind, payload))
            self._decisions[key] = payload
        return self._decisions[key]

    async def decide_as(
        self, key: str, kind: str, form: TypeAdapter[T], value: T | Callable[[], Awaitable[T]]
    ) -> T:
        """Record a decision of a type once; from then on the recorded one is returned.

        Args:
            key: Names the decision within the run.
            kind: What sort of decision it is.
            form: Its type.
            value: The decision, or a function that makes it where that costs something; called once.

        Raises:
            StoreError: The recorded decision is not of this type.
        """
        if key in self._decisions:
            return read_stored(form, self._decisions[key], f"decision `{key}`")
        made = await value() if callable(value) else value
        await self.decide(key, kind, form.dump_python(made, mode="json"))
        return made

    async def unanswered(self) -> None:
        """Record that this claim ends because the model answers nothing, so that a later one repeats its calls."""
        await self.decide(f"{_UNANSWERED}/{self._lease.epoch}", _UNANSWERED, self._lease.epoch)

    def last_unanswered(self) -> int:
        """The epoch of the last claim that ended so; 0 without one."""
        found = (self._decisions[key] for key in self.keys(f"{_UNANSWERED}/"))
        return max((epoch for epoch in found if isinstance(epoch, int)), default=0)

    async def flush(self) -> None:
        """Wait until all writes are committed.

        Raises:
            LeaseLost: Another worker holds the run.
            StoreError: The database refused a write, and with it all later ones.
        """
        if self._last is not None:
            await asyncio.wait([self._last])  # those before it have ended before it
        if self._failure is not None:
            raise self._failure

    async def _keep(self, writing: asyncio.Future[None]) -> None:
        if not self._ahead:
            await writing
            return
        self._last = writing
        writing.add_done_callback(self._ended)
        if self._failure is not None:
            raise self._failure

    def _ended(self, writing: asyncio.Future[None]) -> None:
        failure = None if writing.cancelled() else writing.exception()
        self._failure = self._failure or failure
