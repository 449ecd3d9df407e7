"""A run's tree as training data: preference pairs (DPO) and step labels (process reward models)."""

from __future__ import annotations

from collections.abc import Iterator

from branchwise.store.records import Json, Node
from branchwise.store.tree import Tree


def preference_pairs(problem: str, tree: Tree) -> Iterator[dict[str, Json]]:
    """The best and the worst child of each node, and each revision that is better than what it revises.

    Source: MCTS-DPO, arXiv 2405.00451, section 3 (the highest and the lowest value at each depth); SPaR, arXiv
    2412.11605, section 2.3 (the refined answer and its original). The fields are those that DPO trainers read:
    `prompt` holds the problem and the text so far.
    """
    for parent in tree:
        if parent.complete:
            yield from _refined(problem, parent, tree)
            continue
        judged = [n for n in tree.children(parent.id) if n.score is not None and n.duplicate_of is None]
        if len(judged) < 2:
            continue
        best, worst = max(judged, key=_worth), min(judged, key=_worth)
        if _worth(best) > _worth(worst) and best.text != worst.text:
            begun = tree.texts[parent.id]
            yield {
                "prompt": f"{problem}\n\n{begun}" if begun else problem,
                "chosen": best.text,
                "rejected": worst.text,
                "margin": _worth(best) - _worth(worst),
            }


def _refined(problem: str, original: Node, tree: Tree) -> Iterator[dict[str, Json]]:
    for node in tree.children(original.id):
        known = original.score is not None and node.score is not None and node.complete
        if known and _worth(node) > _worth(original):
            yield {
                "prompt": problem,
                "chosen": tree.texts[node.id],
                "rejected": tree.texts[original.id],
                "margin": _worth(node) - _worth(original),
            }


def step_labels(problem: str, tree: Tree) -> Iterator[dict[str, Json]]:
    """Every whole solution with its steps, and of each step whether an accepted solution was reached from it.

    Source: the hard estimate of Math-Shepherd, arXiv 2312.08935, section 3.2. Solutions that nobody judged are no
    evidence and are left out.
    """
    good: set[str] = set()
    for node in tree.complete:
        if node.accepted:
            good |= {step.id for step in tree.path(node.id)}
    for node in tree.complete:
        path = tree.path(node.id)
        if node.score is None or any(step.complete for step in path[:-1]):
            continue  # unjudged, or a revision, which is not written step by step
        yield {
            "prompt": problem,
            "completions": [step.text for step in path],
            "labels": [step.id in good for step in path],
        }


def _worth(node: Node) -> float:
    """The value of a node; 0 for a dead end, whatever its score."""
    return 0.0 if node.failed is not None or node.score is None else node.score
