"""Plain-text view of a run's tree for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.text import Text
from rich.tree import Tree as Drawing

from branchwise.cli.console import visible
from branchwise.store.records import Json, Node, NodeId

_UNVISITED = "not visited yet"
_NOTHING: Mapping[str, Json] = {}


def text(
    nodes: Sequence[Node],
    extras: Mapping[NodeId, Mapping[str, Json]] | None = None,
    *,
    most: int = 60,
    wide: int = 100,
) -> Drawing:
    """Draw a run's tree with one line a node: score, text, URL, reason of failure.

    Args:
        nodes: The tree, parents before children. Siblings with the same text are drawn once, with their number.
        extras: More for some nodes, by id; `url` is shown.
        most: Maximum number of nodes drawn; the rest is counted.
        wide: Maximum characters of a node's text.
    """
    more = extras or {}
    drawing = Drawing("problem", guide_style="dim")
    places: dict[NodeId, Drawing] = {}
    left, times = 0, _times(nodes)
    for node in nodes:
        if node.id not in times:
            continue
        if node.parent is None:
            places[node.id] = drawing
        elif len(places) > most or (node.parent not in places and places):
            left += 1
        else:
            parent = places.get(node.parent, drawing)
            line = _line(node, more.get(node.id, _NOTHING), wide)
            places[node.id] = parent.add(
                line.append(f"  ×{n}" if (n := times[node.id]) > 1 else "", style="dim")
            )
    if left:
        drawing.add(Text(f"… and {left} more", style="dim"))
    return drawing


def _times(nodes: Sequence[Node]) -> Mapping[NodeId, int]:
    """Number of equal siblings by drawn node; duplicates without children are not drawn."""
    grown = {node.parent for node in nodes}
    known = {node.id: node for node in nodes}
    times = dict.fromkeys(known, 1)
    for node in nodes:
        twin = known.get(node.duplicate_of or "")
        if twin and node.id not in grown and (twin.parent, twin.text) == (node.parent, node.text):
            times[twin.id] = times.get(twin.id, 0) + times.pop(node.id)
    return times


def _line(node: Node, extra: Mapping[str, Json], wide: int) -> Text:
    # rich does not parse markup in a Text, so output of models and pages cannot style the terminal.
    score = "  – " if node.score is None else f"{node.score:.2f}"
    said = _printable(node.text, wide) or "(nothing)"
    mark, style = _mark(node)
    line = Text(f"{mark} {score} {said}", style=style)
    if url := extra.get("url"):
        line.append(f"  {_printable(str(url), wide)}", style="dim")
    if node.failed is not None:
        line.append(f"  ({_printable(node.failed, wide)})", style="dim")
    if node.duplicate_of is not None and not (node.failed or "").endswith(f" {node.duplicate_of}"):
        line.append(f"  (as {node.duplicate_of})", style="dim")
    return line


def _mark(node: Node) -> tuple[str, str]:
    if node.accepted:
        return "✓", "bold green"
    if node.failed is not None:
        return "✗", "red"
    if node.feedback.endswith(_UNVISITED):
        return "◌", "dim"
    return ("●" if node.complete else "○"), ""


def _printable(said: str, wide: int) -> str:
    return visible(" ".join(said[: 10 * wide].split()))[:wide]
