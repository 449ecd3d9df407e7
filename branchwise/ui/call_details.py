"""All attempts at one call: what was asked, what came back."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa

from branchwise.store.database.tables import calls, decisions, texts
from branchwise.store.errors import UnknownName
from branchwise.store.records import Json
from branchwise.store.texts import put_back
from branchwise.ui.brief import brief
from branchwise.ui.run_rows import CALL

_TEXT = 200_000
"""Characters of a text."""
_MARK = '"$text":"'


def call_details(connection: sa.Connection, run_id: str, key: str) -> Json:
    """Describe a call by its key; its attempts, oldest first.

    Args:
        connection: For reading.
        run_id: The run.
        key: The call's key.

    Raises:
        UnknownName: There is no such call.
    """
    query = sa.select(calls).where(calls.c.run_id == run_id, calls.c.key == key).order_by(calls.c.attempt)
    found = connection.execute(query).mappings().all()
    if not found:
        raise UnknownName("call", key, ())
    return {"key": key, "attempts": [_attempt(connection, run_id, row) for row in found]}


def _attempt(connection: sa.Connection, run_id: str, row: sa.RowMapping) -> Json:
    named = {part[:32] for part in row["request"].split(_MARK)[1:]}
    query = sa.select(texts.c.hash, texts.c.body).where(texts.c.run_id == run_id, texts.c.hash.in_(named))
    bodies = {one.hash: one.body for one in connection.execute(query)} if named else {}
    response: Any = None if row["response"] is None else json.loads(row["response"])
    return {
        **{name: brief(row[name], text=_TEXT) for name in CALL},
        "request": brief(put_back(row["request"], bodies), text=_TEXT, depth=20),
        "response": brief(response, text=_TEXT, depth=20),
    }


def decision_details(connection: sa.Connection, run_id: str, key: str) -> Json:
    """The whole payload of a decision.

    Args:
        connection: For reading.
        run_id: The run.
        key: The decision's key.

    Raises:
        UnknownName: There is no such decision.
    """
    query = sa.select(decisions).where(decisions.c.run_id == run_id, decisions.c.key == key)
    row = connection.execute(query).first()
    if row is None:
        raise UnknownName("decision", key, ())
    return {"key": row.key, "kind": row.kind, "payload": brief(row.payload, text=_TEXT, depth=20)}
