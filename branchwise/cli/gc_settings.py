"""How a process that makes many small objects is told to look for garbage less often."""

from __future__ import annotations

import gc

_YOUNG, _MIDDLE, _OLD = 200_000, 20, 20


def calm() -> None:
    """Leave what is loaded to itself, and collect a three-hundredth as often; for our own processes, not for libraries.

    Python's collector looks at all young containers each time 700 more have come than gone. A search has thousands
    in flight, none of them garbage yet, so that a fifth to a third of its CPU went there
    (benchmarks/pool_results.md). What it costs is some 20 MB.
    """
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
