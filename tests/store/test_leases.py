from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time

import pytest
import sqlalchemy as sa

from branchwise.store.database.columns import now
from branchwise.store.database.tables import run_events, runs
from branchwise.store.errors import LeaseLost, StoreError, UnknownName
from branchwise.store.leases import claim, renew
from branchwise.store.owner import is_gone, owner
from branchwise.store.records import Node, Verdict, VerifiedBy
from branchwise.store.rows import Status
from branchwise.store.store import Store
from tests.store.scripted_run import new_lease, new_run, queued


async def _expire(store: Store, run_id: str, holder: str = "elsewhere/1/1/x") -> None:
    """As if the worker, on another machine, had been silent for longer than its lease."""
    await store.database.awrite(
        lambda c: c.execute(
            sa.update(runs).where(runs.c.id == run_id).values(lease_until=now() - 1, owner=holder)
        )
    )


async def test_the_most_urgent_then_the_oldest_run_goes_first(store: Store) -> None:
    low, first, second = await queued(store), await queued(store, priority=5), await queued(store, priority=5)
    await new_run(store, priority=9)  # waits for its own name only
    leases = [await store.claim_next() for _ in range(4)]
    assert [lease.run_id if lease else None for lease in leases] == [first.id, second.id, low.id, None]


async def test_many_workers_share_the_queue_and_no_run_is_taken_twice(url: str) -> None:
    async with Store.opened(url) as one, Store.opened(url) as two:
        made = {(await queued(one)).id for _ in range(20)}

        async def work(store: Store) -> list[str]:
            taken = []
            while (lease := await store.claim_next()) is not None:
                taken.append(lease.run_id)
                await asyncio.sleep(0)
            return taken

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(work(store)) for store in (one, two, one, two)]
        taken = [run_id for task in tasks for run_id in task.result()]
    assert sorted(taken) == sorted(made)


async def test_a_held_run_is_refused_by_name(store: Store) -> None:
    lease = await new_lease(store)
    with pytest.raises(LeaseLost, match="is held by"):
        await store.claim(lease.run_id)
    with pytest.raises(UnknownName):
        await store.claim("nothing")


async def test_a_silent_worker_is_replaced_and_fenced_from_every_write(store: Store) -> None:
    run = await queued(store)
    old = await store.claim_next()
    assert old is not None
    ledger = await store.ledger(old)
    await _expire(store, run.id)
    new = await store.claim_next()
    assert new is not None
    assert (new.run_id, new.epoch) == (old.run_id, old.epoch + 1)
    verdict = Verdict(score=1, accepted=True, feedback="", verified_by=VerifiedBy.PROGRAM, verifier="v")
    for write in (
        store.add_nodes(old, [Node(id="0.0", parent="0")]),
        store.add_verdicts(old, [("0", verdict)]),
        store.add_decision(old, "k", "plan", {}),
        store.finish(old, {"answer": "stale"}),
        store.ledger(old),
    ):
        with pytest.raises(LeaseLost):
            await write

    async def never() -> tuple[None, None]:
        pytest.fail("A worker without its lease sent a call.")

    with pytest.raises(LeaseLost):
        await ledger("k", {}, never)  # type: ignore[arg-type]
    assert not await store.database.awrite(lambda c: renew(c, old))
    assert await store.database.awrite(lambda c: renew(c, new))
    assert len(await store.nodes(run.id)) == 1
    assert await store.decisions(run.id) == []
    assert await store.calls(run.id) == []
    assert (await store.run(run.id)).result is None


async def test_a_stale_lease_of_the_same_worker_is_fenced_too(store: Store) -> None:
    old = await new_lease(store)
    await store.finish(old, status=Status.PAUSED)
    new = await store.claim(old.run_id)
    with pytest.raises(LeaseLost):
        await store.add_nodes(old, [Node(id="0.0", parent="0")])
    await store.add_nodes(new, [Node(id="0.1", parent="0")])
    assert [node.id for node in await store.nodes(new.run_id)] == ["0", "0.1"]


async def test_one_guard_serves_a_transaction_and_only_that(store: Store) -> None:
    lease = await new_lease(store)

    def twice(connection: sa.Connection) -> None:
        lease.guard(connection)
        lease.guard(connection)

    await store.database.awrite(twice)
    await store.cancel(lease.run_id)
    with pytest.raises(LeaseLost):
        await store.database.awrite(lease.guard)


async def test_an_expired_lease_stops_its_owner_before_anything_is_sent(store: Store) -> None:
    lease = await new_lease(store)
    ledger = await store.ledger(lease)
    lease.deadline = 0.0

    async def never() -> tuple[None, None]:
        pytest.fail("A worker whose lease ran out sent a call.")

    with pytest.raises(LeaseLost):
        await ledger("k", {}, never)  # type: ignore[arg-type]


async def test_a_run_that_kills_its_workers_fails(store: Store) -> None:
    run = await queued(store, max_attempts=3)
    for _ in range(3):
        lease = await store.claim_next()
        assert lease is not None
        await _expire(store, run.id)
    assert await store.claim_next() is None
    dead = await store.run(run.id)
    assert dead.status is Status.FAILED
    assert dead.error is not None
    assert "3 workers died" in dead.error
    assert lease is not None
    with pytest.raises(LeaseLost):
        await store.add_nodes(lease, [])
    again = await store.claim(run.id)
    assert (await store.run(run.id)).attempts == 0
    await store.finish(again, {"answer": 1})


