"""Knobs that give step-wise strategies about the work of N whole solutions."""

from __future__ import annotations

from branchwise.agents.planning.policy_table import Knobs

FEWEST, MOST = 4, 16
"""Between these N a tree of recorded steps neither starves nor runs dry."""


def step_knobs(name: str, n: int) -> Knobs | None:
    """The knobs for N, or None where the strategy cannot be replayed by steps.

    Branching and shares are those of the papers where `n` leaves a choice; thresholds are in units of the
    step verifier's reward and cut off only what it holds for impossible.
    """
    expand, half = min(4, max(2, n // 4)), n // 2
    knobs: dict[str, Knobs] = {
        "beam_search": {"n": n, "expand": expand},
        "best_first": {"branching": expand, "expansions": n},
        "depth_first": {"branching": expand, "threshold": 0.01},
        "dvts": {"n": n, "expand": expand},
        "early_pruning": {"n": n},
        "mcts": {"branching": expand, "simulations": n},
        "parallel_tempering": {"n": half, "chains": 2},
        "particle_filter": {"n": n},
        "particle_gibbs": {"n": half, "iterations": 2},
        "rebase": {"width": n},
        "step_beam": {"width": max(1, n // expand), "branching": expand},
        "step_gates": {"starts": max(1, n // 4)},
        "tree_of_thoughts": {"width": max(1, n // expand), "branching": expand},
    }
    return knobs.get(name)
