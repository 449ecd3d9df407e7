"""Strategies at equal mean tokens."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from branchwise.evals.outcomes import Outcomes
from branchwise.evals.planning import Scored
from branchwise.evals.policy import Policy


def at_tokens(found: Outcomes, budget: float) -> dict[str, Scored]:
    """Every strategy at `budget` mean completion tokens an instance.

    Between two sizes of a strategy a coin is tossed so that the mean tokens are the budget: that is a policy, too,
    and its accuracy and tokens lie on the line between the two. A strategy that never spends so much stands at its
    largest size, one that spends more at its smallest size is left out.

    Args:
        found: Outcomes of the policies, each strategy at several sizes.
        budget: Mean completion tokens an instance.

    Returns:
        Accuracy and tokens by strategy and setting.
    """
    families: dict[str, list[Policy]] = {}
    for policy in found.right:
        families.setdefault(_setting(policy), []).append(policy)
    mixed = {name: _mixed(found, members, budget) for name, members in families.items()}
    return {name: scored for name, scored in mixed.items() if scored is not None}


def _setting(policy: Policy) -> str:
    """The strategy with the knobs that are no size; those of tree strategies all follow from the size."""
    knobs = [] if policy.grain == "step" else [f"{k}={v}" for k, v in policy.knobs.items() if k != "n"]
    return f"{policy.family} ({', '.join(knobs)})" if knobs else policy.family


def _mixed(found: Outcomes, members: Sequence[Policy], budget: float) -> Scored | None:
    rising = sorted(members, key=found.cost)
    below = [policy for policy in rising if found.cost(policy) <= budget + 1e-9]
    if not below:
        return None
    low = below[-1]
    high = next((policy for policy in rising if found.cost(policy) > budget + 1e-9), low)
    gap = found.cost(high) - found.cost(low)
    share = (budget - found.cost(low)) / gap if gap > 0 else 0.0
    return Scored(
        right=_line(found.accuracy(low), found.accuracy(high), share),
        tokens=_line(_tokens(found, low), _tokens(found, high), share),
    )


def _tokens(found: Outcomes, policy: Policy) -> list[float]:
    return [fmean(spent) for spent in found.tokens[policy]]


def _line(low: Sequence[float], high: Sequence[float], share: float) -> list[float]:
    return [(1 - share) * a + share * b for a, b in zip(low, high, strict=True)]
