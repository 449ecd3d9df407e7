"""A fresh database of each kind for every test."""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import exc

from branchwise.store.store import Store

SERVERS = {
    "postgres": os.environ.get(
        "BRANCHWISE_TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432/test"
    ),
    "mariadb": os.environ.get("BRANCHWISE_TEST_MARIADB", "mysql+pymysql://root@127.0.0.1:3306/test"),
    "mysql": os.environ.get("BRANCHWISE_TEST_MYSQL", ""),
}
DATABASES = [
    "sqlite",
    pytest.param("postgres", marks=pytest.mark.postgres),
    pytest.param("mariadb", marks=pytest.mark.mariadb),
    *(["mysql"] if SERVERS["mysql"] else []),  # few have it beside MariaDB
]


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/runs.sqlite"
        return
    yield from _database_of(str(request.param))


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of an SQLite file that is not there yet."""
    return f"sqlite:///{tmp_path}/runs.sqlite"


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    """An open store."""
    async with Store.opened(url) as opened:
        yield opened


@pytest.fixture
async def lite(sqlite_url: str) -> AsyncIterator[Store]:
    """An open store on SQLite, for what does not depend on the database."""
    async with Store.opened(sqlite_url) as opened:
        yield opened


def _database_of(kind: str) -> Iterator[str]:
    server = sa.create_engine(SERVERS[kind], isolation_level="AUTOCOMMIT")
    name = f"bw_test_{secrets.token_hex(6)}"
    try:
        try:
            with server.connect() as connection:
                connection.exec_driver_sql(f"CREATE DATABASE {name}")
        except exc.OperationalError as error:
            if os.environ.get("CI") == "true":
                raise
            pytest.skip(f"{kind} is not there: {error.orig}")
        yield server.url.set(database=name).render_as_string(hide_password=False)
        with server.connect() as connection:
            force = " WITH (FORCE)" if kind == "postgres" else ""
            connection.exec_driver_sql(f"DROP DATABASE {name}{force}")
    finally:
        server.dispose()
