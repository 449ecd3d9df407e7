"""The search loop without a model: a small world of steps, and verifiers that know it or do not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import TypeAlias

from branchwise.graphs.strategies.protocol import Strategy
from branchwise.store.records import Node, VerifiedBy, child_id
from branchwise.store.tree import Tree

Verify: TypeAlias = Callable[[Node, str, Random], Node]


@dataclass(frozen=True, kw_only=True)
class World:
    """A problem whose solution takes `length` samples, each good with probability `chance`.

    What a node holds is drawn from its name, so that a larger search finds what a smaller one found.
    """

    problem: int
    length: int = 1
    chance: float = 0.4
    unique: bool = False
    """Whether no two nodes ever have the same text, and there is one wrong answer: votes tell nothing then."""

    def sample(self, tree: Tree, parent: Node, ordinal: int, round_: int) -> Node:
        """Draw one child."""
        name = child_id(parent.id, ordinal)
        random = Random(f"{self.problem}/{name}")
        revision = parent.complete
        steps = self.length if revision else 1
        text = "".join("g" if random.random() < self.chance else random.choice("xyz") for _ in range(steps))
        letters = "" if revision else "".join(c for c in tree.text(parent.id) if c.isalpha())
        whole = letters + text
        return Node(
            id=name,
            parent=parent.id,
            depth=parent.depth + 1,
            round=round_,
            text=f"{text}{name}|" if self.unique else text,
            complete=len(whole) >= self.length,
            answer=self._answer(whole) if len(whole) >= self.length else None,
            tokens=steps,
            logprob=-random.expovariate(1.0),
        )

    def _answer(self, whole: str) -> str:
        return "right" if set(whole) == {"g"} else "wrong" if self.unique else whole


def perfect(node: Node, whole: str, random: Random) -> Node:
    """Score what is right 1, the rest 0, and accept right solutions with proof."""
    good = set(whole) <= {"g"}
    return replace(
        node,
        score=1.0 if good else 0.0,
        accepted=good and node.complete,
        verified_by=VerifiedBy.PROGRAM if node.complete else VerifiedBy.MODEL,
    )


def useless(node: Node, whole: str, random: Random) -> Node:
    """Score by chance and accept nothing."""
    return replace(node, score=random.random(), verified_by=VerifiedBy.MODEL)


def undecided(node: Node, whole: str, random: Random) -> Node:
    """Score everything alike, so that all is ties."""
    return replace(node, score=0.5, verified_by=VerifiedBy.MODEL, logprob=-1.0)


def search(strategy: Strategy, world: World, verify: Verify, *, budget: int, seed: int = 0) -> Tree:
    """Turn the loop until the strategy, the budget or a proof ends it."""
    tree, round_ = Tree(), 0
    while budget > 0 and not any(n.accepted and n.verified_by is VerifiedBy.PROGRAM for n in tree.complete):
        allocation = strategy(tree, budget, seed=seed)
        if not allocation:
            break
        round_ += 1
        assert round_ <= 1000, "the strategy runs in circles"
        new: list[Node] = []
        seen = {tree.text(n.id): n for n in tree if n.parent is not None}
        for parent, count in allocation.items():
            first = len(tree.children(parent))
            drawn = (world.sample(tree, tree[parent], first + i, round_) for i in range(count))
            new += [_judged(tree, node, seen, world, verify) for node in drawn]
        tree, budget = tree.grow(new), budget - sum(allocation.values())
    return tree


def _judged(tree: Tree, node: Node, seen: dict[str, Node], world: World, verify: Verify) -> Node:
    assert node.parent is not None
    before = "" if tree[node.parent].complete else tree.text(node.parent)
    text = before + node.text
    twin = seen.get(text)
    if twin is not None:
        same = {"score": twin.score, "verified_by": twin.verified_by, "accepted": twin.accepted}
        return replace(node, duplicate_of=twin.duplicate_of or twin.id, **same)  # type: ignore[arg-type]
    whole = "".join(c for c in text if c.isalpha())
    seen[text] = judged = verify(node, whole, Random(f"{world.problem}/judge/{node.id}"))
    return judged
