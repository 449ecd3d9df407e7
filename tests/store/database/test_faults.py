"""Faults that pass are waited for, faults that last are one sentence, and neither costs anybody else."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from branchwise.store.checkpoints.saver import SQLAlchemySaver
from branchwise.store.database import database as module
from branchwise.store.database import dialects
from branchwise.store.database.database import Database
from branchwise.store.database.schema import migrate
from branchwise.store.database.tables import runs
from branchwise.store.errors import LeaseLost, ModelError, StoreError, TooLarge, Unavailable
from branchwise.store.records import Node, Usage
from branchwise.store.rows import CallState, Status
from branchwise.store.store import Store
from tests.store.conftest import DATABASES
from tests.store.scripted_run import new_lease, new_run, queued

_MYSQL = pytest.mark.parametrize("url", DATABASES[2:], indirect=True)
_SERVERS = pytest.mark.parametrize("url", DATABASES[1:], indirect=True)
_POSTGRES = pytest.mark.parametrize("url", DATABASES[1:2], indirect=True)


@contextmanager
def _admin(url: str) -> Iterator[sa.Connection]:
    place = sa.make_url(url)
    base = {"postgresql": "postgres", "mysql": ""}[place.get_backend_name()]
    engine = sa.create_engine(place.set(database=base), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@_MYSQL
async def test_a_reply_that_the_server_never_takes_is_one_failed_call(url: str) -> None:
    async with Store.opened(url) as store:
        lease, other = await new_lease(store), await new_lease(store)
        ledger, neighbour = await store.ledger(lease), await store.ledger(other)

        async def send() -> tuple[dict[str, str], Usage]:
            return {"samples": "x" * 70_000_000}, Usage(calls=1, completion_tokens=7)

        async def tiny() -> tuple[dict[str, str], Usage]:
            return {}, Usage(calls=1)

        began = time.monotonic()
        big = asyncio.ensure_future(ledger("a", {"q": 1}, send))
        await neighbour("b", {}, tiny)
        with pytest.raises(ModelError, match="max_allowed_packet"):
            await big
        assert time.monotonic() - began < 30
        await ledger("c", {}, tiny)  # the run goes on
        await store.add_nodes(lease, [Node(id="0.0", parent="0")])
        with pytest.raises(ModelError, match="max_allowed_packet"):
            await ledger("d", {"long": "y" * 70_000_000}, tiny)
        states = {
            call.key: (call.state, call.usage.completion_tokens) for call in await store.calls(lease.run_id)
        }
        assert states == {"a": (CallState.FAILED, 7), "c": (CallState.DONE, 0)}
        saver = SQLAlchemySaver(store.database)
        config = {"configurable": {"thread_id": "t", "checkpoint_ns": "", "checkpoint_id": "1"}}
        with pytest.raises(TooLarge, match="MB"):
            await saver.aput_writes(config, [("c", b"z" * 70_000_000)], "t")  # type: ignore[arg-type]
        await saver.aput_writes(config, [("c", b"\x00" * 6_000_000)], "t")  # type: ignore[arg-type]


@_POSTGRES
async def test_a_primary_that_turns_read_only_is_waited_for(url: str) -> None:
    name = sa.make_url(url).database

    def demote(connection: sa.Connection, *, on: bool) -> None:
        """As a demoted primary does: connections break, new ones are read-only."""
        how = "SET default_transaction_read_only = on" if on else "RESET default_transaction_read_only"
        connection.exec_driver_sql(f"ALTER DATABASE {name} {how}")
        connection.exec_driver_sql(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        )

    async with Store.opened(url) as store:
        run = await queued(store)
        with _admin(url) as admin:
            demote(admin, on=True)
            claiming = asyncio.ensure_future(store.claim_next())
            await asyncio.sleep(0.5)
            assert not claiming.done()
            demote(admin, on=False)
        lease = await claiming
        assert lease is not None
        assert (await store.run(run.id)).attempts == 0


@_POSTGRES
async def test_a_server_that_stays_away_is_told_from_one_that_refuses(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PATIENCE", 0.5)
    Database.open(url).close()
    async with Store.opened(f"{url}?options={quote('-c default_transaction_read_only=on')}") as store:
        with pytest.raises(Unavailable, match="read-only"):
            await store.claim_next()
        with pytest.raises(StoreError) as refused:
            await store.database.aread(lambda c: c.execute(sa.text("SELECT nothing")))
        assert not isinstance(refused.value, Unavailable)


@_SERVERS
async def test_a_statement_timeout_costs_no_attempt(url: str) -> None:
    kind = sa.make_url(url).get_backend_name()
    async with Store.opened(url) as store:
        run = await queued(store)
        mariadb = store.database.read(lambda c: getattr(c.dialect, "is_mariadb", False))
        option = {
            "postgresql": f"options={quote('-c statement_timeout=100')}",
            "mysql": "init_command=" + quote("SET innodb_lock_wait_timeout = 1"),
        }[kind]
        if mariadb:
            option = "init_command=" + quote("SET max_statement_time = 0.1")
        locked = store.database.engine.connect()
        locked.execute(sa.select(runs).where(runs.c.id == run.id).with_for_update())
        async with Store.opened(f"{url}?{option}") as hurried:
            claiming = asyncio.ensure_future(hurried.claim(run.id))
            await asyncio.sleep(1.3)
            assert not claiming.done()
            locked.rollback()
            locked.close()
            lease = await claiming
            assert await hurried.hand_back(lease) is Status.QUEUED
        assert (await store.run(run.id)).attempts == 0


@_MYSQL
def test_a_lock_that_was_not_got_stops_what_needed_it(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialects, "_LOCK_SECONDS", 1)
    with _admin(url) as admin:
        assert admin.scalar(sa.select(sa.func.get_lock(str(dialects._LOCK), 5))) == 1
        engine = sa.create_engine(url)
        with pytest.raises(StoreError, match="Another process has been changing the tables"):
            migrate(engine)
        assert sa.inspect(engine).get_table_names() == []
        engine.dispose()


async def test_two_that_store_one_id_at_once_get_one_sentence(url: str) -> None:
    async with Store.opened(url) as one, Store.opened(url) as two:
        for number in range(20):
            both = [new_run(store, id=f"r{number}") for store in (one, two)]
            ends = await asyncio.gather(*both, return_exceptions=True)
            [lost] = [end for end in ends if isinstance(end, BaseException)]
            assert isinstance(lost, StoreError)
            assert "already" in str(lost)


@_SERVERS
async def test_a_deadlock_costs_nothing(url: str) -> None:
    async with Store.opened(url) as one, Store.opened(url) as two:
        ids = [(await new_run(one)).id for _ in range(2)]
        gate = threading.Barrier(2)
        first = [True, True]

        def crossing(place: int) -> Callable[[sa.Connection], int]:
            order = ids if place == 0 else ids[::-1]

            def work(connection: sa.Connection) -> int:
                connection.execute(sa.update(runs).where(runs.c.id == order[0]).values(priority=place))
                if first[place]:
                    first[place] = False
                    gate.wait(20)
                connection.execute(sa.update(runs).where(runs.c.id == order[1]).values(priority=place))
                return place

            return work

        works = one.database.awrite(crossing(0)), two.database.awrite(crossing(1))
        assert list(await asyncio.gather(*works)) == [0, 1]


async def test_a_run_that_was_deleted_is_lost_and_no_riddle(store: Store) -> None:
    lease = await new_lease(store)
    await store.database.awrite(lambda c: c.execute(sa.delete(runs)))
    with pytest.raises(LeaseLost):
        await store.hand_back(lease)


@_POSTGRES
def test_a_database_of_another_encoding_is_refused_when_it_is_opened(url: str) -> None:
    with _admin(url) as admin:
        admin.exec_driver_sql("DROP DATABASE IF EXISTS bw_latin")
        admin.exec_driver_sql("CREATE DATABASE bw_latin ENCODING 'LATIN1' TEMPLATE template0 LOCALE 'C'")
        try:
            with pytest.raises(StoreError, match="create one with ENCODING UTF8"):
                Database.open(sa.make_url(url).set(database="bw_latin").render_as_string(hide_password=False))
        finally:
            admin.exec_driver_sql("DROP DATABASE bw_latin")
