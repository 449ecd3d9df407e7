"""Between us and PostgreSQL: a pooler, a search path, options in the URL."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from branchwise.graphs.runtime import worker
from branchwise.graphs.search.submit import submit
from branchwise.store.checkpoints.saver import SQLAlchemySaver
from branchwise.store.database.connection import connect
from branchwise.store.database.database import Database
from branchwise.store.database.notices import listen
from branchwise.store.database.schema import HEAD, migrate
from branchwise.store.database.upgrade import upgrade
from branchwise.store.errors import BadInput, SchemaMismatch, StoreError
from branchwise.store.records import Usage
from branchwise.store.rows import Status
from branchwise.store.store import Store
from tests.graphs.search.test_worker import ASK, answering
from tests.store.scripted_run import queued

pytestmark = [pytest.mark.postgres, pytest.mark.parametrize("url", ["postgres"], indirect=True)]


@pytest.fixture
def pooled(url: str, tmp_path: Path) -> Iterator[str]:
    """The same database behind PgBouncer in transaction mode, with fewer connections than there are clients."""
    if shutil.which("pgbouncer") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("pgbouncer is not installed")
        pytest.skip("pgbouncer is not installed")
    place = sa.make_url(url)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = tmp_path / "b.ini"
    lines = [
        *("[databases]", f"* = host={place.host} port={place.port or 5432} user={place.username}"),
        *("[pgbouncer]", "listen_addr=127.0.0.1", f"listen_port={port}", "auth_type=any", "unix_socket_dir="),
        *("pool_mode=transaction", "default_pool_size=2"),
        *(["max_prepared_statements=0"] if _version() >= (1, 21) else []),
        *(["user=nobody"] if os.geteuid() == 0 else []),
    ]
    settings.write_text("\n".join(lines))
    for folder in (tmp_path, *list(tmp_path.parents)[:2]):
        folder.chmod(0o755)
    server = subprocess.Popen(["pgbouncer", str(settings)], stderr=subprocess.DEVNULL)
    through = place.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)
    engine = sa.create_engine(through)
    try:
        for _ in range(100):
            try:
                engine.connect().close()
                break
            except sa.exc.OperationalError:
                time.sleep(0.1)
        engine.dispose()
        yield through
    finally:
        server.terminate()
        server.wait()


def _version() -> tuple[int, ...]:
    said = subprocess.run(["pgbouncer", "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(int(part) for part in said.split()[1].split(".")[:2])


async def test_a_pooler_in_transaction_mode_mixes_nothing_up(pooled: str) -> None:
    async with Store.opened(pooled) as one, Store.opened(pooled) as two, Store.opened(pooled) as three:
        made = {(await queued(one)).id for _ in range(9)}

        async def send() -> tuple[dict[str, int], Usage]:
            return {"x": 1}, Usage(calls=1)

        async def work(store: Store) -> None:
            while (lease := await store.claim_next()) is not None:
                async with store.held(lease):
                    ledger = await store.ledger(lease)
                    await asyncio.gather(*(ledger(f"k{i}", {"q": i}, send) for i in range(8)))
                    await store.finish(lease, {"answer": 1})

        await asyncio.gather(work(one), work(two), work(three))
        for store in (one, two, three):  # found out by itself
            assert store.database.read(lambda c: c.connection.dbapi_connection.prepare_threshold) is None  # type: ignore[union-attr]
        runs = await one.runs()
        assert {run.id for run in runs} == made
        assert {(run.status, run.attempts) for run in runs} == {(Status.DONE, 0)}
        saver = SQLAlchemySaver(two.database)
        config = {"configurable": {"thread_id": "t", "checkpoint_ns": "", "checkpoint_id": "1"}}
        await asyncio.gather(*(saver.aput_writes(config, [("c", i)], f"t{i}") for i in range(20)))  # type: ignore[arg-type]


async def test_nobody_listens_through_a_pooler_and_a_worker_polls(
    pooled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_POLL", 0.1)
    async with Store.opened(pooled) as store, asyncio.timeout(30):
        async with asyncio.timeout(10):  # returns at once
            await listen(store.database.engine, lambda queue: pytest.fail("heard something"))
        working = asyncio.create_task(worker.work(store=pooled, model=answering()))
        await asyncio.sleep(0.2)
        [run_id] = await submit(["p"], store=store, **ASK)
        while (await store.run(run_id)).status is not Status.DONE:
            await asyncio.sleep(0.01)
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working


async def test_prepared_statements_are_an_option_of_the_url(url: str) -> None:
    for given, expected in (("", 5), ("?prepare_threshold=none", None), ("?prepare_threshold=3", 3)):
        database = Database.open(url + given)
        assert database.read(lambda c: c.connection.dbapi_connection.prepare_threshold) == expected  # type: ignore[union-attr]
        database.close()
    for wrong in ("-1", "many", "1.5", "x"):
        with pytest.raises(BadInput, match="whole number or `none`"):
            Database.open(f"{url}?prepare_threshold={wrong}")


def _on(url: str, path: str) -> str:
    return f"{url}?options={quote(f'-c search_path={path}')}"


async def test_tables_of_others_on_the_search_path_are_not_taken_for_ours(url: str) -> None:
    admin = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        for statement in (
            "CREATE TABLE public.runs (run_uuid varchar(32) PRIMARY KEY)",  # MLflow's
            "CREATE TABLE public.nodes (id int)",
            "CREATE SCHEMA bw",
            "CREATE SCHEMA later",
        ):
            connection.exec_driver_sql(statement)
    async with Store.opened(_on(url, "bw,public")) as store:
        run = await queued(store)
    assert upgrade(_on(url, "bw,public")) == (HEAD, HEAD)
    async with Store.opened(_on(url, "bw")) as store:
        assert [one.id for one in await store.runs()] == [run.id]
    # Our own tables behind an empty schema are another store, too.
    with connect(_on(url, "later,bw")) as engine:
        migrate(engine, "0004")
    with pytest.raises(SchemaMismatch, match="db upgrade"):
        Database.open(_on(url, "later,bw"))
    assert upgrade(_on(url, "later,bw")) == ("0004", HEAD)
    async with Store.opened(_on(url, "later,bw")) as store:
        assert await store.runs() == []
    with pytest.raises(StoreError, match="No schema of the connection's search_path exists"):
        Database.open(_on(url, "nowhere"))
    with pytest.raises(SchemaMismatch, match="another program made them"):
        Database.open(url)
    admin.dispose()
