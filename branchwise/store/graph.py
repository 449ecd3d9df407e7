"""A run's tree as a networkx graph."""

from __future__ import annotations

from dataclasses import asdict

import networkx as nx

from branchwise.store.tree import Tree


def graph(run_id: str, tree: Tree) -> nx.DiGraph:
    """Convert `tree` to a graph: edges from parents to children, a node's fields as its attributes."""
    made = nx.DiGraph(run_id=run_id)
    for node in tree:
        made.add_node(node.id, **asdict(node))
        if node.parent is not None:
            made.add_edge(node.parent, node.id)
    return made
