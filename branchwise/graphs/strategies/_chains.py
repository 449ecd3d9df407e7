"""Run populations of particles in parallel to their end, and draw a trajectory from each."""

from __future__ import annotations

from collections.abc import Sequence

from branchwise.graphs.strategies._particles import ParticleAssignment, Population, tempered
from branchwise.store.records import Node


def turn(replay: ParticleAssignment, populations: Sequence[Population]) -> list[tuple[Node, ...]] | None:
    """Advance all populations in step; None while children are missing on the tree.

    Returns:
        One trajectory of each population, drawn in proportion to the tempered weights.
    """
    while growing := [population for population in populations if not population.done]:
        # Every population advances before the return, so that one round requests the children of all.
        moved = [population.advance(replay) for population in growing]
        if not all(moved):
            return None
    return [_drawn(replay, population) for population in populations]


def _drawn(replay: ParticleAssignment, population: Population) -> tuple[Node, ...]:
    shares = tempered(population.log_weights(replay.tree), population.filter.temperature)
    leaf = population.random.choices(population.nodes, weights=shares)[0]
    return replay.tree.path(leaf.id)
