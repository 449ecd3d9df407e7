"""Fork a run at a node of another run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace

import sqlalchemy as sa

from branchwise.store import nodes as forest
from branchwise.store import runs
from branchwise.store.database.dialects import upsert
from branchwise.store.database.tables import decisions, nodes
from branchwise.store.errors import BadInput, UnknownName
from branchwise.store.records import ROOT, Node, NodeId
from branchwise.store.rows import Decision, RunRecord
from branchwise.store.tree import Tree


def fork(connection: sa.Connection, row: dict[str, object], me: str) -> RunRecord:
    """Store the run that `row` describes; its root represents the node `forked_at` of the run `forked_from`.

    `me` is a name unique to this attempt.

    Raises:
        UnknownName: There is no such node.
        BadInput: The node is a dead end.
    """
    source, at = str(row["forked_from"]), str(row["forked_at"])
    root = root_at(forest.tree(connection, source), at)
    [run] = runs.create(connection, [row], me)
    new = {**asdict(root), "run_id": run.id, "ord": 0}
    connection.execute(upsert(nodes, connection.dialect.name), new)
    return run


def fork_at_place(
    connection: sa.Connection, row: dict[str, object], answers: Sequence[Decision], me: str
) -> RunRecord:
    """Store the run that `row` describes with the answers people gave to its parent run."""
    [run] = runs.create(connection, [row], me)
    for ord_, one in enumerate(answers):
        new = {"run_id": run.id, "key": one.key, "kind": one.kind, "payload": one.payload, "ord": ord_}
        connection.execute(upsert(decisions, connection.dialect.name), new)
    return run


def root_at(tree: Tree, at: NodeId) -> Node:
    """The root of a fork: the text from the tree's root to the node `at`, with that node's verdict.

    Raises:
        UnknownName: There is no such node.
        BadInput: It is a dead end.
    """
    if at not in tree:
        raise UnknownName("node", at, (node.id for node in tree))
    node = tree[at]
    if node.failed is not None:
        raise BadInput(f"The node `{at}` is a dead end ({node.failed}); fork at its parent `{node.parent}`.")
    return replace(
        node,
        id=ROOT,
        parent=None,
        depth=0,
        round=0,
        text=tree.text(at),
        tokens=0,
        logprob=None,
        duplicate_of=None,
    )
