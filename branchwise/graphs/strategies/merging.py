"""Merging: sample whole solutions, then write one out of all of them."""

from __future__ import annotations

from branchwise.graphs.strategies._knobs import Count
from branchwise.graphs.strategies._view import clip, distinct, hopeful, ranked, sampled
from branchwise.graphs.strategies.protocol import Allocation, Hint, StrategyInfo
from branchwise.store.records import Node, NodeId
from branchwise.store.tree import Tree

INFO = StrategyInfo(
    paper="fuser of Archon, arXiv 2409.15254, section 3.1; output merging selector of NeMo Agent Toolkit 1.9",
    grain="solution",
    needs=frozenset({"scores", "hints"}),
)
_LONGEST = 4_000
"""Most characters shown of a candidate."""


def merging(
    tree: Tree, budget: int, *, seed: int = 0, n: Count = 4, merged: Count = 1, kept: Count = 5
) -> Allocation:
    """Ask for `n` whole solutions, then for `merged` more that are each written out of the `kept` best ones.

    A merged solution competes with those that it came from, by score: nothing is lost where merging makes it
    worse. Without a single whole solution nothing is merged.

    Args:
        tree: The run's tree.
        budget: Most samples of the allocation.
        seed: Unused; this strategy draws nothing.
        n: Solutions sampled first.
        merged: Solutions written out of them.
        kept: Most candidates shown to the model, the best first; equal texts count once.
    """
    have = len(sampled(tree, "merging"))
    if have < n:
        return clip([(tree.root.id, n - have)], budget)
    return clip([(tree.root.id, n + merged - have)], budget) if len(_best(tree, kept, n)) > 1 else {}


def hint(tree: Tree, parent: NodeId, ordinal: int, *, n: Count = 4, kept: Count = 5) -> Hint:
    """Show the candidates to a sample that merges them; it is asked to judge them and not to copy one."""
    if len(sampled(tree, "merging")) < n:
        return Hint()
    shown = [tree.texts[node.id][:_LONGEST].strip() for node in _best(tree, kept, n)]
    listed = "\n\n".join(f"Candidate {place}:\n{text}" for place, text in enumerate(shown, start=1))
    return Hint(
        instruction=f"{listed}\n\nThe candidates above may be wrong. Judge them, take what is right in each, and write "
        "one solution that is better than all of them, in the same form."
    )


def _best(tree: Tree, kept: int, n: int) -> list[Node]:
    """The best whole solutions among the first `n`; a later one was merged from them."""
    first = sampled(tree, "merging")[:n]
    return ranked(distinct(node for node in hopeful(first) if node.complete))[:kept]
