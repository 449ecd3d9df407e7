"""Databases that earlier revisions' code has written, with a run that is done and one that was interrupted."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from branchwise.graphs.search.run import resume
from branchwise.models.scripted import scripted
from branchwise.store.database.connection import connect
from branchwise.store.database.schema import HEAD, VERSION_TABLE, migrate, revision
from branchwise.store.database.upgrade import upgrade
from branchwise.store.errors import SchemaMismatch
from branchwise.store.rows import CallState, Status
from branchwise.store.store import Store
from tests.store.database.test_schema import _REVISIONS
from tests.store.databases.write import HERE, write

_DUMPS = {dump.stem: dump for dump in HERE.glob("*.sql")}


def _rows(path: Path) -> dict[str, list[dict[str, Any]]]:
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    rows = {
        name: [dict(row) for row in connection.execute(f'SELECT * FROM "{name}"')]
        for (name,) in names
        if name not in {VERSION_TABLE, "sqlite_sequence"}
    }
    connection.close()
    return rows


def _like(rows: list[dict[str, Any]], old: list[dict[str, Any]]) -> list[str]:
    """The rows with the columns that `old` has, in one order and in today's words."""
    columns = sorted(old[0]) if old else []
    return sorted(repr([_word(row, name) for name in columns]) for row in rows)


def _word(row: dict[str, Any], name: str) -> Any:
    """The value of the column that an earlier version called `name`."""
    new = {"arm": "strategy", "vouch": "verified_by"}.get(name, name)
    value = row[new] if new in row else row[name]
    return {"sound": "program", "nothing": "none"}.get(value, value) if new == "verified_by" else value


def test_every_revision_has_left_a_database() -> None:
    # No code was ever released at the first: it is the second's without its views.
    assert sorted(_DUMPS) == _REVISIONS[1:], f"python -m tests.store.databases.write, at {HEAD}"


@pytest.fixture(params=sorted(_DUMPS))
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    where = tmp_path / f"{request.param}.sqlite"
    connection = sqlite3.connect(where)
    connection.executescript(_DUMPS[request.param].read_text(encoding="utf-8"))
    connection.close()
    return where


async def test_what_it_wrote_is_kept_shown_and_finished(path: Path) -> None:
    before = _rows(path)
    assert sum(len(rows) for rows in before.values()) > 30
    if path.name != f"{HEAD}.sqlite":
        with pytest.raises(SchemaMismatch, match="db upgrade"):
            await Store.open(str(path))
        assert _rows(path) == before
    assert upgrade(str(path)) == (path.stem, HEAD)
    after = _rows(path)
    for name, rows in before.items():
        assert _like(after[name], rows) == _like(rows, rows), name
    async with Store.opened(str(path)) as store:
        by_status = {run.status: run for run in await store.runs()}
        done, left = by_status[Status.DONE], by_status[Status.PAUSED]
        tree = await store.nodes(done.id)
        assert len(tree) == 4
        assert tree.best is not None
        assert done.result["answer"] == tree.best.answer  # type: ignore[index,call-overload]
        known = {call.key for call in await store.calls(left.id) if call.state is CallState.DONE}
        assert len(known) >= 2
        model = scripted(write)
        result = await resume(left.id, store=store, model=model, on_change="accept")
        assert result.nodes == 3
        calls = [call.key for call in await store.calls(left.id) if call.state is CallState.DONE]
        assert len(calls) == len(set(calls)) == len(known) + model.calls
        assert await store.export(left.id)


def test_threads_that_upgrade_databases_at_once_do_not_mix_them_up(tmp_path: Path) -> None:
    def made(number: int) -> str | None:
        with connect(f"sqlite:///{tmp_path}/{number}.sqlite") as engine:
            migrate(engine, _REVISIONS[0])
            migrate(engine)
            with engine.connect() as connection:
                return revision(connection)

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(made, range(24))) == {HEAD}
