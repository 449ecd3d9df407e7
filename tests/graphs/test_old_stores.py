"""A store that version 0.1 wrote, brought to today's columns: what was finished reads the same, the rest resumes."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

import branchwise
from branchwise.environments.scripted import Door, scripted
from branchwise.graphs.runtime.spec import spec_of
from branchwise.graphs.search.result import result_of
from branchwise.graphs.web.request import input_of
from branchwise.graphs.web.run import resume_web
from branchwise.store.database.connection import connect
from branchwise.store.database.schema import VERSION_TABLE, migrate
from branchwise.store.database.upgrade import upgrade
from branchwise.store.records import NodeState, VerifiedBy
from branchwise.store.rows import CallState, Status
from branchwise.store.store import Store
from tests.graphs.web.test_web import walker

DUMP = Path(__file__).parents[1] / "store/databases/runs/508207a.sql"
DONE, LEFT, QUEUED = "20261130-123230-3b795ad4", "20261130-123230-62ef32aa", "20261130-123231-2e6a58b7"
WEB_DONE, WEB_LEFT, WEB_WAITING = (
    "20261130-123231-26fd5822",
    "20261130-123231-006b60ed",
    "20261130-123232-6aa7a66e",
)


@pytest.fixture
def old(url: str, tmp_path: Path) -> str:
    """The store on each database, upgraded."""
    path = tmp_path / "old.sqlite"
    with sqlite3.connect(path) as file:
        file.executescript(DUMP.read_text(encoding="utf-8"))
    file.close()
    with connect(f"sqlite:///{path}") as engine, engine.connect() as connection:
        source = sa.MetaData()
        source.reflect(connection)
        rows = {
            table.name: [dict(row) for row in connection.execute(sa.select(table)).mappings()]
            for table in source.sorted_tables
            if table.name != VERSION_TABLE
        }
    with connect(url) as engine:
        migrate(engine, "0003")
        with engine.begin() as connection:
            target = sa.MetaData()
            target.reflect(connection)
            for name, some in rows.items():
                if some:
                    connection.execute(
                        sa.insert(target.tables[name]), [_typed(target.tables[name], r) for r in some]
                    )
    upgrade(url)
    return url


def _typed(table: sa.Table, row: dict[str, object]) -> dict[str, object]:
    """The row with values as this database takes them; its own counter gives the ids of events."""
    return {
        name: _value(table.c[name].type, value)
        for name, value in row.items()
        if not (name == "id" and table.c[name].autoincrement is True)
    }


def _value(kind: sa.types.TypeEngine[object], value: object) -> object:
    if isinstance(kind, sa.Boolean):
        return bool(value)
    binary = isinstance(kind, sa.types._Binary)
    return value.encode() if binary and isinstance(value, str) else value


async def _calls(store: Store, run_id: str) -> list[str]:
    return [call.key for call in await store.calls(run_id) if call.state is CallState.DONE]


async def test_what_was_finished_reads_the_same(old: str) -> None:
    async with Store.opened(old) as store:
        result = result_of((await store.run(DONE)).result)
        assert (result.answer, result.reason, result.verified_by) == (
            "Monday, 10:30 - 11:30",
            "exhausted",
            VerifiedBy.PROGRAM,
        )
        tree = await store.nodes(DONE)
        assert {node.strategy for node in tree if node.parent} == {"tree_of_thoughts"}
        assert {node.state for node in tree} == {NodeState.SAMPLED}
        pages = await store.nodes(WEB_DONE)
        assert {node.state for node in pages if node.score == 1.0} == {NodeState.VISITED}
        assert {node.state for node in await store.nodes(WEB_WAITING) if node.failed} == {NodeState.HELD}
        reached = await branchwise.resume(WEB_DONE, store=store)
        assert (reached.solved, reached.verified_by) == (True, VerifiedBy.PROGRAM)


async def test_options_of_a_web_run_are_read_under_their_new_names(old: str) -> None:
    async with Store.opened(old) as store:
        runs = [input_of(spec_of((await store.run(name)).spec)) for name in (WEB_DONE, WEB_WAITING)]
    assert [
        (run.options.max_pages, run.options.value_samples, run.options.max_approvals) for run in runs
    ] == [
        (12, 2, 3),
        (4, 2, 1),
    ]
    assert all(run.environment_spec is None and run.screenshots is None for run in runs)


async def test_a_finished_search_replays_bit_by_bit(old: str) -> None:
    replayed = await branchwise.replay(DONE, store=old)
    assert not replayed.differences


async def test_an_interrupted_search_resumes_without_a_call_made_twice(old: str) -> None:
    async with Store.opened(old) as store:
        before = await _calls(store, LEFT)
        assert before
        result = await branchwise.resume(LEFT, store=store)
        after = await _calls(store, LEFT)
        assert after[: len(before)] == before
        assert len(after) == len(set(after))
        assert result.nodes >= 2
        assert (await store.run(LEFT)).status is Status.DONE


async def test_a_queued_search_is_taken_by_a_worker(old: str) -> None:
    assert await branchwise.work(store=old, until_empty=True) == 1
    async with Store.opened(old) as store:
        assert (await store.run(QUEUED)).status is Status.DONE


async def test_an_interrupted_web_run_resumes(old: str) -> None:
    async with Store.opened(old) as store:
        before = await _calls(store, WEB_LEFT)
    result = await resume_web(WEB_LEFT, scripted(), model=walker(), store=old)
    assert result.solved
    async with Store.opened(old) as store:
        after = await _calls(store, WEB_LEFT)
    assert after[: len(before)] == before
    assert len(after) == len(set(after))


async def test_a_waiting_web_run_takes_its_answer(old: str) -> None:
    house = scripted(
        {"hall": {"burn the letter": Door(to="burnt", writes="letter burnt")}, "burnt": {}}, goal="burnt"
    )
    result = await resume_web(WEB_WAITING, house, model=walker(), store=old, answer=True)
    assert result.solved
    assert result.actions == ("burn the letter",)
