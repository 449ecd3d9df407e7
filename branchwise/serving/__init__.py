"""Engines that serve a model: described, checked, started, watched and stopped; measured, tuned and estimated.

`running(name)` says where a pool answers; everything else waits for `branchwise pool`.
"""

from branchwise.models.pool.registry import running

__all__ = ["running"]
