"""Export a run as JSON, node-link JSON, GraphML or DOT."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from typing import Literal, TypeAlias, get_args

import networkx as nx
import sqlalchemy as sa

from branchwise.store import nodes as forest
from branchwise.store import runs
from branchwise.store.database.schema import HEAD
from branchwise.store.database.tables import calls, decisions, nodes, run_events, texts, verdicts
from branchwise.store.database.tables import runs as runs_table
from branchwise.store.errors import UnknownName
from branchwise.store.graph import graph
from branchwise.store.records import Json
from branchwise.store.tree import Tree

Form: TypeAlias = Literal["json", "node-link", "graphml", "dot"]
"""Export formats: "json" is the whole run, which `restore` reads; the others are its tree."""

FORMAT = "branchwise-run"
BELONGINGS = (nodes, texts, calls, verdicts, decisions, run_events)
_UNPRINTABLE = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SHOWN = 60
"""Characters of a node's text in a drawing."""


def export(connection: sa.Connection, run_id: str, form: Form = "json") -> str:
    """Export a run as text.

    Args:
        connection: For reading.
        run_id: The run, or a unique part of its id.
        form: "json" holds everything, sub-runs included, and can be restored; the others hold the tree.

    Raises:
        UnknownName: There is no such run or form.
    """
    run = runs.get(connection, run_id)
    if form == "json":
        return json.dumps(_document(connection, run.id), indent=1, sort_keys=True)
    drawings: dict[str, Callable[[str, Tree], str]] = {
        "node-link": _node_link,
        "graphml": _graphml,
        "dot": _dot,
    }
    if form not in drawings:
        raise UnknownName("form of export", form, get_args(Form))
    return drawings[form](run.id, forest.tree(connection, run.id))


def _document(connection: sa.Connection, run_id: str) -> dict[str, Json]:
    family = [run_id, *runs.below(connection, run_id)]  # a parent before its sub-runs
    document: dict[str, Json] = {"format": FORMAT, "revision": HEAD}
    for table, column in ((runs_table, runs_table.c.id), *((t, t.c.run_id) for t in BELONGINGS)):
        query = sa.select(table).where(column == sa.bindparam("id")).order_by(*table.primary_key)
        document[table.name] = [
            dict(row) for one in family for row in connection.execute(query, {"id": one}).mappings()
        ]
    return document


def _node_link(run_id: str, tree: Tree) -> str:
    return json.dumps(nx.node_link_data(graph(run_id, tree), edges="edges"), indent=1)


def _graphml(run_id: str, tree: Tree) -> str:
    drawn = graph(run_id, tree)
    for _, fields in drawn.nodes(data=True):
        for name, value in list(fields.items()):
            if value is None:
                del fields[name]
            elif isinstance(value, str):
                fields[name] = _UNPRINTABLE.sub("\ufffd", value)
    out = io.BytesIO()
    nx.write_graphml(drawn, out)
    return out.getvalue().decode()


def _dot(run_id: str, tree: Tree) -> str:
    lines = [f"digraph {_quoted(run_id)} {{", "  node [shape=box, style=filled, fillcolor=white];"]
    for node in tree:
        score = "" if node.score is None else f" {node.score:.2f}"
        text = node.text.strip().replace("\n", " ")
        shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
        colour = "white" if node.failed is None else "mistyrose"
        if node.accepted:
            colour = "palegreen"
        label = _quoted(f"{node.id}{score}\n{shown}")
        lines.append(f"  {_quoted(node.id)} [label={label}, fillcolor={colour}];")
        if node.parent is not None:
            lines.append(f"  {_quoted(node.parent)} -> {_quoted(node.id)};")
    return "\n".join([*lines, "}", ""])


def _quoted(text: str) -> str:
    clean = _UNPRINTABLE.sub("\ufffd", text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{clean}"'
