"""Input of `branchwise submit` and log output of `branchwise worker`."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from branchwise.cli import console
from branchwise.cli.engines import OnRay, working_on_ray
from branchwise.cli.exits import refuse, run
from branchwise.cli.importing import importable_module
from branchwise.graphs.runtime.worker import WorkerLogLine, work
from branchwise.store.errors import BadInput
from branchwise.store.reading import numbered_lines, read_text
from branchwise.store.store import Store

_STYLES = {"done": "green", "failed": "red", "requeued": "yellow", "lost": "yellow", "handed back": "yellow"}


def read_lines(file: Path) -> Iterator[Any]:
    """Give the JSON values in `file`, one a line; empty lines are skipped.

    Raises:
        BadInput: The file cannot be read, or a line is not JSON.
    """
    text = read_text(file, stdin=sys.stdin if str(file) == "-" else None)
    for number, line in numbered_lines(text):
        try:
            yield json.loads(line)
        except (ValueError, RecursionError) as error:
            raise BadInput(f"Line {number} of `{file}` is not JSON: {error}.") from error


class _Log:
    """Readable lines on standard error, or JSON lines on standard output."""

    def __init__(self, *, as_json: bool) -> None:
        self._console = console.err()
        self._as_json = as_json

    def say(self, text: str) -> None:
        """Print a message that is not a report; suppressed for JSON output."""
        if not self._as_json:
            self._console.print(text, style="dim", soft_wrap=True)

    def __call__(self, report: WorkerLogLine) -> None:
        """Show one report."""
        if self._as_json:
            print(json.dumps({"at": time.time(), **asdict(report)}), flush=True)
            return
        line = f"{time.strftime('%H:%M:%S')} {report.run_id} {report.kind}: {report.text}"
        self._console.print(line, style=_STYLES.get(report.kind, "dim"), soft_wrap=True)


def working_somewhere(
    options: Mapping[str, Any],
    *,
    engine: str,
    on_ray: OnRay,
    imports: Sequence[str],
    store: str | None,
    metrics: tuple[str, int] | None = None,
    as_json: bool,
) -> None:
    """Work in this process or on Ray; arguments are those of `working`, and where."""
    try:
        on_ray.check(engine)
    except BadInput as error:
        refuse(error)
    if metrics is not None and engine != "local":
        refuse(BadInput("Metrics are served by workers of this machine only: leave out --metrics-port."))
    if engine == "local":
        working(options, imports=imports, store=store, metrics=metrics, as_json=as_json)
        return
    shared = {name: value for name, value in options.items() if name != "until_empty"}
    shared["imports"] = [importable_module(name) for name in imports]
    working_on_ray(shared, on_ray, store=store, until_empty=bool(options["until_empty"]))


async def _measured(options: dict[str, Any], host: str, port: int, log: _Log) -> int:
    """Work, and serve metrics."""
    try:
        from branchwise.integrations.prometheus.worker import counted, served
    except ImportError as error:
        raise BadInput(
            f"Metrics need the extra `serve`: pip install 'branchwise[serve]' ({error})."
        ) from error
    ttl = options.pop("ttl")
    async with Store.opened(options.pop("store"), ttl=ttl) as store:
        with served(store, host, port) as (metrics, taken):
            log.say(f"metrics at http://{host}:{taken}/metrics")
            return await work(**{**options, "store": store, "watch": counted(metrics, options["watch"])})


def working(
    options: Mapping[str, Any],
    *,
    imports: Sequence[str],
    store: str | None,
    metrics: tuple[str, int] | None = None,
    as_json: bool,
) -> None:
    """Work until the queue is empty or a signal asks the worker to end.

    Args:
        options: Those of `work`.
        imports: Modules or files that runs may import here.
        store: Database URL.
        metrics: Host and port at which to serve metrics.
        as_json: Whether the log is lines of JSON.
    """
    imports = [importable_module(name) for name in imports]
    log = _Log(as_json=as_json)
    received: list[signal.Signals] = []

    async def until_told() -> int:
        me = asyncio.current_task()

        def stop(number: signal.Signals) -> None:
            if not received and me is not None:
                received.append(number)
                log.say("returning runs to the queue ...")
                me.cancel()

        for number in (signal.SIGINT, signal.SIGTERM):
            with suppress(
                NotImplementedError
            ):  # without handlers (Windows), Ctrl-C cancels the task directly
                asyncio.get_running_loop().add_signal_handler(number, stop, number)
        try:
            asked = {"store": store, "imports": imports, "watch": log, **options}
            return await work(**asked) if metrics is None else await _measured(asked, *metrics, log)
        except asyncio.CancelledError:
            if not received:
                raise
            return 0

    log.say(
        f"worker on queue `{options['queue']}`, {options['concurrency']} runs at once; Ctrl-C returns them to the queue"
    )
    ended = run(until_told())
    if not received:
        log.say(f"{ended} runs ended here; the queue is empty")
