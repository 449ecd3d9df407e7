"""Progress of a run: a live line on a terminal, plain lines in a pipe."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.live import Live
from rich.text import Text

from branchwise.cli import console
from branchwise.graphs.search.state import SearchEvent


class Progress:
    """Shows events on standard error; standard output stays free for the result."""

    def __init__(self, *, silent: bool = False) -> None:
        self._console = console.err(quiet=silent)
        self._live = Live(console=self._console, transient=True, refresh_per_second=8)
        self._candidates = 0
        self._best: float | None = None

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def __call__(self, event: SearchEvent) -> None:
        """Show one event."""
        if event.kind == "sampled":
            self._candidates += event.nodes
        if event.best is not None:
            self._best = event.best
        if event.kind in {"constraints", "probed", "selected"}:
            self._console.print(f"  {event.kind}: {event.text}", style="dim", soft_wrap=True)
        elif event.kind == "judged" and not self._console.is_terminal:
            self._console.print(f"  {self._line(event)}", soft_wrap=True)
        self._live.update(Text(f"  {self._line(event)}"))

    def _line(self, event: SearchEvent) -> str:
        best = "none" if self._best is None else f"{self._best:.2f}"
        left = "" if event.left is None else f", {event.left:,} tokens left"
        return f"round {event.round}: {self._candidates} candidates, best score {best}, {event.tokens:,} tokens{left}"
