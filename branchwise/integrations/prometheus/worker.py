"""Metrics of a worker: its reports counted, and served on a port."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from prometheus_client import start_http_server

from branchwise.graphs.runtime.worker import WorkerLogLine
from branchwise.integrations.prometheus.metrics import Metrics
from branchwise.store.errors import BadInput
from branchwise.store.store import Store

_BEGIN = "claimed"
_LEFT = frozenset({"done", "failed", "waiting", "handed back", "requeued", "left", "lost", "away"})
"""Reports after which the worker no longer has the run."""
_ENDS = frozenset({"done", "failed"})


def counted(metrics: Metrics, watch: Callable[[WorkerLogLine], None]) -> Callable[[WorkerLogLine], None]:
    """A watcher of a worker that also counts; runs that ended are read in the background.

    Args:
        metrics: The counters.
        watch: Told every report.
    """
    held: set[str] = set()
    reading: set[asyncio.Task[None]] = set()

    def seen(report: WorkerLogLine) -> None:
        watch(report)
        if report.kind == _BEGIN:
            held.add(report.run_id)
        elif report.kind in _LEFT:
            held.discard(report.run_id)
        metrics.running.set(len(held))
        if report.kind == "lost":
            metrics.lost()
        if report.kind in _ENDS:
            task = asyncio.get_running_loop().create_task(metrics.ended(report.run_id))
            reading.add(task)
            task.add_done_callback(reading.discard)

    return seen


@contextmanager
def served(store: Store, host: str, port: int) -> Iterator[tuple[Metrics, int]]:
    """Serve the metrics of this process in a context, which is given them and the port.

    Args:
        store: The store of the runs.
        host: Address to bind.
        port: Port; 0 takes a free one.

    Raises:
        BadInput: The address cannot be bound.
    """
    metrics = Metrics(store)
    try:
        server, thread = start_http_server(port, addr=host, registry=metrics.registry)
    except OSError as error:
        raise BadInput(f"Metrics cannot be served at {host}:{port}: {error.strerror or error}.") from error
    try:
        yield metrics, server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
