"""SQL views: usage and cost of runs, strategies, models and nodes.

Tokens are prompt tokens not served from the cache plus completion tokens. `ambiguous` counts calls that may
have been billed without a stored reply; no sum includes their cost. `estimated` counts calls whose tokens are
estimates. `cost` is NULL where the price of a call is not known.
"""

# ruff: noqa: S608 - the texts are put together from constants
from __future__ import annotations

import sqlalchemy as sa

_COUNTS = """
    SUM(CASE WHEN c.state = 'done' THEN 1 ELSE 0 END) AS done,
    SUM(CASE WHEN c.state = 'failed' THEN 1 ELSE 0 END) AS failed,
    SUM(CASE WHEN c.state IN ('ambiguous', 'started') THEN 1 ELSE 0 END) AS ambiguous,
    COALESCE(SUM(c.prompt_tokens - c.cached_tokens + c.completion_tokens), 0) AS tokens,
    COALESCE(SUM(c.prompt_tokens), 0) AS prompt_tokens,
    COALESCE(SUM(c.cached_tokens), 0) AS cached_tokens,
    COALESCE(SUM(c.completion_tokens), 0) AS completion_tokens,
    COALESCE(SUM(c.seconds), 0) AS seconds"""
_SUMS = f"""{_COUNTS},
    CASE WHEN SUM(c.unpriced) > 0 THEN NULL ELSE COALESCE(SUM(c.cost), 0) END AS cost,
    COALESCE(SUM(c.estimated), 0) AS estimated"""
_FIRST_SUMS = f"{_COUNTS},\n    COALESCE(SUM(c.cost), 0) AS cost"


def _views(strategy: str, sums: str) -> dict[str, str]:
    # A round of the search belongs to one strategy, which its nodes name.
    name = f"COALESCE(NULLIF(c.strategy, ''), a.{strategy}, 'none')"
    return {
        "run_costs": f"SELECT r.id AS run_id, r.task, r.status, {sums}"
        " FROM runs r LEFT JOIN calls c ON c.run_id = r.id GROUP BY r.id, r.task, r.status",
        "model_costs": f"SELECT c.run_id, c.model, {sums} FROM calls c GROUP BY c.run_id, c.model",
        "node_costs": f"SELECT c.run_id, c.node, {sums} FROM calls c WHERE c.node IS NOT NULL"
        " GROUP BY c.run_id, c.node",
        "strategy_costs": f"SELECT c.run_id, {name} AS strategy, {sums} FROM calls c LEFT JOIN"
        f" (SELECT run_id, round, MIN({strategy}) AS {strategy} FROM nodes GROUP BY run_id, round) a"
        f" ON a.run_id = c.run_id AND a.round = c.round GROUP BY c.run_id, {name}",
    }


def create_views(connection: sa.Connection, *, strategy: str = "strategy", first: bool = False) -> None:
    """Create the views.

    Args:
        connection: The connection to use.
        strategy: The column of `nodes` that names the strategy; "arm" before revision 0004.
        first: Whether `calls` has only the columns from before revision 0006.
    """
    for name, query in _views(strategy, _FIRST_SUMS if first else _SUMS).items():
        connection.exec_driver_sql(f"CREATE VIEW {name} AS {query}")


def drop_views(connection: sa.Connection) -> None:
    """Drop the views."""
    for name in _views("strategy", _SUMS):
        connection.exec_driver_sql(f"DROP VIEW IF EXISTS {name}")
