"""What is known of one node: the texts on its path, its verdicts, the calls about it, its web page."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from branchwise.graphs.search.verification import judged_digest
from branchwise.store.database.tables import calls, decisions, nodes, verdicts
from branchwise.store.errors import UnknownName
from branchwise.store.records import Json
from branchwise.ui.brief import brief, number
from branchwise.ui.screenshots import screenshot

_TEXT = 100_000
"""Characters of a text."""
_DEEPEST = 400
"""Nodes of a path; those next to the node are kept."""
_PAGES = ("arrival", "offer", "commit", "value")
"""Kinds of decisions about a web node; their keys are KIND/NODE."""
_MOST = 40
"""Calls of each kind."""


def node_details(connection: sa.Connection, run_id: str, node_id: str) -> Json:
    """Describe a node.

    Args:
        connection: For reading.
        run_id: The run.
        node_id: The node.

    Raises:
        UnknownName: There is no such node.
    """
    row = connection.execute(_of(nodes, run_id, nodes.c.id == node_id)).mappings().first()
    if row is None:
        raise UnknownName("node", node_id, ())
    own = {name: brief(value, text=_TEXT) for name, value in row.items() if name != "run_id"}
    path = _path(connection, run_id, row["parent"])
    begun = max((place + 1 for place, one in enumerate(path) if one["complete"]), default=0)
    texts = [str(one["text"]) for one in path[begun:]]
    said = connection.execute(_of(verdicts, run_id, verdicts.c.node == node_id)).mappings()
    return {
        **own,
        "logprob": number(row["logprob"]),
        "path": [{**one, "text": brief(one["text"], text=_TEXT)} for one in path],
        "verdicts": [
            {name: brief(one[name], text=_TEXT) for name in one if name != "run_id"} for one in said
        ],
        "calls": _calls(connection, run_id, row, [*texts, row["text"]]),
        "pages": _pages(connection, run_id, node_id),
        "parent_pages": _pages(connection, run_id, row["parent"]) if row["parent"] else {},
    }


def _of(table: sa.Table, run_id: str, condition: sa.ColumnElement[bool]) -> sa.Select[Any]:
    return sa.select(table).where(table.c.run_id == run_id, condition)


def _path(connection: sa.Connection, run_id: str, parent: str | None) -> list[dict[str, Json]]:
    """The node's ancestors from the root on, with their texts."""
    found: list[dict[str, Json]] = []
    at = parent
    while at is not None and len(found) < _DEEPEST:
        names = (nodes.c.id, nodes.c.parent, nodes.c.text, nodes.c.complete)
        query = sa.select(*names).where(nodes.c.run_id == run_id, nodes.c.id == at)
        row = connection.execute(query).first()
        if row is None:
            break
        found.append({"id": row.id, "text": row.text, "complete": bool(row.complete)})
        at = row.parent
    return found[::-1]


def _calls(connection: sa.Connection, run_id: str, row: sa.RowMapping, texts: list[str]) -> list[Json]:
    """Calls that are about the node by their key, asked for it, or judged its text in its round."""
    names = (calls.c.key, calls.c.attempt, calls.c.state, calls.c.kind)
    of_run = sa.select(*names).where(calls.c.run_id == run_id)
    about = of_run.where(calls.c.node == row["id"])
    asked = of_run.where(calls.c.node == row["parent"], calls.c.round == row["round"])
    text = "".join(texts)
    digest = judged_digest(text, complete=bool(row["complete"]))
    judged = of_run.where(calls.c.round == row["round"], calls.c.key.contains(f"/{digest}", autoescape=True))
    web = of_run.where(calls.c.key.startswith(f"w/{row['id']}/", autoescape=True))
    found = {
        (one.key, one.attempt): _named(one, why)
        for query, why in (
            (about, "about it"),
            (web, "about it"),
            (asked, "proposed it"),
            (judged, "judged it"),
        )
        for one in connection.execute(query.order_by(calls.c.started).limit(_MOST))
    }
    return list(found.values())


def _named(row: Any, why: str) -> Json:
    """A call's name and what it has to do with the node."""
    return {"key": row.key, "attempt": row.attempt, "state": row.state, "kind": row.kind, "why": why}


def _pages(connection: sa.Connection, run_id: str, node_id: str) -> dict[str, Json]:
    keys = [f"{kind}/{node_id}" for kind in _PAGES]
    query = sa.select(decisions.c.kind, decisions.c.payload)
    found = connection.execute(query.where(decisions.c.run_id == run_id, decisions.c.key.in_(keys)))
    return {row.kind: brief(row.payload, text=20_000) for row in found}


def picture_of(connection: sa.Connection, run_id: str, node_id: str) -> tuple[bytes, str] | None:
    """The screenshot of the page that a node reached, and its media type; None if there is none.

    Args:
        connection: For reading.
        run_id: The run.
        node_id: The node.
    """
    query = sa.select(decisions.c.payload).where(
        decisions.c.run_id == run_id, decisions.c.key.in_([f"commit/{node_id}", f"arrival/{node_id}"])
    )
    for payload in connection.scalars(query.order_by(decisions.c.ord.desc())):
        named = payload.get("screenshot") if isinstance(payload, dict) else None
        if (found := screenshot(named, run_id)) is not None:
            return found
    return None
