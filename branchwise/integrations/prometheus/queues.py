"""Gauges that are read from the database when they are asked for: queues, and calls in flight."""

from __future__ import annotations

import time
from collections.abc import Iterator

import sqlalchemy as sa
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from branchwise.store.database.database import Database
from branchwise.store.database.dialects import now
from branchwise.store.database.tables import calls, runs
from branchwise.store.errors import BranchwiseError
from branchwise.store.rows import CallState, Status

_FRESH = 1.0
"""Seconds in which a reading is given again: scrapers must not load the database."""


class Queues(Collector):
    """Depth and age of each queue, and the calls in flight of each model, of all processes on the store.

    Args:
        database: The store's database; it is read in the thread that collects.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._read_at, self._last = float("-inf"), list[Metric]()

    def describe(self) -> Iterator[Metric]:
        """The metrics without values, for which nothing is read."""
        yield from _families()

    def collect(self) -> Iterator[Metric]:
        """The metrics; none while the database does not answer."""
        if time.monotonic() - self._read_at > _FRESH:
            try:
                self._last = list(self._database.read(_read))
            except BranchwiseError:
                self._last = []
            self._read_at = time.monotonic()
        yield from self._last


def _families() -> tuple[GaugeMetricFamily, GaugeMetricFamily, GaugeMetricFamily]:
    return (
        GaugeMetricFamily("branchwise_queue_depth", "Runs that wait in a queue.", labels=["queue"]),
        GaugeMetricFamily(
            "branchwise_queue_oldest_seconds", "Seconds that the oldest of them has waited.", labels=["queue"]
        ),
        GaugeMetricFamily(
            "branchwise_requests_in_flight", "Calls that no answer has come to yet.", labels=["model"]
        ),
    )


def _read(connection: sa.Connection) -> list[Metric]:
    depth, oldest, flying = _families()
    waiting = (
        sa.select(runs.c.queue, sa.func.count(), now() - sa.func.min(runs.c.created))
        .where(runs.c.status == Status.QUEUED, runs.c.queue.is_not(None))
        .group_by(runs.c.queue)
    )
    for queue, count, age in connection.execute(waiting):
        depth.add_metric([queue], count)
        oldest.add_metric([queue], max(0.0, age))
    sent = (
        sa.select(calls.c.model, sa.func.count())
        .select_from(calls.join(runs, runs.c.id == calls.c.run_id))
        .where(runs.c.status == Status.RUNNING, calls.c.state == CallState.STARTED)
        .group_by(calls.c.model)
    )
    for model, count in connection.execute(sent):
        flying.add_metric([model], count)
    return [depth, oldest, flying]
