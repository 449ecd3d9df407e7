"""`branchwise pool`: engines started, watched, stopped, measured."""

from branchwise.cli.pool.commands import pool

__all__ = ["pool"]
