"""A run's tree as a picture: SVG for browsers and documents, Mermaid for Markdown."""

from __future__ import annotations

from html import escape

from branchwise.store.records import Node, NodeId
from branchwise.store.tree import Tree

_WIDE = 180
_HIGH = 56
_GAP = 16
_DROP = 40
_LINE = 26
"""Characters of a line in a box."""
_LINES = 2
_FILL = {"accepted": "#c8e6c9", "failed": "#ffcdd2", "complete": "#e3f2fd", "step": "#ffffff"}


def _kind(node: Node) -> str:
    if node.failed is not None:
        return "failed"
    if node.accepted and node.complete:
        return "accepted"
    return "complete" if node.complete else "step"


def _words(node: Node) -> list[str]:
    """The node's name and score, and the beginning of its text in lines that fit a box."""
    score = "" if node.score is None else f" {node.score:.2f}"
    shown = "".join(c if c.isprintable() else " " for c in (node.failed or node.text))
    text = " ".join(shown.split())
    cut = [text[i : i + _LINE] for i in range(0, len(text), _LINE)]
    if len(cut) > _LINES:
        cut[_LINES - 1] = f"{cut[_LINES - 1][:-3]}..."
    return [f"{node.id}{score}", *cut[:_LINES]]


def svg(run_id: str, tree: Tree) -> str:
    """Draw a tree, each parent above the middle of its children.

    Args:
        run_id: The title.
        tree: The tree.
    """
    places = _places(tree)
    wide = max((x for x, _ in places.values()), default=0.0) + _WIDE + _GAP
    high = (max((depth for _, depth in places.values()), default=0) + 1) * (_HIGH + _DROP)
    size = f'viewBox="0 0 {wide:g} {high:g}" width="{wide:g}" height="{high:g}"'
    opened = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="11">'
    edges = [_edge(places[node.parent], places[node.id]) for node in tree if node.parent in places]
    boxes = [_box(node, *places[node.id]) for node in tree]
    return "\n".join([opened, f"<title>{escape(run_id)}</title>", *edges, *boxes, "</svg>", ""])


def _places(tree: Tree) -> dict[NodeId, tuple[float, int]]:
    """Left edge and depth of each node's box; leaves lie side by side in depth-first order."""
    places: dict[NodeId, tuple[float, int]] = {}
    right = float(_GAP)
    pending: list[tuple[NodeId, int, bool]] = [(tree.root.id, 0, False)]
    while pending:  # no recursion: a chain may be longer than Python's stack
        name, depth, seen = pending.pop()
        children = [child.id for child in tree.children(name)]
        if not children:
            places[name] = (right, depth)
            right += _WIDE + _GAP
        elif seen:
            places[name] = ((places[children[0]][0] + places[children[-1]][0]) / 2, depth)
        else:
            pending.append((name, depth, True))
            pending += [(child, depth + 1, False) for child in reversed(children)]
    return places


def _edge(parent: tuple[float, int], child: tuple[float, int]) -> str:
    (x1, d1), (x2, d2) = parent, child
    y1, y2 = d1 * (_HIGH + _DROP) + _HIGH + _GAP, d2 * (_HIGH + _DROP) + _GAP
    return (
        f'<path d="M{x1 + _WIDE / 2:g} {y1:g} C{x1 + _WIDE / 2:g} {y1 + _DROP / 2:g} '
        f'{x2 + _WIDE / 2:g} {y2 - _DROP / 2:g} {x2 + _WIDE / 2:g} {y2:g}" fill="none" stroke="#90a4ae"/>'
    )


def _box(node: Node, x: float, depth: int) -> str:
    y = depth * (_HIGH + _DROP) + _GAP
    weights = ("bold", *(["normal"] * _LINES))
    rows = "".join(
        f'<tspan x="{x + 6:g}" y="{y + 16 + 14 * i:g}" font-weight="{weight}">{escape(line)}</tspan>'
        for i, (line, weight) in enumerate(zip(_words(node), weights, strict=False))
    )
    return (
        f'<g><title>{escape(_whole(node))}</title><rect x="{x:g}" y="{y:g}" width="{_WIDE}" height="{_HIGH}" rx="4" '
        f'fill="{_FILL[_kind(node)]}" stroke="#607d8b"/><text>{rows}</text></g>'
    )


def _whole(node: Node) -> str:
    return "".join(c if c.isprintable() or c == "\n" else " " for c in (node.failed or node.text))[:2_000]


def mermaid(run_id: str, tree: Tree) -> str:
    """A flowchart in Mermaid's notation, which GitHub and many editors draw.

    Args:
        run_id: A comment.
        tree: The tree.
    """
    lines = ["flowchart TD", f"  %% run {run_id}"]
    named = {node.id: f"n{number}" for number, node in enumerate(tree)}
    for node in tree:
        label = "<br/>".join(_entities(line) for line in _words(node))
        lines.append(f'  {named[node.id]}["{label}"]:::{_kind(node)}')
        if node.parent is not None and node.parent in named:
            lines.append(f"  {named[node.parent]} --> {named[node.id]}")
    lines += [f"  classDef {kind} fill:{fill},stroke:#607d8b,color:#000" for kind, fill in _FILL.items()]
    return "\n".join([*lines, ""])


def _entities(text: str) -> str:
    """Escape a text for Mermaid: all but letters, digits, spaces and `.,:-/` become numeric entities."""
    return "".join(c if c.isalnum() or c in " .,:-/" else f"#{ord(c)};" for c in text)
