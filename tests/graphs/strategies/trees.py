"""Arbitrary trees, for properties that must hold whatever a search has left behind."""

from __future__ import annotations

from math import inf, nan

from hypothesis import strategies as st

from branchwise.store.records import ROOT, Node, VerifiedBy, child_id
from branchwise.store.tree import Tree

_SCORES = st.sampled_from([None, None, 0.0, 0.25, 0.5, 0.5, 0.9, 1.0])


@st.composite
def trees(draw: st.DrawFn, strategy: str, most: int = 25) -> Tree:
    """A tree of up to `most` nodes of several arms, with ties, duplicates, dead ends and missing scores."""
    nodes = [Node(id=ROOT, parent=None)]
    counts: dict[str, int] = {}
    for _ in range(draw(st.integers(0, most))):
        parent = draw(st.sampled_from([n for n in nodes if n.failed is None]))
        ordinal = counts.get(parent.id, 0)
        counts[parent.id] = ordinal + 1
        failed = draw(st.sampled_from([None, None, None, None, "lost"]))
        twin = draw(st.sampled_from([None, None, None, *nodes[1:]]))
        twin = (
            twin
            if twin is not None and twin.duplicate_of is None and twin.depth == parent.depth + 1
            else None
        )
        nodes.append(
            Node(
                id=child_id(parent.id, ordinal),
                parent=parent.id,
                depth=parent.depth + 1,
                round=parent.depth + 1,
                strategy=draw(st.sampled_from([strategy, strategy, "", "probe"])),
                text=draw(st.sampled_from("abc")),
                complete=twin.complete if twin else draw(st.booleans()),
                answer=draw(st.sampled_from([None, "1", "2"])),
                score=twin.score if twin else draw(_SCORES),
                verified_by=draw(st.sampled_from(list(VerifiedBy))),
                accepted=draw(st.booleans()),
                logprob=draw(st.sampled_from([None, -0.5, -3.0, nan, inf, -inf])),
                tokens=draw(st.integers(0, 5)),
                duplicate_of=twin.id if twin else None,
                failed=failed,
            )
        )
    return Tree(nodes[1:])
