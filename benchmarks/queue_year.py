"""Retention at size, on a PostgreSQL of our own: does deleting keep up with 1,000,000 runs a day?

    python -m benchmarks.queue_year --kept 0 20000 100000 --due 1000    # rows that earlier days left, runs to prune
    python -m benchmarks.queue_year --days 8 --due 2000                 # a day: so many new runs, yesterday's pruned

The server copies one real search (best of n, samples of about 600 characters) with all its rows. Runs that an earlier
`prune --keep-answers` left are copies of one that it was done to.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from benchmarks.queue_rows import server_cpu
from benchmarks.store_parts import fill
from branchwise.store.database.tables import metadata
from branchwise.store.prune import Keep
from branchwise.store.store import Store
from tests.crash.postgres import Cluster, own_postgres

_DAY = 86_400.0


class Rows:
    """A database in which runs are copied."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._engine = sa.create_engine(cluster.url, isolation_level="AUTOCOMMIT")
        asyncio.run(fill(cluster.url, 2, "best_of_n"))
        self._whole, self._kept = self._ask("SELECT id FROM runs ORDER BY id")
        with self._engine.connect() as connection:
            connection.exec_driver_sql(f"UPDATE runs SET created = 0 WHERE id = '{self._kept}'")
        self.prune("answers", _DAY)

    def add(self, prefix: str, count: int, *, days: float, whole: bool) -> None:
        """Copy a run, or one that was pruned, that many times, created that many days ago."""
        source = self._whole if whole else self._kept
        with self._engine.connect() as connection:
            for table in metadata.sorted_tables:
                owner = {"runs": "id"}.get(table.name, "thread_id" if "thread_id" in table.c else "run_id")
                if owner not in table.c or table.name == "charges":
                    continue
                names = [c.name for c in table.c if not (table.name == "run_events" and c.name == "id")]
                new = {owner: f"'{prefix}-' || lpad(i::text, 8, '0')"}
                if table.name == "runs":
                    new["created"] = f"extract(epoch from clock_timestamp()) - {days * _DAY} + i * 1e-6"
                taken = ", ".join(new.get(name, f"t.{name}") for name in names)
                connection.exec_driver_sql(
                    f"INSERT INTO {table.name} ({', '.join(names)}) SELECT {taken} FROM {table.name} t, "
                    f"generate_series(1, {count}) AS i WHERE t.{owner} = '{source}'"
                )

    def prune(self, keep: Keep, older: float) -> dict[str, float]:
        """Prune, and say how long it took."""

        async def pruned() -> int:
            async with Store.opened(self._cluster.url) as store:
                return len(await store.prune(older_than=older, keep=keep))

        began, cpu, mine = time.perf_counter(), server_cpu(self._cluster.pid), time.process_time()
        count = asyncio.run(pruned())
        took, used = time.perf_counter() - began, server_cpu(self._cluster.pid) - cpu
        each = max(1, count)
        return {
            "pruned": count,
            "pruned_a_second": round(count / took, 1),
            "server_cpu_ms": round(used / each * 1e3, 3),
            "client_cpu_ms": round((time.process_time() - mine) / each * 1e3, 3),
        }

    def analyse(self) -> None:
        """Do what autovacuum does."""
        with self._engine.connect() as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")

    def megabytes(self) -> float:
        """The size of the database."""
        return round(int(self._ask("SELECT pg_database_size(current_database())")[0]) / 1e6, 1)

    def _ask(self, query: str) -> list[str]:
        with self._engine.connect() as connection:
            return [str(value) for value in connection.exec_driver_sql(query).scalars()]

    def close(self) -> None:
        """Close connections."""
        self._engine.dispose()


@contextmanager
def _rows() -> Iterator[Rows]:
    with own_postgres() as cluster:
        rows = Rows(cluster)
        try:
            yield rows
        finally:
            rows.close()


def kept(count: int, due: int, keep: Keep) -> dict[str, object]:
    """Prune runs that are due while that many rows of earlier days are there."""
    with _rows() as rows:
        rows.add("old", count, days=3.0, whole=False)
        rows.add("due", due, days=2.0, whole=True)
        rows.analyse()
        return {"kept": count, "keep": keep, **rows.prune(keep, _DAY)}


def days(count: int, due: int) -> None:
    """Let days pass: new runs come, the contents of those of the day before go."""
    with _rows() as rows:
        for day in range(count):
            rows.add(f"day{day}", due, days=count - day - 0.5, whole=True)
            before = rows.megabytes()
            line = rows.prune("answers", (count - day) * _DAY) if day else {"pruned": 0}
            rows.analyse()
            print(json.dumps({"day": day, "mb_before": before, "mb": rows.megabytes(), **line}), flush=True)


def main() -> None:
    """Print one line of JSON a measurement."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kept", type=int, nargs="+", default=[0, 20_000])
    parser.add_argument("--due", type=int, default=1_000)
    parser.add_argument("--keep", choices=("answers", "nothing"), default="answers")
    parser.add_argument("--days", type=int, default=0)
    wanted = parser.parse_args()
    if wanted.days:
        days(wanted.days, wanted.due)
        return
    for count in wanted.kept:
        print(json.dumps(kept(count, wanted.due, wanted.keep)), flush=True)


if __name__ == "__main__":
    main()
