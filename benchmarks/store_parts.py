"""What a run leaves in the store, by part: bytes of each table on disk, and the columns with the most content.

    python -m benchmarks.store_parts --runs 200 [--postgres] [--strategy auto]

Searches with a model that takes no time and writes about 600 characters a sample. Sizes on SQLite are pages of the
tables and their indexes (dbstat) after a checkpoint of the log; on PostgreSQL, in a server of our own, total relation
sizes beyond those of empty tables.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from branchwise.graphs.runtime.worker import work
from branchwise.graphs.search.submit import submit
from branchwise.models.protocol import SampleRequest
from branchwise.models.scripted import scripted
from branchwise.store.database.tables import metadata
from branchwise.store.records import Budget
from branchwise.store.store import Store
from tests.crash.postgres import own_postgres

_WORDS = (
    "the",
    "of",
    "to",
    "and",
    "in",
    "that",
    "it",
    "is",
    "for",
    "on",
    "with",
    "as",
    "one",
    "two",
    "seven",
)
_COLUMNS = 8
"""Largest columns shown."""


def write(request: SampleRequest, seed: int) -> str:
    """About 600 characters, or a verifier's score."""
    if '"Score: "' in request.messages[-1].content:
        return f"It follows the steps and its numbers are right, as far as one can see.\nScore: {seed % 90}"
    said = " ".join(random.Random(seed).choices(_WORDS, k=140))
    return f"{said}.\n\nAnswer: {seed}"


async def fill(url: str, runs: int, strategy: str) -> int:
    """Work on that many searches; returns the number of calls."""
    problems = [f"Problem {i}: {' '.join(random.Random(i).choices(_WORDS, k=60))}?" for i in range(runs)]
    async with Store.opened(url) as store:
        if problems:
            await submit(
                problems,
                task="text",
                strategy=strategy,
                model="scripted:script",
                budget=Budget(tokens=60_000),
                store=store,
            )
        await work(store=store, model=scripted(write), until_empty=True, concurrency=16)
        return sum([(await store.usage(run.id)).calls for run in await store.runs()])


def sizes(connection: sa.Connection) -> dict[str, int]:
    """Bytes on disk by table, indexes included."""
    names = [*metadata.tables]
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        query = "SELECT m.tbl_name, SUM(s.pgsize) FROM dbstat s JOIN sqlite_master m ON m.name = s.name GROUP BY 1"
        found = {name: int(size) for name, size in connection.exec_driver_sql(query)}
        return {name: found.get(name, 0) for name in names}
    size = sa.text("SELECT pg_total_relation_size(CAST(:name AS regclass))")
    return {name: int(connection.scalar(size, {"name": name}) or 0) for name in names}


def columns(connection: sa.Connection) -> dict[str, int]:
    """Bytes of content by column, largest first."""
    length = (
        "LENGTH(CAST({} AS BLOB))"
        if connection.dialect.name == "sqlite"
        else "OCTET_LENGTH(CAST({} AS TEXT))"
    )
    found: dict[str, int] = {}
    for table in metadata.tables.values():
        for column in table.columns:
            query = f"SELECT COALESCE(SUM({length.format(column.name)}), 0) FROM {table.name}"
            if not isinstance(column.type, sa.LargeBinary) and column.name != "value":
                found[f"{table.name}.{column.name}"] = int(connection.exec_driver_sql(query).scalar() or 0)
    return dict(sorted(found.items(), key=lambda one: -one[1]))


@contextmanager
def _place(*, postgres: bool) -> Iterator[str]:
    if postgres:
        with own_postgres() as cluster:
            yield cluster.url
    else:
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:///{folder}/runs.sqlite"


def measure(runs: int, strategy: str, *, postgres: bool) -> dict[str, object]:
    """Bytes a run and a call, by part."""
    with _place(postgres=postgres) as url:
        asyncio.run(fill(url, 0, strategy))
        engine = sa.create_engine(url)
        with engine.connect() as connection:
            empty = sizes(connection)
        calls = asyncio.run(fill(url, runs, strategy))
        with engine.connect() as connection:
            full, content = sizes(connection), columns(connection)
        engine.dispose()
    grown = {name: full[name] - empty[name] for name in full}
    total = sum(grown.values())
    return {
        "database": "PostgreSQL" if postgres else "SQLite",
        "runs": runs,
        "calls": calls,
        "bytes_a_run": total // runs,
        "bytes_a_call": total // max(1, calls),
        "tables_bytes_a_run": {name: size // runs for name, size in grown.items() if size >= runs},
        "columns_bytes_a_run": {name: size // runs for name, size in [*content.items()][:_COLUMNS]},
        "content_bytes_a_run": sum(content.values()) // runs,
    }


def main() -> None:
    """Print one line of JSON a database."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--strategy", default="best_of_n")
    parser.add_argument("--postgres", action="store_true")
    wanted = parser.parse_args()
    for postgres in (False, True)[: 1 + wanted.postgres]:
        print(json.dumps(measure(wanted.runs, wanted.strategy, postgres=postgres)), flush=True)


if __name__ == "__main__":
    main()
