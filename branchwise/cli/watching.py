"""`branchwise runs --watch`: live view of the queue."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from branchwise.cli import console
from branchwise.store.store import RunRecord, Status, Store

_PAUSE = 1.0
_BUSY = (Status.RUNNING, Status.QUEUED, Status.PAUSED)
_STYLES = {"running": "bold", "done": "green", "failed": "red", "cancelled": "yellow"}


async def watch_runs(url: str | None, *, status: str | None, as_json: bool) -> None:
    """Show the runs until interrupted: a live table, or a JSON line after each change."""
    screen = console.out()
    async with Store.opened(url) as store:
        if as_json or not screen.is_terminal:
            await _lines(store, status, as_json=as_json)
            return
        with Live(console=screen, auto_refresh=False, screen=True) as live:
            while True:
                found = await store.runs(status=status)
                live.update(_screen(found, screen.height - 4), refresh=True)
                await asyncio.sleep(_PAUSE)


async def _lines(store: Store, status: str | None, *, as_json: bool) -> None:
    known: dict[str, RunRecord] = {}
    while True:
        for record in reversed(await store.runs(status=status)):
            before = known.get(record.id)
            if before is None or (before.status, before.epoch) != (record.status, record.epoch):
                console.say(json.dumps(asdict(record)) if as_json else f"{record.id} {record.status}")
            known[record.id] = record
        await asyncio.sleep(_PAUSE)


def _screen(found: Sequence[RunRecord], rows: int) -> Group:
    counts = Counter(str(record.status) for record in found)
    table = Table("run", "status", "priority", "task", "strategy", "worker", "tries", "seconds", box=None)
    shown = sorted(found, key=_place)[: max(1, rows)]
    for record in shown:
        table.add_row(
            record.id,
            Text(record.status, style=_STYLES.get(record.status, "")),
            str(record.priority),
            record.task,
            record.strategy,
            _worker(record),
            f"{record.attempts}/{record.max_attempts}" if record.attempts else "",
            f"{record.elapsed:.0f}" if record.elapsed else "",
        )
    more = f", {len(found) - len(shown)} more not shown" if len(found) > len(shown) else ""
    line = ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "no runs yet"
    return Group(table, Text(f"{time.strftime('%H:%M:%S')}  {line}{more}", style="dim"))


def _place(record: RunRecord) -> tuple[int, int, float]:
    """Sort running runs first, then waiting ones in queue order, then finished ones, newest first."""
    if record.status in _BUSY:
        return _BUSY.index(record.status), -record.priority, record.created
    return len(_BUSY), 0, -(record.finished or record.created)


def _worker(record: RunRecord) -> str:
    if record.status is not Status.RUNNING or record.owner is None:
        return ""
    machine, _, process = record.owner.partition("/")
    return f"{machine.partition(':')[0]}:{process.partition('/')[0]}"
