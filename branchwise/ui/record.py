"""The record of a run as one document: everything that the page shows of it."""

from __future__ import annotations

import base64
import json
from typing import Any

import sqlalchemy as sa

from branchwise.graphs.search.verification import judged_digest
from branchwise.store import nodes as forest
from branchwise.store.database.tables import calls, decisions, texts, verdicts
from branchwise.store.records import Json
from branchwise.store.rows import RunRecord
from branchwise.store.stored import parsed
from branchwise.store.tree import Tree
from branchwise.ui.brief import brief
from branchwise.ui.node_details import picture_of
from branchwise.ui.run_rows import CALL, all_rows

_TEXT = 50_000
"""Characters of a text."""
_PAGES = frozenset({"arrival", "offer", "commit", "value"})


def record(connection: sa.Connection, run: RunRecord) -> dict[str, Json]:
    """Read a run's record.

    Args:
        connection: For reading.
        run: The run.
    """
    rows: dict[str, list[Json]] = {}
    for (kind, _), row in all_rows(connection, run, {}).items():
        rows.setdefault(kind, []).append(row)
    tree = forest.tree(connection, run.id)
    long = sa.select(texts.c.hash, texts.c.body).where(texts.c.run_id == run.id)
    attempts = _attempts(connection, run.id)
    pages, pictures = _pages(connection, run.id)
    return {
        "rows": rows,
        "nodes": _nodes(connection, run.id, tree, attempts),
        "calls": attempts,
        "texts": {row.hash: brief(row.body, text=_TEXT) for row in connection.execute(long)},
        "pages": pages,
        "pictures": pictures,
    }


def _attempts(connection: sa.Connection, run_id: str) -> list[Json]:
    names = [*CALL, "request", "response"]
    query = sa.select(*(calls.c[name] for name in names)).where(calls.c.run_id == run_id)
    found: list[Json] = []
    for row in connection.execute(query.order_by(calls.c.started, calls.c.key, calls.c.attempt)).mappings():
        bodies: dict[str, Any] = {
            name: None if row[name] is None else parsed(row[name], name) for name in ("request", "response")
        }
        told = {**{name: row[name] for name in CALL}, **bodies}
        found.append(brief(told, text=_TEXT, depth=20))
    return found


def _nodes(connection: sa.Connection, run_id: str, tree: Tree, attempts: list[Json]) -> dict[str, Json]:
    """What the rows leave out of each node: its text, its verdicts, and the names of the calls about it."""
    said: dict[str, list[Json]] = {}
    for row in connection.execute(sa.select(verdicts).where(verdicts.c.run_id == run_id)).mappings():
        told = {name: brief(row[name], text=_TEXT) for name in row if name != "run_id"}
        said.setdefault(row["node"], []).append(told)
    judged = _by_digest(attempts)
    whole = tree.texts
    found: dict[str, Json] = {}
    for node in tree:
        digest = judged_digest(whole.get(node.id, node.text), complete=node.complete)
        found[node.id] = {
            "text": brief(node.text, text=_TEXT),
            "answer": brief(node.answer, text=_TEXT),
            "feedback": brief(node.feedback, text=_TEXT),
            "failed": brief(node.failed, text=_TEXT),
            "verdicts": list(said.get(node.id, ())),
            "judged": list(judged.get((node.round, digest), ())),
        }
    return found


def _by_digest(attempts: list[Json]) -> dict[tuple[Any, str], list[str]]:
    """The keys of calls by their round and the text that they judge."""
    found: dict[tuple[Any, str], list[str]] = {}
    for call in attempts:
        if isinstance(call, dict):
            for part in str(call["key"]).split("/"):
                found.setdefault((call["round"], part), []).append(str(call["key"]))
    return found


def _pages(connection: sa.Connection, run_id: str) -> tuple[dict[str, Json], dict[str, Json]]:
    """Web pages by KIND/NODE, and pictures by node as data addresses."""
    query = sa.select(decisions).where(decisions.c.run_id == run_id, decisions.c.kind.in_(_PAGES))
    pages: dict[str, Json] = {}
    pictures: dict[str, Json] = {}
    for row in connection.execute(query):
        pages[row.key] = brief(row.payload, text=_TEXT)
        node = row.key.partition("/")[2]
        if row.kind in {"arrival", "commit"} and (found := picture_of(connection, run_id, node)) is not None:
            body, kind = found
            pictures[node] = f"data:{kind};base64,{base64.b64encode(body).decode('ascii')}"
    return pages, pictures


def document(found: dict[str, Json]) -> str:
    """A record as JSON that may stand within a script element and be encoded as UTF-8."""
    text = json.dumps(found, ensure_ascii=True, separators=(",", ":"), default=str)
    return text.replace("<", "\\u003c")
