"""`branchwise pool`: start, watch, stop and measure inference engines."""

from branchwise.cli.pool.commands import pool

__all__ = ["pool"]
