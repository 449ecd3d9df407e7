from __future__ import annotations

import asyncio
import random
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import exc

from branchwise.store.database.columns import now
from branchwise.store.database.database import Database
from branchwise.store.database.dialects import upsert
from branchwise.store.database.tables import runs, texts
from branchwise.store.errors import StoreError
from branchwise.store.store import Store
from tests.store.scripted_run import new_run

ROW = {
    "id": "r",
    "status": "done",
    "priority": 0,
    "task": "t",
    "strategy": "s",
    "model": "m",
    "seed": 0,
    "spec": {},
    "code_version": "1",
    "on_change": "fail",
    "lease_until": 0.0,
    "epoch": 0,
    "attempts": 0,
    "max_attempts": 1,
    "elapsed": 0.0,
    "seen": 0.0,
    "created": 0.0,
}


def _count(connection: sa.Connection) -> int:
    return int(connection.scalar(sa.select(sa.func.count()).select_from(texts)) or 0)


def _adding(name: str) -> Callable[[sa.Connection], None]:
    def add(connection: sa.Connection) -> None:
        connection.execute(sa.insert(texts).values(run_id="r", hash=name, body="x"))

    return add


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    opened = Database.open(url)
    opened.write(lambda c: c.execute(sa.insert(runs), ROW))
    yield opened
    opened.close()


def test_a_failing_work_fails_alone(database: Database) -> None:
    gate = threading.Event()
    database.submit(lambda c: gate.wait())  # what follows lands in one group
    good = [database.submit(_adding(f"good{i}")) for i in range(5)]
    bad = database.submit(_adding("good0"))
    more = [database.submit(_adding(f"more{i}")) for i in range(5)]
    gate.set()
    for future in good + more:
        assert future.result() is None
    with pytest.raises(exc.IntegrityError):
        bad.result()
    assert database.read(_count) == 10


async def test_the_writer_survives_a_storm_of_cancellations(database: Database) -> None:
    dice = random.Random(5)
    tasks = [asyncio.create_task(database.awrite(_adding(f"k{i}"))) for i in range(400)]
    for task in dice.sample(tasks, 300):
        if dice.random() < 0.5:
            await asyncio.sleep(0)
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(result is None or isinstance(result, asyncio.CancelledError) for result in results)
    begun = sum(result is None for result in results)
    assert begun >= 100
    await database.awrite(lambda c: None)
    assert begun <= await database.aread(_count) <= 400


async def test_a_cancelled_await_does_not_cancel_the_write(database: Database) -> None:
    gate = threading.Event()
    database.submit(lambda c: gate.wait())
    task = asyncio.create_task(database.awrite(_adding("kept")))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    gate.set()
    await database.awrite(lambda c: None)
    assert await database.aread(_count) == 1


def test_closing_commits_what_is_queued(url: str) -> None:
    database = Database.open(url)
    database.write(lambda c: c.execute(sa.insert(runs), ROW))
    futures = [database.submit(_adding(f"k{i}")) for i in range(300)]
    database.close()
    database.close()
    assert all(future.result() is None for future in futures)
    with pytest.raises(StoreError, match="closed"):
        database.submit(lambda c: None)
    again = Database.open(url)
    assert again.read(_count) == 300
    again.close()


@pytest.mark.parametrize("url", ["postgres"], indirect=True)
def test_a_connection_in_use_while_the_others_are_dropped_is_closed_in_the_end(database: Database) -> None:
    in_use = database.engine.connect()
    held = in_use.connection.dbapi_connection
    assert held is not None
    database._drop_connections()
    assert in_use.scalar(sa.text("SELECT 1")) == 1
    in_use.close()
    database.close()
    assert held.closed


def test_times_keep_their_microseconds(database: Database) -> None:
    precise = 1_795_485_162.123457
    database.write(lambda c: c.execute(sa.update(runs).values(created=precise)))
    assert database.read(lambda c: c.scalar(sa.select(runs.c.created))) == precise
    first, second = (database.read(lambda c: c.execute(sa.select(now())).scalar_one()) for _ in range(2))
    assert isinstance(first, float)
    assert second >= first > 1_700_000_000


def test_upsert_keeps_or_overwrites_and_hides_no_other_error(database: Database) -> None:
    dialect = database.engine.dialect.name
    old = {"run_id": "r", "hash": "h", "body": "old"}
    new = {**old, "body": "new"}

    def body(connection: sa.Connection) -> str | None:
        return connection.scalar(sa.select(texts.c.body))

    database.write(lambda c: c.execute(upsert(texts, dialect), old))
    database.write(lambda c: c.execute(upsert(texts, dialect), new))
    assert database.read(body) == "old"
    database.write(lambda c: c.execute(upsert(texts, dialect, ("body",)), new))
    assert database.read(body) == "new"
    with pytest.raises(exc.IntegrityError):
        database.write(lambda c: c.execute(upsert(texts, dialect), {**old, "run_id": "no such run"}))
    with pytest.raises(exc.IntegrityError):
        database.write(lambda c: c.execute(upsert(texts, dialect), {**old, "hash": "i", "body": None}))


