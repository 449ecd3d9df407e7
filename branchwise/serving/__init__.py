"""Serving engines: describe, check, start, supervise, measure and tune them.

`running(name)` says where a pool answers; everything else waits for `branchwise pool`.
"""

from branchwise.models.pool.registry import running

__all__ = ["running"]
