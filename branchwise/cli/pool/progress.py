"""Progress of a pool that starts or stops: a live table on a terminal, plain lines in a pipe."""

from __future__ import annotations

import time
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.live import Live
from rich.table import Table

from branchwise.cli import console
from branchwise.models.pool.registry import EngineRecord, Phase, PoolState
from branchwise.serving.process import tail

STYLES = {
    Phase.STARTING: "yellow",
    Phase.READY: "green",
    Phase.WAITING: "red",
    Phase.DRAINING: "yellow",
    Phase.STOPPED: "dim",
}


class PoolProgress:
    """Shows a pool on standard error; standard output stays free for the result."""

    def __init__(self, *, silent: bool = False) -> None:
        self._console = console.err(quiet=silent)
        self._now: PoolState | None = None
        self._live = Live(
            console=self._console, get_renderable=self._table, refresh_per_second=4, transient=True
        )

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._now = None
        self._live.stop()

    def __call__(self, now: PoolState) -> None:
        """Show the pool's current state."""
        before = {one.index: one.phase for one in self._now.replicas} if self._now else {}
        self._now = now
        if self._console.is_terminal:
            return
        for one in now.replicas:
            if before.get(one.index) is not one.phase:
                note = f" ({one.note})" if one.note else ""
                self.say(f"  replica {one.index}: {one.phase.value}{note}")

    def say(self, text: str, style: str = "") -> None:
        """Print a line that stays."""
        self._console.print(text, style=style, soft_wrap=True)

    def _table(self) -> Table:
        table = Table(box=None, pad_edge=False, show_header=False)
        for one in self._now.replicas if self._now else ():
            seconds = f"{time.time() - one.since:.0f} s" if one.since else ""
            table.add_row(
                f"replica {one.index}", f"[{STYLES[one.phase]}]{one.phase.value}[/]", seconds, _says(one)
            )
        return table


def _says(one: EngineRecord) -> str:
    if one.phase is Phase.READY:
        return one.url
    words = one.note or tail(Path(one.log), 1)
    return words[:100].replace("[", "\\[")
