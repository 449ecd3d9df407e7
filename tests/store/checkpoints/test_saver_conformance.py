"""The whole public suite for LangGraph checkpointers, on every database."""

from __future__ import annotations

from collections.abc import AsyncIterator

from langgraph.checkpoint.conformance import checkpointer_test, validate

from branchwise.store import SQLAlchemySaver
from branchwise.store.database.database import Database

CAPABILITIES = {
    "put": 17,
    "put_writes": 10,
    "get_tuple": 10,
    "list": 16,
    "delete_thread": 5,
    "delete_for_runs": 7,
    "copy_thread": 8,
    "prune": 8,
}


async def test_saver_passes_the_whole_suite(database: Database) -> None:
    await _assert_conforms(database)


async def test_saver_passes_the_whole_suite_in_memory() -> None:
    database = Database.open("sqlite://")
    try:
        await _assert_conforms(database)
    finally:
        database.close()


async def _assert_conforms(database: Database) -> None:
    @checkpointer_test(name=f"SQLAlchemySaver on {database.engine.dialect.name}")
    async def registered() -> AsyncIterator[SQLAlchemySaver]:
        yield SQLAlchemySaver(database)

    report = await validate(registered)
    for name, result in report.results.items():
        assert not result.failures, f"{name}: {result.failures}"
    assert {name: result.tests_passed for name, result in report.results.items()} == CAPABILITIES
    assert report.passed_all()
