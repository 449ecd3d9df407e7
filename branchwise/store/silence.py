"""Silence of workers as observed by this process; for SQLite, where machines use their own clocks.

A clock that is ten minutes fast would take live runs away. So a lease counts as expired when this process has seen
no renewal of it for a whole ttl, or when its owner is a process of this machine that has ended.
"""

from __future__ import annotations

import threading
import time
from typing import Any, Final

from branchwise.store.owner import is_gone

_MOST: Final = 4096
"""Maximum number of remembered leases; the oldest are forgotten first, which delays their takeover."""

_lock = threading.Lock()
_seen: dict[tuple[str, int], tuple[float | None, float]] = {}
"""By run and epoch: the lease's last observed end, and since when; None for this process's own."""


def clock() -> float:
    """A monotonic clock in seconds that includes suspended time where the system supports it."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def heard(run_id: str, epoch: int, at: float) -> None:
    """Record that this process has claimed or renewed a lease."""
    _note((run_id, epoch), None, at)


def left(row: Any) -> float:
    """Seconds until the lease in `row` counts as expired unless renewed; 0 if it has expired.

    Args:
        row: A row of `runs`: id, epoch, owner, lease_until and seen (the time of the last renewal).
    """
    if is_gone(row.owner):
        return 0.0
    name, given = (str(row.id), int(row.epoch)), max(0.0, row.lease_until - row.seen)
    with _lock:
        end, since = _seen.get(name, (0.0, 0.0))
    if name not in _seen or end not in {None, row.lease_until}:
        since = clock()
    _note(name, row.lease_until, since)
    return max(0.0, since + float(given) - clock())


def _note(name: tuple[str, int], end: float | None, since: float) -> None:
    with _lock:
        _seen.pop(name, None)
        _seen[name] = (end, since)
        while len(_seen) > _MOST:
            del _seen[next(iter(_seen))]
