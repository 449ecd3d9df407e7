"""Garbage collector settings for processes with many small objects."""

from __future__ import annotations

import gc

_YOUNG = 200_000
_MIDDLE = 20
_OLD = 20


def calm() -> None:
    """Freeze loaded objects and collect a three-hundredth as often; for our own processes, not for libraries.

    By default Python scans all young containers after each 700 net allocations. A search holds thousands of live
    objects, so scans took a fifth to a third of its CPU time (benchmarks/pool_results.md). The cost is some 20 MB
    of memory.
    """
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
