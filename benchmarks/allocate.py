"""How long a strategy takes to decide, over trees of 100 to 10,000 nodes of its own making.

Run `python benchmarks/allocate.py`; it prints a table and writes allocate.json beside this file. Each tree is grown
by the strategy itself, with knobs that never let it end, and copied before each timing so that nothing is cached. The
rival of the same run is one bare pass over the nodes of the same tree. `growth` is the slope of log time over log
nodes from 300 nodes on; n log n has a slope of about 1.13 there.
"""

from __future__ import annotations

import gc
import json
import platform
from collections.abc import Callable
from math import log
from pathlib import Path
from random import Random
from statistics import linear_regression
from time import thread_time

from branchwise.graphs import strategies
from branchwise.graphs.strategies.protocol import Strategy
from branchwise.store.records import Node, child_id
from branchwise.store.tree import Tree

SIZES = (100, 300, 1000, 3000, 10_000)
REPEATS = 5
_LARGE = 100_000

KNOBS: dict[str, dict[str, object]] = {
    "adaptive_best_of_n": {"n": _LARGE, "batch": 50, "threshold": 1.0},
    "adaptive_consistency": {"n": _LARGE, "batch": 50, "certainty": 1.0},
    "beam_search": {"n": 64, "expand": 4, "steps": _LARGE},
    "best_first": {"branching": 50, "depth": _LARGE, "expansions": _LARGE},
    "coat": {"branching": 50, "simulations": _LARGE},
    "depth_first": {"branching": 50, "threshold": 0.3, "solutions": _LARGE, "steps": _LARGE},
    "dvts": {"n": 64, "expand": 4, "steps": _LARGE},
    "early_pruning": {"n": 256, "keep": 0.5, "after": 2, "steps": _LARGE},
    "hypothesis_refinement": {"n": 32, "iterations": _LARGE},
    "iterative_deepening": {"n": 64, "segments": _LARGE},
    "lookahead": {"n": 64, "expand": 4, "steps": _LARGE},
    "mcts": {"branching": 50, "simulations": _LARGE},
    "parallel_tempering": {"n": 16, "chains": 4, "iterations": _LARGE},
    "particle_filter": {"n": 3000},
    "particle_gibbs": {"n": 64, "iterations": _LARGE},
    "plan_first": {"plans": 50, "n": _LARGE},
    "rebase": {"width": 2000},
    "refinement_tree": {"branching": 1000, "select": 5, "gate": 1.0},
    "revision_chains": {"n": _LARGE, "ratio": 1.0},
    "rewind": {"branching": 50, "iterations": 500, "threshold": 1.0},
    "sequential_revision": {"n": _LARGE},
    "step_beam": {"width": 16, "branching": 4, "steps": _LARGE},
    "step_gates": {"gate": 0.9, "tries": 20, "starts": _LARGE},
    "tree_of_thoughts": {"width": 16, "branching": 4, "steps": _LARGE},
}
"""Knobs that keep a strategy searching; the others take `n` alone."""

MOST = {"sequential_revision": 300, "step_gates": 1000}
"""One sample a round: larger trees would take too long to grow, and no search makes them."""


def grown(strategy: Strategy, name: str, most: int) -> list[Tree]:
    """Let the strategy grow a tree to `most` nodes, or as far as it goes; snapshots as the sizes are passed."""
    random, nodes, counts = Random(most), [], dict[str, int]()
    about, hints = strategies.about(name), strategies.hints(name)
    # A budget that cut a layer short would leave the strategy with part of its tree.
    layers = about.grain == "step" or "revisions" in about.needs
    tree, wanted, snapshots = Tree(), [size for size in SIZES if size <= most], []
    while wanted:
        allocation = strategy(tree, _LARGE if layers else wanted[0] - len(tree))
        if not allocation:
            break
        for parent, count in allocation.items():
            grain = hints(tree, parent, 0).grain or about.grain
            for _ in range(count):
                ordinal = counts.get(parent, 0)
                counts[parent] = ordinal + 1
                nodes.append(_child(tree[parent], ordinal, grain, random))
        tree = Tree(nodes)
        if len(tree) >= wanted[0]:
            wanted = [size for size in wanted if size > len(tree)]
            snapshots.append(tree)
    return snapshots


def _child(parent: Node, ordinal: int, grain: str, random: Random) -> Node:
    complete = grain == "solution" or random.random() < 0.001
    return Node(
        id=child_id(parent.id, ordinal),
        parent=parent.id,
        depth=parent.depth + 1,
        complete=complete,
        answer=str(random.randrange(10)) if complete else None,
        score=random.random() * 0.99,
        logprob=-random.random(),
        tokens=10,
    )


def seconds(work: Callable[[Tree], object], tree: Tree) -> float:
    """The fastest of several runs, each on a fresh copy of the tree, without garbage collection (as timeit does)."""
    nodes, best = list(tree)[1:], float("inf")
    gc.disable()
    for _ in range(REPEATS):
        fresh = Tree(nodes)
        begin = thread_time()
        work(fresh)
        best = min(best, thread_time() - begin)
    gc.enable()
    return best


def bare(tree: Tree) -> list[float | None]:
    """The rival: one plain pass over the nodes."""
    return [node.score for node in tree]


def measure(name: str) -> dict[str, object]:
    """Time one strategy at every size that it reaches."""
    strategy = strategies.load(name, **KNOBS.get(name, {"n": _LARGE}))
    trees = grown(strategy, name, MOST.get(name, SIZES[-1]))
    points = [(len(tree), seconds(lambda tree: strategy(tree, 64), tree)) for tree in trees]
    large = [(n, t) for n, t in points if n >= 300]
    logs = [log(n) for n, _ in large], [log(t) for _, t in large]
    return {
        "strategy": name,
        "milliseconds": {str(n): round(1000 * t, 3) for n, t in points},
        "growth": round(linear_regression(*logs).slope, 2) if len(large) > 1 else None,
        "bare passes": round(points[-1][1] / seconds(bare, trees[-1]), 1) if points else None,
    }


def main() -> None:
    """Time every strategy, print the table and write it."""
    rows = []
    for name in strategies.names():
        row = measure(name)
        rows.append(row)
        print(
            f"{name:24} growth {row['growth']!s:5} {row['bare passes']!s:6} passes  {row['milliseconds']}",
            flush=True,
        )
    machine = {"python": platform.python_version(), "machine": platform.machine()}
    target = Path(__file__).with_suffix(".json")
    target.write_text(json.dumps({"machine": machine, "strategies": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
