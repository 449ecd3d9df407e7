"""The tables at one budget: strategies and planners against the best fixed policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean

from branchwise.evals.audited import Audited
from branchwise.evals.equal_tokens import at_tokens
from branchwise.evals.outcomes import Outcomes
from branchwise.evals.planning import Scored, affordable, best_fixed, fitted_planner, random_planner
from branchwise.evals.probing import Probe
from branchwise.evals.report import Table
from branchwise.statistics.bootstrap import bootstrap, paired
from branchwise.statistics.split_half import split_half


def compared(
    found: Outcomes,
    probed: Sequence[Sequence[Probe]],
    budgets: Mapping[int, float],
    *,
    probes: int,
    arm: str,
    checked: Audited | None,
) -> tuple[list[Table], list[tuple[float, float]]]:
    """Tabulate strategies and planners at each budget.

    Args:
        found: Outcomes of the policies.
        probed: The probes of every instance and draw.
        budgets: Mean completion tokens by the number of samples of `arm` that they pay for.
        probes: Samples that the fitted planner looks at first; it has no row at smaller budgets.
        arm: The arm that is probed.
        checked: The audited verifier, where one errs.

    Returns:
        The tables, and (forecast, observed) pass@1 of left-out instances at the largest budget.
    """
    tables: list[Table] = []
    pairs: list[tuple[float, float]] = []
    for n, budget in budgets.items():
        fixed = best_fixed(found, budget)
        tables.append(_strategies(found, n, budget, fixed))
        rivals = {"random planner": random_planner(found, budget)}
        if n >= probes:
            rivals["fitted planner"], pairs = fitted_planner(found, probed, budget, arm=arm)
        if checked is not None:
            rivals["adaptive stop + audited verifier"] = checked.at[n]
        rivals |= _plain(found, n, arm)
        rivals["split-half oracle"] = _oracle(found, budget)
        rows = [row("best fixed, chosen on other instances", fixed, fixed)]
        rows += [row(name, scored, fixed) for name, scored in rivals.items()]
        tables.append(
            Table(
                title=f"Planners at {budget:,.0f} tokens ({n} samples)",
                columns=("planner", "accuracy % [95%]", "tokens", "minus best fixed [95%]", "verdict"),
                rows=tuple(rows),
                note="Fitted on four fifths of the instances and scored on the rest; probes are paid for. "
                "The split-half oracle needs labels and bounds what a planner could gain; its tokens are those of the "
                "dearest policy open to it.",
            )
        )
    return tables, pairs


def row(name: str, scored: Scored, fixed: Scored) -> tuple[str, str, str, str, str]:
    """One row: accuracy, mean tokens, and the paired difference to the best fixed policy with its verdict."""
    accuracy, tokens = bootstrap(scored.right).percent(), f"{fmean(scored.tokens):,.0f}"
    if scored is fixed:
        return name, accuracy, tokens, "", ""
    gain = paired(scored.right, fixed.right)
    return name, accuracy, tokens, gain.percent(), gain.verdict


def _strategies(found: Outcomes, n: int, budget: float, fixed: Scored) -> Table:
    scored = at_tokens(found, budget)
    best = sorted(scored, key=lambda name: -fmean(scored[name].right))
    return Table(
        title=f"Strategies at {budget:,.0f} tokens ({n} samples)",
        columns=("strategy", "accuracy % [95%]", "tokens", "minus best fixed [95%]", "verdict"),
        rows=tuple(row(name, scored[name], fixed) for name in best),
        note="Equal mean tokens: a coin is tossed between the two sizes of a strategy around the budget. Fewer tokens "
        "mean that the largest size played spends no more; strategies whose smallest size costs more are left out. "
        "The best fixed policy has one size, so it may spend less than the budget.",
    )


def _plain(found: Outcomes, n: int, arm: str) -> dict[str, Scored]:
    plain = next(p for p in found.right if p.strategy == "best_of_n" and p.limit == n and p.arm == arm)
    tokens = [fmean(spent) for spent in found.tokens[plain]]
    return {f"plain {plain.name}": Scored(right=found.accuracy(plain), tokens=tokens)}


def _oracle(found: Outcomes, budget: float) -> Scored:
    within = affordable(found, budget)
    first, second = found.half(0), found.half(1)
    right = split_half({p: first[p] for p in within}, {p: second[p] for p in within})
    most = max(found.cost(p) for p in within)
    return Scored(right=right, tokens=[most] * len(right))
