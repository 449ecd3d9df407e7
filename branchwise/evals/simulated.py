"""The table of simulated figures, each beside the held-out one and ranked only if the error allows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from branchwise.evals.log import Log
from branchwise.evals.policy import Policy
from branchwise.evals.report import Table
from branchwise.evals.simulator import Source, simulator, validate


def simulated(
    log: Log,
    policies: Sequence[Policy],
    *,
    seeds: int,
    fit: Callable[[Log, Sequence[str]], Source] = simulator,
    of: str = "",
) -> Table:
    """Fit the simulator on half of the instances and show what it says of the other half.

    Args:
        log: A log of one arm with scores and answers.
        policies: What to simulate; the first is what the others are ranked against.
        seeds: How often the held-back half is played.
        fit: Fits what is simulated.
        of: What it simulates, for the title.
    """
    found = validate(log, policies, seeds=seeds, fit=fit)
    base = policies[0]
    rows = []
    for policy in policies:
        better = found.better(policy, base)
        verdict = "better" if better is policy else "worse"
        if better is None:
            verdict = "not ranked"
        rows.append(
            (
                policy.name,
                f"{100 * found.simulated[policy]:.1f} +- {100 * found.error:.1f}",
                f"{100 * found.held_back[policy]:.1f}",
                "" if policy is base else verdict,
            )
        )
    return Table(
        title=f"Simulator{of}, fitted on half of the instances",
        columns=("policy", "simulated %", "held-back half %", f"against {base.name}"),
        rows=tuple(rows),
        note="The error is the root mean squared difference between simulated and held-back accuracies; two policies "
        "whose simulated gap is no larger are not ranked.",
    )
