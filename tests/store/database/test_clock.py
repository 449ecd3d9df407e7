"""One clock: the database's, in UTC."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from branchwise.store.database.database import Database
from branchwise.store.database.dialects import now
from branchwise.store.database.tables import runs
from branchwise.store.store import Store
from tests.store.scripted_run import queued

_TWICE = 1_792_886_400.0
"""2026-10-25 00:00 UTC: in Berlin 02:00 of summer time, from when on an hour comes twice."""


def _zoned(url: str, zone: str) -> str:
    """The database at `url` by a session in another time zone, by a name that every server knows."""
    kind = sa.make_url(url).get_backend_name()
    if kind == "postgresql":
        return f"{url}?options={quote(f'-c timezone={zone}')}"
    offset = {"Asia/Kolkata": "+05:30", "America/New_York": "-05:00"}[zone]
    return f"{url}?init_command={quote(f'SET time_zone = {offset!r}')}" if kind == "mysql" else url


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "America/New_York"])
def test_a_session_in_another_time_zone_reads_the_same_clock(url: str, zone: str) -> None:
    database = Database.open(_zoned(url, zone))
    told = database.read(lambda c: c.scalar(sa.select(now())))
    database.close()
    assert told is not None
    assert abs(told - time.time()) < 5


async def test_a_submitter_whose_clock_is_wrong_changes_neither_order_nor_retention(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await queued(store)
    real, wrong = time.time, time.gmtime(time.time() - 40 * 86_400)
    monkeypatch.setattr(time, "time", lambda: real() - 40 * 86_400)
    monkeypatch.setattr(time, "gmtime", lambda *_: wrong)
    second = await queued(store)
    monkeypatch.undo()
    assert second.id < first.id  # the id shows the wrong time
    assert abs(second.created - time.time()) < 5
    leases = [await store.claim_next() for _ in range(2)]
    assert [lease.run_id if lease else None for lease in leases] == [first.id, second.id]
    for lease in leases:
        assert lease is not None
        await store.finish(lease, {})
    assert await store.prune(older_than=30 * 86_400) == []
    assert set(await store.prune(older_than=-5)) == {first.id, second.id}


async def test_runs_that_are_queued_together_are_worked_on_in_their_order(store: Store) -> None:
    rows = [store.describe(task="t", strategy="s", model="m", spec={}, queue="q") for _ in range(40)]
    made = [run.id for run in await store.create_runs(rows)]
    taken = [lease.run_id async for lease in _claimed(store)]
    assert taken == made


async def _claimed(store: Store):  # type: ignore[no-untyped-def]
    while (lease := await store.claim_next("q")) is not None:
        yield lease


@pytest.fixture
def berlin(tmp_path: Path) -> Iterator[Callable[[float], str]]:
    """A MariaDB of one's own in a zone with summer time; gives the URL of sessions that begin at some instant."""
    if shutil.which("mariadbd") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("mariadbd is not installed")
        pytest.skip("mariadbd is not installed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data, user = tmp_path / "d", "root" if os.geteuid() == 0 else os.environ["USER"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    made = ["mariadb-install-db", "--no-defaults", f"--user={user}", f"--datadir={data}"]
    subprocess.run([*made, "--auth-root-authentication-method=normal"], check=True, **quiet)  # type: ignore[call-overload]
    flags = [f"--user={user}", f"--datadir={data}", f"--port={port}", f"--socket={tmp_path}/s"]
    server = subprocess.Popen(
        ["mariadbd", "--no-defaults", *flags, "--bind-address=127.0.0.1", "--innodb-buffer-pool-size=32M"],
        env={**os.environ, "TZ": "Europe/Berlin"},
        **quiet,  # type: ignore[call-overload]
    )
    engine = sa.create_engine(f"mysql+pymysql://root@127.0.0.1:{port}/", isolation_level="AUTOCOMMIT")
    try:
        for _ in range(200):
            try:
                with engine.connect() as connection:
                    connection.exec_driver_sql("CREATE DATABASE b")
                break
            except sa.exc.OperationalError:
                time.sleep(0.1)
        yield lambda at: f"{engine.url}b?init_command={quote(f'SET timestamp={at}')}"
    finally:
        engine.dispose()
        server.terminate()
        server.wait()


@pytest.mark.mariadb
async def test_the_end_of_summer_time_moves_no_lease(berlin: Callable[[float], str]) -> None:
    for begin in (_TWICE - 5, _TWICE + 3595):  # before the hour comes first, and before it comes again
        async with Store.opened(berlin(begin)) as store:
            await store.create_run(task="t", strategy="s", model="m", spec={}, queue="q", id=f"r{begin}")
            lease = await store.claim_next("q")
            assert lease is not None
        async with Store.opened(berlin(begin + 10)) as store:
            assert await store.claim_next("q") is None  # 50 of 60 seconds are left
        async with Store.opened(berlin(begin + 70)) as store:
            other = await store.claim_next("q")
            assert other is not None  # and now they are over
            await store.finish(other, {})
            assert (await store.run(other.run_id)).elapsed == 0
            await store.database.awrite(lambda c: c.execute(sa.delete(runs)))
        async with Store.opened(berlin(begin)) as store:
            await store.create_run(task="t", strategy="s", model="m", spec={}, queue="q", id="e")
            lease = await store.claim_next("q")
            assert lease is not None
        async with Store.opened(berlin(begin + 10)) as store:
            await store.finish(lease, {})
            assert (await store.run("e")).elapsed == 10
            await store.database.awrite(lambda c: c.execute(sa.delete(runs)))
