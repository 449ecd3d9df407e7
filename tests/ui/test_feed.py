"""What a run's feed tells: every row, once, to any number who look, also after a lost connection."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import pytest
import sqlalchemy as sa

from branchwise.store.records import Node, Verdict, VerifiedBy
from branchwise.store.store import Lease, Store
from branchwise.ui.feed import Feeds
from tests.ui.conftest import BOTH

pytestmark = pytest.mark.parametrize("url", BOTH, indirect=True)


async def begun(store: Store) -> Lease:
    run = await store.create_run(task="text", strategy="mcts", model="none", spec={"problem": "p"})
    return await store.claim(run.id)


def node(name: str, text: str = "t") -> Node:
    return Node(id=name, parent=name.rpartition(".")[0] or None, depth=name.count("."), text=text)


class Reader:
    """Reads a stream of events, and keeps what it was told."""

    def __init__(self, events: AsyncGenerator[bytes]) -> None:
        self.events = events
        self.last = ""
        self.told: list[str] = []
        self.starts = 0

    async def until(self, name: str) -> None:
        """Read until a node's row was told."""
        async for event in self.events:
            self._read(event.decode())
            if name in self.told:
                return
        pytest.fail(f"the stream ended before {name}")

    def _read(self, event: str) -> None:
        lines = dict(line.split(": ", 1) for line in event.strip().split("\n") if line[0] != ":")
        self.last = lines.get("id", self.last)
        self.starts += lines.get("event") == "start"
        rows: Any = json.loads(lines.get("data", "{}")).get("rows", {})
        self.told += [row[0] for row in rows.get("node", ())]


async def test_rows_are_told_once_to_all_by_one_poller(url: str) -> None:
    async with Store.opened(url) as writer, Store.opened(url) as store:
        lease, feeds = await begun(writer), Feeds(store)
        await writer.add_nodes(lease, [node("0"), node("0.0")])
        async with (
            aclosing(feeds.follow(lease.run_id, None)) as a,
            aclosing(feeds.follow(lease.run_id, None)) as b,
        ):
            readers = [Reader(a), Reader(b)]
            await asyncio.gather(*(one.until("0.0") for one in readers))
            await writer.add_nodes(lease, [node("0.1")])
            began = asyncio.get_running_loop().time()
            await asyncio.gather(*(one.until("0.1") for one in readers))
            assert asyncio.get_running_loop().time() - began < 2
            assert [one.told for one in readers] == [["0", "0.0", "0.1"]] * 2
            assert len(feeds) == 1
        await feeds.close()


async def test_a_lost_stream_is_resumed_without_gaps_or_doubles(url: str) -> None:
    async with Store.opened(url) as writer, Store.opened(url) as store:
        lease, feeds = await begun(writer), Feeds(store)
        await writer.add_nodes(lease, [node("0"), node("0.0")])
        async with aclosing(feeds.follow(lease.run_id, None)) as stream:
            first = Reader(stream)
            await first.until("0.0")
        await writer.add_nodes(lease, [node("0.1"), node("0.2")])
        said = Verdict(score=90, accepted=True, feedback="", verified_by=VerifiedBy.PROGRAM, verifier="v")
        await writer.judge(
            lease, [Node(id="0.0", parent="0", depth=1, text="t", accepted=True)], [("0.0", said)]
        )
        async with aclosing(feeds.follow(lease.run_id, first.last)) as stream:
            second = Reader(stream)
            await second.until("0.2")
            assert (sorted(second.told), second.starts) == (["0.0", "0.1", "0.2"], 0)
        async with aclosing(feeds.follow(lease.run_id, "another-3")) as stream:
            third = Reader(stream)
            await third.until("0.2")
            assert (sorted(third.told), third.starts) == (["0", "0.0", "0.1", "0.2"], 1)
        await feeds.close()


async def test_a_finished_store_is_read_without_writing(url: str) -> None:
    if "sqlite" not in url:
        pytest.skip("the address of a file can say that it is only read")
    async with Store.opened(url) as writer:
        lease = await begun(writer)
        await writer.add_nodes(lease, [node("0"), node("0.0")])
        await writer.finish(lease, {"answer": "a"})
    file = url.removeprefix("sqlite:///")
    async with Store.opened(f"sqlite:///file:{file}?mode=ro&uri=true") as store:
        feeds = Feeds(store)
        async with aclosing(feeds.follow(lease.run_id, None)) as stream:
            await Reader(stream).until("0.0")
        await feeds.close()


async def test_a_run_that_is_deleted_or_damaged_is_said_so(url: str) -> None:
    async with Store.opened(url) as store:
        deleted, damaged, feeds = await begun(store), await begun(store), Feeds(store)
        events = [feeds.follow(lease.run_id, None) for lease in (deleted, damaged)]
        async with aclosing(events[0]) as first, aclosing(events[1]) as second:
            for one in (first, second):
                assert b"start" in await anext(one)
                assert b"event: rows" in await anext(one)
            await store.finish(deleted, {"answer": "a"})
            await store.prune(older_than=-60)
            broken = sa.text("UPDATE runs SET spec = '{', epoch = epoch + 1 WHERE id = :id")
            await store.database.awrite(lambda c: c.execute(broken, {"id": damaged.run_id}))
            assert b"event: gone" in [one async for one in first][-1]
            assert b"event: fault" in [one async for one in second][-1]
        await feeds.close()
