"""Workers on a bad network, on a server that fails over, behind PgBouncer: short forms of tests.crash.network."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.network import bouncer, moved, short, survive
from tests.crash.postgres import PostgresMissingError, own_postgres, own_standby
from tests.store.conftest import _database_of

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(240)]


@pytest.fixture
def url() -> Iterator[str]:
    yield from _database_of("postgres")


async def test_delays_stalls_cuts_and_partitions_cost_no_completed_call(url: str) -> None:
    found = await survive(url, short, runs=150)
    assert found.well, found


async def test_a_standby_takes_over_in_mid_work() -> None:
    try:
        with own_postgres() as primary:
            with own_standby(primary) as standby:
                found = await survive(primary.url, moved(primary, standby), runs=60, direct=standby.url)
            primary.resume()
    except PostgresMissingError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))
    assert found.well, found


@pytest.mark.skipif(
    not (shutil.which("pgbouncer") or Path("/usr/sbin/pgbouncer").exists()),
    reason="pgbouncer is not installed",
)
async def test_pgbouncer_in_transaction_mode(url: str) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with bouncer(url, port) as through:
        found = await survive(through, short, runs=100, direct=url)
    assert found.well, found
