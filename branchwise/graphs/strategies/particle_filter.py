"""Particle filtering: prefixes are resampled in proportion to their odds of being accepted."""

from __future__ import annotations

from random import Random

from branchwise.graphs.strategies._knobs import Count, Positive
from branchwise.graphs.strategies._particles import (
    Filter,
    ParticleAssignment,
    Population,
    Resampling,
    Weighting,
)
from branchwise.graphs.strategies._view import clip
from branchwise.graphs.strategies.protocol import Allocation, StrategyInfo
from branchwise.store.tree import Tree

INFO = StrategyInfo(
    paper="Rollout Roulette, arXiv 2502.01618, algorithm 1",
    grain="step",
    needs=frozenset({"step scores"}),
    sized=lambda n: {"n": n},
)


def particle_filter(
    tree: Tree,
    budget: int,
    *,
    seed: int = 0,
    n: Count = 16,
    temperature: Positive = 1.0,
    weight: Weighting = "prefix",
    resampling: Resampling = "systematic",
) -> Allocation:
    """Resample the particles and ask for one more step of each open one; finished ones stay in the pool.

    A particle without a score counts as the average of the others. Draws are repeated from the seed, so the
    ancestry of all particles follows from the tree.

    Args:
        tree: The run's tree.
        budget: Most samples of the allocation.
        seed: Of the resampling.
        n: Number of particles.
        temperature: Divides the log-odds before the softmax (1 in the paper).
        weight: "prefix" weighs the whole prefix at each step, as the paper does; "increment" only what the
            newest step added, which counts no early step twice.
        resampling: "multinomial" is the paper's; "systematic" has a lower variance.
    """
    replay = ParticleAssignment(tree=tree, strategy="particle_filter")
    chosen = Filter(particles=n, temperature=temperature, weight=weight, resampling=resampling)
    particles = Population(filter=chosen, random=Random(f"{seed}"))  # noqa: S311 (reproducible, not secret)
    while not particles.done and particles.advance(replay):
        pass
    return clip(replay.missing.items(), budget)
