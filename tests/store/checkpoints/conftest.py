"""The databases that the checkpointer is tried on."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import exc

from branchwise.store import SQLAlchemySaver
from branchwise.store.database.database import Database

SERVERS = {
    "postgresql": ("BRANCHWISE_TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432/test"),
    "mariadb": ("BRANCHWISE_TEST_MARIADB", "mysql+pymysql://root@127.0.0.1:3306/test"),
    "mysql": ("BRANCHWISE_TEST_MYSQL", ""),
}


@pytest.fixture(scope="session")
def saver_servers() -> Iterator[dict[str, str]]:
    """URLs of databases made for this session alone, filled as they are asked for."""
    made: dict[str, str] = {}
    yield made
    for kind, url in made.items():
        _on_server(kind, f"DROP DATABASE {sa.make_url(url).database}")


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("postgresql", marks=pytest.mark.postgres),
        pytest.param("mariadb", marks=pytest.mark.mariadb),
        *(["mysql"] if os.environ.get("BRANCHWISE_TEST_MYSQL") else []),
    ]
)
def url(request: pytest.FixtureRequest, tmp_path: Path, saver_servers: dict[str, str]) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'checkpoints.sqlite'}"
    if request.param not in saver_servers:
        saver_servers[request.param] = _make_database(request.param)
    return saver_servers[request.param]


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    database = Database.open(url)
    yield database
    database.close()


@pytest.fixture
def saver(database: Database) -> SQLAlchemySaver:
    return SQLAlchemySaver(database)


@pytest.fixture
def thread() -> str:
    return f"thread-{secrets.token_hex(8)}"


def _make_database(kind: str) -> str:
    variable, default = SERVERS[kind]
    server = os.environ.get(variable, default)
    name = f"bw_saver_{secrets.token_hex(6)}"
    try:
        _on_server(kind, f"CREATE DATABASE {name}")
    except exc.OperationalError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"no {kind} at {variable}: {error.orig}")
    return sa.make_url(server).set(database=name).render_as_string(hide_password=False)


def _on_server(kind: str, statement: str) -> None:
    engine = sa.create_engine(os.environ.get(*SERVERS[kind]), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)
    finally:
        engine.dispose()
