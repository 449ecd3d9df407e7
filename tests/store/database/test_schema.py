from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from branchwise.store.database import migrations
from branchwise.store.database.connection import connect
from branchwise.store.database.database import Database
from branchwise.store.database.schema import HEAD, VERSION_TABLE, migrate, revision
from branchwise.store.database.tables import metadata
from branchwise.store.database.upgrade import upgrade
from branchwise.store.errors import SchemaMismatch
from branchwise.store.store import Store
from tests.store.database.test_database import ROW

_SCRIPTS = ScriptDirectory(str(Path(migrations.__file__).parent))
_REVISIONS = [step.revision for step in _SCRIPTS.walk_revisions()][::-1]


_RENAMED = {"arm": "strategy", "vouch": "verified_by"}
"""Columns that revision 0004 renamed."""


def _shape(url: str) -> dict[str, object]:
    """All tables, columns, keys and views as the database itself tells them."""
    with connect(url) as engine, engine.connect() as connection:
        there = sa.inspect(connection)
        shape: dict[str, object] = {"views": sorted(there.get_view_names())}
        for table in there.get_table_names():
            columns = [(c["name"], str(c["type"]), c["nullable"]) for c in there.get_columns(table)]
            indexes = sorted((str(i["name"]), tuple(i["column_names"])) for i in there.get_indexes(table))
            keys = sorted((str(k["name"]), k["referred_table"]) for k in there.get_foreign_keys(table))
            shape[table] = (
                columns,
                there.get_pk_constraint(table)["constrained_columns"],
                indexes,
                keys,
            )
        return shape


def test_the_code_knows_the_last_revision() -> None:
    assert _SCRIPTS.get_current_head() == HEAD
    assert sorted(_REVISIONS) == _REVISIONS


@pytest.fixture
def second_url(url: str, tmp_path: Path) -> str:
    """Another name for a place like `url`: the same server database after it was emptied, or another file."""
    return url.replace("runs.sqlite", "second.sqlite")


def test_a_new_database_is_what_the_migrations_make(url: str, second_url: str) -> None:
    Database.open(url).close()
    made = _shape(url)
    if second_url == url:
        with connect(url) as engine, engine.begin() as connection:
            for view in sa.inspect(connection).get_view_names():
                connection.exec_driver_sql(f"DROP VIEW {view}")
            metadata.drop_all(connection)
            connection.exec_driver_sql(f"DROP TABLE {VERSION_TABLE}")
    assert upgrade(second_url) == (None, HEAD)
    assert _shape(second_url) == made
    with connect(second_url) as engine, engine.connect() as connection:
        options = {
            "include_name": lambda name, kind, _parents: not (kind == "table" and name == VERSION_TABLE)
        }
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []


def _fill(connection: sa.Connection) -> dict[str, dict[str, object]]:
    """Put one row into every table as it is now, and give them as they came to lie there."""
    there, rows = sa.MetaData(), {}
    there.reflect(connection)
    for table in there.sorted_tables:
        if table.name == VERSION_TABLE:
            continue
        row = {column.name: _value(column) for column in table.columns}
        if table.name == "nodes" and "state" in row:
            row["state"] = "sampled"
        if table.name == "runs":
            row |= {name: value for name, value in ROW.items() if name in table.c} | {"spec": "{}"}
        connection.execute(sa.insert(table).values(row))
        rows[table.name] = dict(connection.execute(sa.select(table)).mappings().one())
    return rows


def _value(column: sa.Column[Any]) -> object:
    words = {
        "state": "sampled" if column.table.name == "nodes" else "done",
        "vouch": "nothing",
        "verified_by": "none",
        "run_id": "r",
        "id": "0.0",
        "parent": "0",
    }
    word = words.get(column.name, "[7]")
    return {bytes: word.encode(), str: word, bool: True}.get(column.type.python_type, 1)


@pytest.mark.parametrize("old", _REVISIONS[:-1])
async def test_a_database_of_every_earlier_revision_is_upgraded(url: str, old: str) -> None:
    with connect(url) as engine:
        migrate(engine, old)
        with engine.begin() as connection:
            before = _fill(connection)
    assert len(before) >= 10
    with pytest.raises(SchemaMismatch, match="db upgrade"):
        Database.open(url)
    assert upgrade(url) == (old, HEAD)
    assert upgrade(url) == (HEAD, HEAD)
    with connect(url) as engine, engine.connect() as connection:
        there = sa.MetaData()
        there.reflect(connection)
        for name, row in before.items():
            now = dict(connection.execute(sa.select(there.tables[name])).mappings().one())
            for column, value in row.items():
                new = _RENAMED.get(column, column)
                assert now[new] == {"nothing": "none"}.get(value, value), (name, column)  # type: ignore[call-overload]
    async with Store.opened(url) as store:
        assert (await store.run("r")).spec == {}
        [call] = await store.calls("r")
        assert (call.state, call.response, call.usage.prompt_tokens) == ("done", [7], 1)
        assert (await store.usage("r")).tokens == 1
        assert len(await store.nodes("r")) == 2
        assert len(await store.decisions("r")) == len(await store.verdicts("r")) == 1


def test_a_newer_database_is_left_alone(url: str) -> None:
    Database.open(url).close()
    with connect(url) as engine, engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    before = _shape(url)
    with pytest.raises(SchemaMismatch, match="newer branchwise"):
        Database.open(url)
    with pytest.raises(SchemaMismatch, match="9999"):
        upgrade(url)
    assert _shape(url) == before
    with connect(url) as engine, engine.connect() as connection:
        assert revision(connection) == "9999"


def test_another_programs_tables_are_left_alone(sqlite_url: str) -> None:
    with connect(sqlite_url) as engine, engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE runs (distance INTEGER)")
    with pytest.raises(SchemaMismatch, match="no revision"):
        Database.open(sqlite_url)
    assert list(_shape(sqlite_url)) == ["views", "runs"]


def test_a_failing_step_leaves_the_database_as_it_was(sqlite_url: str) -> None:
    with connect(sqlite_url) as engine:
        migrate(engine, _REVISIONS[0])
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE VIEW strategy_costs AS SELECT 1 AS in_the_way")
        before = _shape(sqlite_url)
        with pytest.raises(sa.exc.OperationalError, match="already exists"):
            migrate(engine)
    assert _shape(sqlite_url) == before


def test_processes_that_open_a_new_database_together_make_it_once(url: str) -> None:
    script = "import sys; from branchwise.store.database.database import Database; Database.open(sys.argv[1]).close()"
    workers = [subprocess.Popen([sys.executable, "-c", script, url]) for _ in range(3)]
    assert [worker.wait() for worker in workers] == [0] * 3


async def test_opening_needs_no_alembic(sqlite_url: str) -> None:
    script = (
        "import sys\nfrom branchwise.store.store import Store\n"
        "from branchwise.store.database.database import Database\n"
        "Database.open(sys.argv[1]).close()\n"
        "assert not {'alembic', 'langgraph', 'networkx'} & set(sys.modules)\n"
    )
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", script, sqlite_url)
    assert await child.wait() == 0
