"""An immutable view of a run's search tree."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property

from branchwise.store.records import ROOT, Node, NodeId

_ROWS = 500
"""Nodes that a notebook shows of a tree."""
_SHOWN = 200
"""Characters that it shows of a node's text."""


class Tree:
    """The nodes of one run. `grow` and `judge` return a new tree; iteration is in order of insertion.

    A parent always comes before its children, so one reversed pass visits leaves first.
    """

    def __init__(self, nodes: Iterable[Node] = ()) -> None:
        self._nodes: dict[NodeId, Node] = {ROOT: Node(id=ROOT, parent=None)}
        for node in nodes:
            self._nodes[node.id] = node

    def __getitem__(self, node: NodeId) -> Node:
        return self._nodes[node]

    def __contains__(self, node: object) -> bool:
        return node in self._nodes

    def __iter__(self) -> Iterator[Node]:
        return iter(self._nodes.values())

    def __len__(self) -> int:
        return len(self._nodes)

    @property
    def root(self) -> Node:
        """The node of the problem itself; in a fork it holds the text up to the forked node."""
        return self._nodes[ROOT]

    @cached_property
    def _children(self) -> Mapping[NodeId, tuple[Node, ...]]:
        below: dict[NodeId, list[Node]] = {}
        for node in self:
            if node.parent is not None:
                below.setdefault(node.parent, []).append(node)
        return {parent: tuple(nodes) for parent, nodes in below.items()}

    def children(self, node: NodeId) -> tuple[Node, ...]:
        """The children of `node`, oldest first."""
        return self._children.get(node, ())

    def path(self, node: NodeId) -> tuple[Node, ...]:
        """The nodes from the root's child down to `node`; empty for the root."""
        steps: list[Node] = []
        at = self[node]
        while at.parent is not None:
            steps.append(at)
            at = self[at.parent]
        return tuple(reversed(steps))

    def text(self, node: NodeId) -> str:
        """The whole text up to `node`; a child of a whole solution is a revision and starts from an empty text."""
        steps: list[str] = []
        at = self[node]
        while at.parent is not None:
            steps.append(at.text)
            at = self[at.parent]
            if at.complete:
                break
        else:
            steps.append(at.text)
        return "".join(reversed(steps))

    @cached_property
    def texts(self) -> Mapping[NodeId, str]:
        """`text` of every node, in one pass."""
        texts = {ROOT: self.root.text}
        for node in self:
            if node.parent is not None:
                texts[node.id] = ("" if self[node.parent].complete else texts[node.parent]) + node.text
        return texts

    @cached_property
    def complete(self) -> tuple[Node, ...]:
        """Nodes that hold a whole solution and did not fail."""
        return tuple(n for n in self if n.complete and n.failed is None)

    @cached_property
    def open_leaves(self) -> tuple[Node, ...]:
        """Nodes without children that can still grow; the root alone at the start."""
        return tuple(n for n in self if not n.complete and n.failed is None and n.id not in self._children)

    @cached_property
    def best(self) -> Node | None:
        """The best complete node: accepted first, then by score, fewer steps, age."""
        if not self.complete:
            return None
        return min(
            self.complete,
            key=lambda n: (not n.accepted, -(n.score if n.score is not None else -1.0), n.depth),
        )

    def grow(self, nodes: Iterable[Node]) -> Tree:
        """The tree with `nodes` added; an existing node is replaced in place."""
        return Tree([*self, *nodes])

    def judge(self, node: NodeId, **judgement: object) -> Tree:
        """The tree with fields of one node changed."""
        return self.grow([replace(self[node], **judgement)])  # type: ignore[arg-type]

    def _repr_html_(self) -> str:
        """Show it in a notebook: a row a node, the oldest first, each indented by its depth."""
        rows = [_row(node) for node in self._nodes.values() if node.parent is not None][:_ROWS]
        more = len(self) - 1 - len(rows)
        note = f"<p>{more:,} more nodes are not shown.</p>" if more else ""
        heads = "".join(f"<th>{head}</th>" for head in ("node", "score", "", "text"))
        return f"<table><tr>{heads}</tr>{''.join(rows)}</table>{note}"


def _row(node: Node) -> str:
    score = "" if node.score is None else f"{node.score:.2f}"
    word = "" if node.failed is None else "failed"
    if node.accepted:
        word = "accepted"
    text = node.text.strip() if node.failed is None else node.failed
    text = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
    cells = "".join(f"<td>{html.escape(cell)}</td>" for cell in (score, word, text))
    return f'<tr><td style="padding-left: {min(node.depth, 40)}em">{html.escape(node.id)}</td>{cells}</tr>'
