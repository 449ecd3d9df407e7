"""Claims of a run, read from its history: each is one trace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from branchwise.store.rows import CallRecord, RunEvent, RunRecord, Status

LOST = "lost"
"""Outcome of a claim whose worker ended without a word."""
_ENDS = frozenset({"finished", "paused", "queued", "waiting", "cancelled", "gave_up", "claimed"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """A worker's time with a run."""

    epoch: int
    began: float
    """Seconds since 1970."""
    ended: float
    outcome: str
    """The status the run was left with, or `LOST`."""


def claims(run: RunRecord, events: Iterable[RunEvent], calls: Iterable[CallRecord]) -> list[Claim]:
    """The claims of a run that are over, oldest first; one that still works is left out.

    Args:
        run: The run.
        events: Its history, oldest first.
        calls: Its calls.
    """
    last: dict[int, float] = {}
    for call in calls:
        last[call.epoch] = max(last.get(call.epoch, 0.0), call.ended or call.started)
    found: list[Claim] = []
    open_: RunEvent | None = None
    for event in events:
        if open_ is not None and event.kind in _ENDS:
            found.append(_closed(open_, event, last))
            open_ = None
        if event.kind == "claimed":
            open_ = event
    if open_ is not None and run.status is not Status.RUNNING:
        found.append(_closed(open_, None, last))
    return found


def _closed(began: RunEvent, by: RunEvent | None, last: Mapping[int, float]) -> Claim:
    known = max(began.at, last.get(began.epoch, 0.0))
    if by is None or by.kind in {
        "claimed",
        "gave_up",
    }:  # the next claim says only that this one was over by then
        return Claim(epoch=began.epoch, began=began.at, ended=known, outcome=LOST)
    said = by.data.get("status") if isinstance(by.data, Mapping) else None
    outcome = said if isinstance(said, str) else by.kind
    # A call that was in flight when the run was cancelled is settled after it.
    return Claim(epoch=began.epoch, began=began.at, ended=max(known, by.at), outcome=outcome)
