"""Planners on recorded outcomes: fitted on some instances, scored on the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from statistics import fmean, quantiles

from branchwise.agents.planning.policy_table import PolicyRow, PolicyTable, RankedStrategy
from branchwise.evals.outcomes import Outcomes
from branchwise.evals.policy import Policy
from branchwise.evals.probing import Probe, estimated_pass_at_1, fit_maps, fit_prior

_PRICES = (0.0, *(10 ** (-7 + i / 10) for i in range(61)))
"""Accuracy that a token must buy; from 0 (spend freely) to 0.1 (buy nothing)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scored:
    """Accuracy and tokens of a planner on instances that it was not fitted on."""

    right: list[float]
    """One accuracy an instance."""
    tokens: list[float]
    """Completion tokens, one mean an instance."""


def folds(count: int, *, into: int = 5, seed: int = 0) -> Iterator[tuple[list[int], list[int]]]:
    """Split the numbers below `count` at random into test folds, each with the rest to train on."""
    order = list(range(count))
    Random(seed).shuffle(order)  # noqa: S311 - a shuffle, not a secret
    for k in range(min(into, count)):
        test = order[k::into]
        yield [i for i in order if i not in set(test)], test


def cross_validated(count: int, fit: Callable[[list[int]], Callable[[int], tuple[float, float]]]) -> Scored:
    """Fit on each training part and score (accuracy, tokens) on the instances left out."""
    right, tokens = [0.0] * count, [0.0] * count
    for train, test in folds(count):
        score = fit(train)
        for i in test:
            right[i], tokens[i] = score(i)
    return Scored(right=right, tokens=tokens)


def best_fixed(found: Outcomes, budget: float) -> Scored:
    """The best policy on other instances whose mean tokens there are within `budget`."""

    def fit(train: list[int]) -> Callable[[int], tuple[float, float]]:
        chosen = _best(found, train, affordable(found, budget, train))
        return lambda i: (fmean(found.right[chosen][i]), fmean(found.tokens[chosen][i]))

    return cross_validated(len(found.instances), fit)


def random_planner(found: Outcomes, budget: float) -> Scored:
    """The mean over the strategies, each at the most samples that `budget` affords."""
    largest: dict[str, Policy] = {}
    for policy in affordable(found, budget):
        best = largest.get(policy.family)
        if best is None or found.cost(policy) > found.cost(best):
            largest[policy.family] = policy
    count = range(len(found.instances))
    right = [fmean(fmean(found.right[p][i]) for p in largest.values()) for i in count]
    return Scored(
        right=right, tokens=[fmean(fmean(found.tokens[p][i]) for p in largest.values()) for i in count]
    )


def affordable(found: Outcomes, budget: float, rows: Sequence[int] | None = None) -> list[Policy]:
    """The policies whose mean tokens are within `budget`; the cheapest one always is."""
    costs = {policy: found.cost(policy, rows) for policy in found.right}
    return [p for p in costs if costs[p] <= 1.01 * budget] or [min(costs, key=lambda p: costs[p])]


def fitted_planner(
    found: Outcomes, probed: Sequence[Sequence[Probe]], budget: float, *, arm: str
) -> tuple[Scored, list[tuple[float, float]]]:
    """The policy table, fitted and scored on different instances, with its probes paid for.

    Args:
        found: Outcomes of the policies to choose among.
        probed: The probes of every instance and draw; they are the first samples of policies on `arm`.
        budget: Mean completion tokens an instance that the table may spend on its training instances.
        arm: The arm that the probes were drawn from.

    Returns:
        The scores, and (estimated, observed) pass@1 of every left-out instance and draw with a basis.
    """
    pairs: list[tuple[float, float]] = []

    def fit(train: list[int]) -> Callable[[int], tuple[float, float]]:
        maps = fit_maps(probed[i] for i in train)
        prior = fit_prior(probed[i] for i in train)
        seen = {
            (i, d): estimated_pass_at_1(probe, maps, prior)
            for i in train
            for d, probe in enumerate(probed[i])
        }
        table, policies = fit_table(found, probed, seen, budget, arm=arm)

        def score(i: int) -> tuple[float, float]:
            right, tokens = [], []
            for d, probe in enumerate(probed[i]):
                expected = estimated_pass_at_1(probe, maps, prior)
                if expected is not None and probe.rest:
                    pairs.append((expected, probe.right / probe.rest))
                policy = policies[_cell(table, expected)]
                right.append(found.right[policy][i][d])
                tokens.append(_price(found, policy, i, d, probe, arm))
            return fmean(right), fmean(tokens)

        return score

    return cross_validated(len(found.instances), fit), pairs


