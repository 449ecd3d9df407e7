"""Rows of a run as the page reads them: few columns, short texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import sqlalchemy as sa

from branchwise.store import runs
from branchwise.store.as_fields import as_fields
from branchwise.store.database.columns import Prose
from branchwise.store.database.tables import calls, decisions, nodes, run_events
from branchwise.store.database.tables import runs as runs_table
from branchwise.store.records import Json
from branchwise.store.rows import RunRecord
from branchwise.ui.bills import Spent, spent
from branchwise.ui.brief import brief, number

Rows: TypeAlias = "dict[tuple[str, str], Json]"
"""Rows by their kind (`run`, `node`, `decision`, `call`, `event`, `subrun`) and their name within it."""

_LABEL = 90
"""Characters of a node's text in the tree."""
_CHILDREN = 500
"""Sub-runs that are listed."""
NODE = (
    "id",
    "parent",
    "ord",
    "depth",
    "round",
    "strategy",
    "state",
    "complete",
    "accepted",
    "score",
    "verified_by",
    "tokens",
    "logprob",
    "duplicate_of",
    "dead",
    "label",
)
"""Fields of a node's row, in their order; the page's `nodes.ts` has the same."""
CALL = (
    "key",
    "attempt",
    "state",
    "kind",
    "model",
    "strategy",
    "round",
    "node",
    "prompt_tokens",
    "cached_tokens",
    "completion_tokens",
    "seconds",
    "cost",
    "unpriced",
    "estimated",
    "started",
    "ended",
    "error",
)
"""Fields of a call's row, in their order; the page's `calls.ts` has the same."""


def head(run: RunRecord) -> Json:
    """What the page shows of the run itself."""
    shown = as_fields(run)
    spec = run.spec if isinstance(run.spec, Mapping) else {}
    shown["spec"] = brief(spec, text=4_000)
    shown["result"] = brief(run.result, text=4_000)
    shown["error"] = None if run.error is None else run.error[:4_000]
    del shown["api_key"], shown["owner"]
    return shown


def all_rows(connection: sa.Connection, run: RunRecord, seen: Mapping[str, int]) -> Rows:
    """The rows of a run that can have changed.

    Args:
        connection: For reading.
        run: The run, read earlier over this connection.
        seen: The last `ord` of decisions and the last id of events that are known: these rows never change.
    """
    found: Rows = {("run", run.id): head(run)}
    found |= {("node", row[0]): list(row) for row in _nodes(connection, run.id)}
    found |= {("call", f"{row[0]}#{row[1]}"): list(row) for row in _calls(connection, run.id)}
    found |= _decisions(connection, run.id, seen.get("decision", -1))
    found |= _events(connection, run.id, seen.get("event", -1))
    found |= _children(connection, run.id)
    return found


def _nodes(connection: sa.Connection, run_id: str) -> list[tuple[Any, ...]]:
    label = sa.func.substr(nodes.c.text, 1, _LABEL, type_=Prose())
    dead = nodes.c.failed.is_not(None)
    plain = [nodes.c[name] for name in NODE[:-2]]
    query = sa.select(*plain, dead, label).where(nodes.c.run_id == run_id).order_by(nodes.c.ord)
    place = NODE.index("logprob")
    return [
        (*row[:place], number(row[place]), *row[place + 1 : -2], bool(row[-2]), row[-1])
        for row in connection.execute(query)
    ]


def _calls(connection: sa.Connection, run_id: str) -> list[tuple[Any, ...]]:
    error = sa.func.substr(calls.c.error, 1, 300, type_=Prose())
    query = sa.select(*(calls.c[name] for name in CALL[:-1]), error).where(calls.c.run_id == run_id)
    return [tuple(row) for row in connection.execute(query.order_by(calls.c.started, calls.c.key))]


def _decisions(connection: sa.Connection, run_id: str, after: int) -> Rows:
    query = sa.select(decisions).where(decisions.c.run_id == run_id, decisions.c.ord > after)
    return {
        ("decision", row.key): {
            "key": row.key,
            "ord": row.ord,
            "kind": row.kind,
            "payload": brief(row.payload),
        }
        for row in connection.execute(query.order_by(decisions.c.ord))
    }


def _events(connection: sa.Connection, run_id: str, after: int) -> Rows:
    query = sa.select(run_events).where(run_events.c.run_id == run_id, run_events.c.id > after)
    return {
        ("event", str(row.id)): {"id": row.id, "kind": row.kind, "data": brief(row.data), "at": row.at}
        for row in connection.execute(query.order_by(run_events.c.id))
    }


def _children(connection: sa.Connection, run_id: str) -> Rows:
    """The sub-runs, theirs included, with what each has spent."""
    below = runs.below(connection, run_id)
    if not below:
        return {}
    names = ("id", "status", "workflow", "strategy", "parent", "created")
    query = sa.select(*(runs_table.c[name] for name in names)).where(runs_table.c.id.in_(below[:_CHILDREN]))
    bills = spent(connection, below)
    return {
        ("subrun", row.id): {**row._mapping, **as_fields(bills.get(row.id, Spent()))}
        for row in connection.execute(query)
    }


def state(connection: sa.Connection, run_id: str) -> RunRecord:
    """The run itself.

    Raises:
        UnknownName: It was deleted.
    """
    return runs.get(connection, run_id)