def test_keys_are_compared_byte_by_byte(database: Database) -> None:
    for name in ("a", "A", "n" * 32):
        database.write(_adding(name))
    assert database.read(_count) == 3


def test_a_work_cannot_wait_for_another(database: Database) -> None:
    with pytest.raises(RuntimeError, match="cannot queue"):
        database.write(lambda c: database.write(lambda d: None))


def test_an_sqlite_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "runs.sqlite"
    database = Database.open(f"sqlite:///{path}")
    database.write(lambda c: c.execute(sa.insert(runs), ROW))
    files = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert files == dict.fromkeys(("runs.sqlite", "runs.sqlite-wal", "runs.sqlite-shm"), 0o600)
    database.close()
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_store_in_memory_works_from_every_thread() -> None:
    database = Database.open("sqlite://")
    database.write(lambda c: c.execute(sa.insert(runs), ROW))
    database.write(_adding("k"))
    assert database.read(_count) == 1
    database.close()


_WRITE_MANY = """
import sys
import sqlalchemy as sa
from branchwise.store.database.database import Database
from branchwise.store.database.tables import texts
database = Database.open(sys.argv[1])
for i in range(60):
    row = {"run_id": "r", "hash": f"w{sys.argv[2]}-{i}", "body": "x"}
    database.write(lambda c: c.execute(sa.insert(texts), row) and None)
database.close()
"""


def test_four_writers_of_one_file_never_see_a_lock(sqlite_url: str) -> None:
    database = Database.open(sqlite_url)
    database.write(lambda c: c.execute(sa.insert(runs), ROW))
    workers = [subprocess.Popen([sys.executable, "-c", _WRITE_MANY, sqlite_url, str(i)]) for i in range(4)]
    assert [worker.wait() for worker in workers] == [0] * 4
    assert database.read(_count) == 240
    database.close()


async def test_a_full_disk_is_one_clear_error(sqlite_url: str) -> None:
    database = Database.open(sqlite_url)
    database.write(lambda c: c.execute(sa.insert(runs), ROW))
    database.write(_adding("before"))
    pages = database.read(lambda c: c.exec_driver_sql("PRAGMA page_count").scalar_one())

    @sa.event.listens_for(database.engine, "begin")
    def limit(connection: sa.Connection) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    big = {"run_id": "r", "hash": "big", "body": "x" * 1_000_000}
    with pytest.raises(StoreError, match="disk is full"):
        await database.awrite(lambda c: c.execute(sa.insert(texts), big))
    assert database.read(_count) == 1
    database.close()
    assert _checked(sqlite_url) == "ok"


def _checked(url: str) -> str:
    with sqlite3.connect(sa.make_url(url).database or "") as connection:
        verdict: str = connection.execute("PRAGMA integrity_check").fetchone()[0]
    connection.close()
    return verdict


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear reader, " * 1000)
    with pytest.raises(StoreError, match="not an SQLite database"):
        Database.open(f"sqlite:///{path}")
    assert path.read_text() == "Dear reader, " * 1000
    assert [child.name for child in tmp_path.iterdir()] == ["letter.txt"]


async def test_a_damaged_file_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"
    database = Database.open(str(path))
    database.write(lambda c: c.execute(sa.insert(runs), ROW))
    database.close()
    whole = path.read_bytes()
    damaged = whole[:4096] + b"\xff" * (len(whole) - 4096)
    path.write_bytes(damaged)
    with pytest.raises(StoreError, match="damaged"):
        Database.open(str(path)).read(lambda c: c.execute(sa.select(runs)).all())
    assert path.read_bytes()[:4096] == whole[:4096]


def test_a_database_opened_for_reading_says_so(tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"
    Database.open(str(path)).close()
    before = path.read_bytes()
    database = Database.open(f"sqlite:///file:{path}?mode=ro&uri=true")
    assert database.read(_count) == 0
    with pytest.raises(StoreError, match="cannot be written"):
        database.write(lambda c: c.execute(sa.insert(runs), ROW))
    database.close()
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("sqlite:////proc/nowhere/runs.sqlite", "cannot be made"),
        ("sqlite:////", "is a folder"),
        ("oracle://somewhere/runs", "not supported"),
        ("nonsense://x", "not supported|not a database URL"),
        ("://", "not a database URL"),
        ("postgresql://postgres@127.0.0.1:1/none?connect_timeout=2", "does not do what was asked"),
    ],
)
def test_an_unusable_place_is_one_clear_error(url: str, says: str) -> None:
    with pytest.raises(StoreError, match=says):
        Database.open(url)


async def test_an_id_is_taken_once(url: str) -> None:
    async with Store.opened(url) as store:
        run = await new_run(store, id="mine")
        assert (await store.run("mine")) == run
        with pytest.raises(StoreError, match="already"):
            await new_run(store, id="mine")
