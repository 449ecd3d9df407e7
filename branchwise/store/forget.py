"""Delete a run's texts and keep its costs: for callers who want nothing to be stored."""

from __future__ import annotations

import sqlalchemy as sa

from branchwise.store.database.checkpoint_tables import TABLES
from branchwise.store.database.tables import calls, decisions, nodes, runs, texts, verdicts
from branchwise.store.records import Json
from branchwise.store.runs import below, get

NOT_KEPT = "[not kept]"
_OF_CALLER = frozenset({"messages", "turn", "require", "expected", "metadata", "id", "policy"})
"""Fields of a search's request that hold the caller's words, besides the problem."""


def forget(connection: sa.Connection, run_id: str) -> None:
    """Delete the texts of a run and its sub-runs; what each call cost, and how the run ended, is kept.

    An operation for `Database.write`.
    """
    for one in (run_id, *below(connection, run_id)):
        run = get(connection, one)
        for table in (nodes, verdicts, decisions, texts):
            connection.execute(sa.delete(table).where(table.c.run_id == one))
        for table in TABLES:
            connection.execute(sa.delete(table).where(table.c.thread_id == one))
        blank = {"request": "{}", "response": None, "error": None}
        connection.execute(sa.update(calls).where(calls.c.run_id == one).values(**blank))
        kept = {"spec": _spec(run.spec), "result": _result(run.result), "error": None}
        connection.execute(sa.update(runs).where(runs.c.id == one).values(**kept))


def _spec(spec: Json) -> Json:
    if not isinstance(spec, dict):
        return spec
    if "input" in spec:
        return {**spec, "input": {}}
    return {**{name: value for name, value in spec.items() if name not in _OF_CALLER}, "problem": NOT_KEPT}


def _result(result: Json) -> Json:
    if not isinstance(result, dict):
        return None
    if "output" in result:
        return {"output": None}
    return {**result, "answer": None, "text": ""}
