"""Result of a run of any workflow."""

from __future__ import annotations

import html
import json
from dataclasses import dataclass
from typing import Any

from branchwise.graphs.runtime.questions import Question
from branchwise.store.records import Usage

_SHOWN = 20_000
"""Characters of a result that a notebook shows."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunResult:
    """The output of a finished run, or the questions of a waiting one."""

    run_id: str
    output: Any
    """The graph's output at the end, as plain data; None while it waits. `solve` and `web` have types of their own."""
    waiting: tuple[Question, ...] = ()
    """The open questions; empty when the run is done."""
    usage: Usage
    """Usage so far, including its sub-runs."""
    seconds: float
    """Seconds of work, over all resumptions."""

    def _repr_html_(self) -> str:
        """Show it in a notebook."""
        word = "waits for an answer" if self.waiting else "done"
        shown = [{"key": one.key, "question": one.question} for one in self.waiting] or self.output
        return as_html(self.run_id, f"{word}, {self.seconds:.1f} s", self.usage, shown)


def as_html(run_id: str, word: str, usage: Usage, shown: Any) -> str:
    """A result as HTML for a notebook: a line on the run, and its fields as JSON, shortened if very long."""
    text = json.dumps(shown, indent=1, ensure_ascii=False, default=str)
    text = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
    cost = f"{usage.calls:,} calls, {usage.tokens:,} tokens"
    return f"<b>run {html.escape(run_id)}</b>: {html.escape(word)}, {cost}<pre>{html.escape(text)}</pre>"