async def test_a_poisoned_run_does_not_block_the_queue(store: Store) -> None:
    poison = await queued(store, max_attempts=1, priority=9)
    assert await store.claim_next()
    await _expire(store, poison.id)
    healthy = await queued(store)
    lease = await store.claim_next()
    assert lease is not None
    assert lease.run_id == healthy.id


async def test_cancelling_refuses_the_workers_next_write(store: Store) -> None:
    lease = await new_lease(store)
    assert (await store.cancel(lease.run_id)).status is Status.CANCELLED
    with pytest.raises(LeaseLost):
        await store.finish(lease, {"answer": 1})
    waiting = await queued(store)
    await store.cancel(waiting.id)
    assert await store.claim_next() is None
    assert [event.kind for event in await store.events(lease.run_id)] == ["created", "claimed", "cancelled"]


async def test_cancelling_what_is_over_changes_nothing(store: Store) -> None:
    lease = await new_lease(store)
    await store.finish(lease, {"answer": 1})
    assert (await store.cancel(lease.run_id)).status is Status.DONE
    with pytest.raises(StoreError, match="is done"):
        await store.claim(lease.run_id)


async def test_holding_renews_and_leaving_pauses(url: str) -> None:
    async with Store.opened(url, ttl=0.6) as store:
        lease = await new_lease(store)
        first = lease.deadline
        async with store.held(lease):
            while lease.deadline == first:
                await asyncio.sleep(0.02)
            lease.check()
            assert (await store.run(lease.run_id)).status is Status.RUNNING
        paused = await store.run(lease.run_id)
        assert paused.status is Status.PAUSED
        assert 0 < paused.elapsed <= lease.elapsed
        second = await store.claim(lease.run_id)
        assert second.elapsed >= paused.elapsed
        async with store.held(second):
            await store.finish(second, {"answer": 2})
        done = await store.run(lease.run_id)
        assert (done.status, done.result) == (Status.DONE, {"answer": 2})


async def test_who_holds_a_cancelled_run_is_stopped_soon(sqlite_url: str) -> None:
    async with Store.opened(sqlite_url, ttl=0.3) as store:
        lease = await new_lease(store)
        await store.cancel(lease.run_id)

        async def hold() -> None:
            async with store.held(lease):
                await asyncio.Event().wait()

        with pytest.raises(LeaseLost):
            await hold()
        with pytest.raises(LeaseLost):
            lease.check()


async def test_a_keeper_renews_while_the_event_loop_is_blocked(sqlite_url: str) -> None:
    async with Store.opened(sqlite_url, ttl=0.6) as store:
        lease = await new_lease(store)
        async with store.held(lease):
            first = lease.deadline
            while lease.deadline == first:
                time.sleep(0.02)  # noqa: ASYNC251 - this is the point
            lease.check()


async def test_a_claim_that_its_task_did_not_live_to_see_is_given_back(store: Store) -> None:
    waiting, named = await queued(store), await new_run(store)
    new = store.describe(task="t", strategy="s", model="m", spec={})
    for claiming, run_id, left in [
        (store.claim_next(), waiting.id, Status.QUEUED),
        (store.claim(named.id), named.id, Status.PAUSED),
        (store.begin(new), str(new["id"]), Status.PAUSED),
    ]:
        task = asyncio.ensure_future(claiming)
        await asyncio.sleep(0)  # it has asked by now, and no answer is heard yet
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await store.run(run_id)).status is left
        assert "claimed" in [event.kind for event in await store.events(run_id)]


async def test_a_transaction_whose_answer_was_lost_may_run_again(store: Store) -> None:
    run = await queued(store)
    lease = await store.claim_next()
    assert lease is not None

    def again(connection: sa.Connection) -> int:
        repeated = claim(connection, lease.owner, 60.0)
        assert repeated is not None
        return repeated.epoch

    assert await store.database.awrite(again) == lease.epoch
    await store.finish(lease, {"answer": 1})
    await store.finish(lease, {"answer": 1})
    kinds = await store.database.aread(
        lambda c: c.scalars(sa.select(run_events.c.kind).where(run_events.c.run_id == run.id)).all()
    )
    assert sorted(kinds) == ["claimed", "created", "finished"]


async def test_a_dead_process_of_this_machine_is_replaced_at_once(url: str) -> None:
    script = (
        "import asyncio, os, sys\n"
        "from branchwise.store.store import Store\n"
        "async def main():\n"
        "    store = await Store.open(sys.argv[1])\n"
        "    run = await store.create_run(task='t', strategy='s', model='m', spec={})\n"
        "    await store.claim(run.id)\n"
        "    print(run.id, flush=True)\n"
        "    os.kill(os.getpid(), 9)\n"
        "asyncio.run(main())\n"
    )
    killed = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", script, url], capture_output=True, text=True, check=False
    )
    assert killed.returncode == -9, killed.stderr
    async with Store.opened(url) as store:
        lease = await store.claim(killed.stdout.strip())
        assert lease.epoch == 2


def test_owners_are_told_apart() -> None:
    mine = owner()
    assert mine != owner()
    assert not is_gone(mine)
    machine, pid, start, nonce = mine.rsplit("/", 3)
    assert pid == str(os.getpid())
    assert is_gone(f"{machine}/{pid}/{int(start) + 1 if start.isdigit() else 'x'}/{nonce}") or start == "0"
    assert not is_gone(f"other-machine/{pid}/1/{nonce}")
    for unreadable in (None, "", "a/b", "a/b/c/d"):
        assert not is_gone(unreadable)