def fit_table(
    found: Outcomes,
    probed: Sequence[Sequence[Probe]],
    seen: Mapping[tuple[int, int], float | None],
    budget: float,
    *,
    arm: str,
) -> tuple[PolicyTable, dict[int | None, Policy]]:
    """Assign each difficulty bin its best policy at one price per token (Snell et al., 2408.03314).

    The price is the lowest one at which the mean cost over all bins is within `budget`, so that a bin where
    search pays may spend what another bin saves.

    Args:
        found: Outcomes of the policies.
        probed: Probes by instance and draw.
        seen: Forecast pass@1 of the training instances and draws.
        budget: Mean completion tokens an instance, probes included.
        arm: The arm that the probes were drawn from.

    Returns:
        The table, and the same as policies by bin.
    """
    table = PolicyTable(edges=_edges([p for p in seen.values() if p is not None]))
    cells: dict[int | None, list[tuple[int, int]]] = {None: list(seen)}
    for at, expected in seen.items():
        if expected is not None:
            cells.setdefault(_cell(table, expected), []).append(at)
    probes = len(probed[0][0].nodes)
    open_to = [p for p in found.right if p.arm != arm or p.limit >= probes]
    worth = {
        cell: {
            p: (
                fmean(found.right[p][i][d] for i, d in members),
                fmean(_price(found, p, i, d, probed[i][d], arm) for i, d in members),
            )
            for p in open_to
        }
        for cell, members in cells.items()
    }
    shares: dict[int | None, float] = {
        cell: len(members) / len(seen) for cell, members in cells.items() if cell is not None
    }
    policies = _at_lowest_price(worth, shares or {None: 1.0}, budget)
    for cell in range(len(table.edges) + 1):
        policies.setdefault(cell, policies[None])
    rows = tuple(_row(cell, policy, worth.get(cell, worth[None]), cells) for cell, policy in policies.items())
    return PolicyTable(edges=table.edges, rows=rows), policies


def _at_lowest_price(
    worth: Mapping[int | None, Mapping[Policy, tuple[float, float]]],
    shares: Mapping[int | None, float],
    budget: float,
) -> dict[int | None, Policy]:
    chosen: dict[int | None, Policy] = {}
    for price in _PRICES:
        chosen = {
            cell: max(values, key=lambda p: (values[p][0] - price * values[p][1], -values[p][1]))
            for cell, values in worth.items()
        }
        if sum(share * worth[cell][chosen[cell]][1] for cell, share in shares.items()) <= budget:
            break
    _spend_rest(chosen, worth, shares, budget)
    fixed = [p for p, (_, cost) in worth[None].items() if cost <= budget]
    if fixed:
        chosen[None] = max(fixed, key=lambda p: worth[None][p][0])
    return chosen


def _spend_rest(
    chosen: dict[int | None, Policy],
    worth: Mapping[int | None, Mapping[Policy, tuple[float, float]]],
    shares: Mapping[int | None, float],
    budget: float,
) -> None:
    """Upgrade bins while the budget allows; one price reaches only corners of the frontier."""
    while True:
        left = budget - sum(share * worth[cell][chosen[cell]][1] for cell, share in shares.items())
        upgrades = []
        for cell, share in shares.items():
            accuracy, cost = worth[cell][chosen[cell]]
            for policy, (better, dearer) in worth[cell].items():
                if better > accuracy + 1e-12 and share * (dearer - cost) <= left:
                    upgrades.append(((better - accuracy) / max(dearer - cost, 1e-9), cell, policy))
        if not upgrades:
            return
        _, cell, policy = max(upgrades, key=lambda upgrade: upgrade[0])
        chosen[cell] = policy


def _row(
    cell: int | None,
    policy: Policy,
    worth: Mapping[Policy, tuple[float, float]],
    cells: Mapping[int | None, Sequence[tuple[int, int]]],
) -> PolicyRow:
    accuracy, cost = worth[policy]
    choice = RankedStrategy(strategy=policy.strategy, knobs=policy.knobs, prior=accuracy)
    members = {i for i, _ in cells.get(cell, ())}
    return PolicyRow(bin=cell, tokens=max(1, round(cost)), choices=(choice,), instances=len(members))


def _best(found: Outcomes, rows: Sequence[int], among: Sequence[Policy]) -> Policy:
    return max(among, key=lambda p: (fmean(fmean(found.right[p][i]) for i in rows), -found.cost(p, rows)))


def _price(found: Outcomes, policy: Policy, i: int, d: int, probe: Probe, arm: str) -> float:
    """Tokens of a policy after probing: on the probes' arm they are its first samples, elsewhere they come on top."""
    spent = found.tokens[policy][i][d]
    return max(spent, probe.tokens) if policy.arm == arm else spent + probe.tokens


def _edges(expected: Sequence[float]) -> tuple[float, ...]:
    """Terciles; fewer edges where forecasts repeat."""
    if len(expected) < 3:
        return ()
    inside = [edge for edge in quantiles(expected, n=3) if 0 < edge < 1 and edge < max(expected)]
    return tuple(sorted(set(inside)))


def _cell(table: PolicyTable, expected: float | None) -> int | None:
    return None if expected is None else table.bin(expected)
