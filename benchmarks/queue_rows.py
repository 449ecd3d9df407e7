"""Rows for the queue's benchmarks, and the CPU time that a PostgreSQL of our own has used."""

from __future__ import annotations

import os
import statistics
from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa

_TICKS = os.sysconf("SC_CLK_TCK")
_GENERATE = """
INSERT INTO runs (id, status, priority, task, strategy, model, seed, spec, code_version, on_change, lease_until, epoch,
                  attempts, max_attempts, elapsed, seen, created, queue, finished)
SELECT '{queue}-{status}-' || lpad(i::text, 9, '0'), '{status}', mod(i, 3), 't', 's', 'm', 0, repeat('x', 800), '0',
       'fail', 0, 0, 0, 3, 0, 0, i, '{queue}', CASE WHEN '{status}' = 'done' THEN i END
FROM generate_series(1, {count}) AS i
"""


def generate(url: str, *, done: int = 0, queued: int = 0, queue: str = "default") -> None:
    """Add runs that are done or wait, of about 1 kB each and three priorities, and have the table analysed."""
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for status, count in (("done", done), ("queued", queued)):
            connection.exec_driver_sql(_GENERATE.format(status=status, count=count, queue=queue))
        connection.exec_driver_sql("VACUUM ANALYZE runs")
    engine.dispose()


def server_cpu(pid: int) -> float:
    """Seconds of CPU that the server of this process id and all its processes have used, ended ones included."""
    total = 0.0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        mine, its = sum(map(int, fields[11:13])), sum(map(int, fields[13:15]))  # of ended children
        if stat.parent.name == str(pid):
            total += mine + its
        elif fields[1] == str(pid):
            total += mine
    return total / _TICKS


def milliseconds(seconds: Sequence[float]) -> dict[str, float]:
    """Median and 99th percentile, in milliseconds."""
    ordered = sorted(seconds)
    last = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return {"median_ms": round(statistics.median(ordered) * 1e3, 2), "p99_ms": round(last * 1e3, 2)}
