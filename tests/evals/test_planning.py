from statistics import fmean

import pytest

from branchwise.evals.outcomes import Outcomes
from branchwise.evals.planning import best_fixed, fit_table, fitted_planner, folds, random_planner
from branchwise.evals.policy import Policy
from branchwise.evals.probing import Probe
from branchwise.store.records import Node, VerifiedBy

CHEAP = Policy(strategy="best_of_n", limit=4, knobs={"n": 4})
DEAR = Policy(strategy="self_consistency", limit=16, aggregation="majority", knobs={"n": 16})
COUNT, DRAWS = 60, 4


def easy(i: int) -> bool:
    return i % 2 == 0


def found(right: dict[Policy, tuple[float, float]]) -> Outcomes:
    """Accuracy by policy on (easy, hard) instances; tokens are 10 a sample."""
    return Outcomes(
        instances=tuple(str(i) for i in range(COUNT)),
        right={p: [[values[not easy(i)]] * DRAWS for i in range(COUNT)] for p, values in right.items()},
        tokens={p: [[10.0 * p.limit] * DRAWS for _ in range(COUNT)] for p in right},
    )


def probed(*, telling: bool = True) -> list[list[Probe]]:
    def nodes(i: int) -> tuple[Node, ...]:
        same = easy(i) or not telling
        return tuple(
            Node(
                id=f"0.{k}",
                parent="0",
                complete=True,
                answer="x" if same else str(k // 2),
                verified_by=VerifiedBy.MODEL,
            )
            for k in range(4)
        )

    def probe(i: int) -> Probe:
        return Probe(nodes=nodes(i), tokens=40, right=10 if easy(i) else 2, rest=12)

    return [[probe(i)] * DRAWS for i in range(COUNT)]


def test_folds_cover_everything_once_and_never_train_on_what_they_test() -> None:
    parts = list(folds(23))
    assert sorted(i for _, test in parts for i in test) == list(range(23))
    assert all(not set(train) & set(test) and len(train) + len(test) == 23 for train, test in parts)


def test_the_best_fixed_policy_stays_within_its_budget() -> None:
    outcomes = found({CHEAP: (0.5, 0.1), DEAR: (0.9, 0.4)})
    assert fmean(best_fixed(outcomes, 160).tokens) == 160
    assert fmean(best_fixed(outcomes, 100).tokens) == 40


def test_a_planner_finds_where_samples_pay() -> None:
    # More samples help on hard instances only; half of the instances may be given 16.
    outcomes = found({CHEAP: (0.9, 0.1), DEAR: (0.9, 0.8)})
    scored, pairs = fitted_planner(outcomes, probed(), 115, arm="")
    assert fmean(scored.right) == pytest.approx(0.85)
    assert fmean(scored.tokens) == pytest.approx(100)
    assert fmean(best_fixed(outcomes, 115).right) == pytest.approx(0.5)
    assert len(pairs) == COUNT * DRAWS


def test_a_planner_without_a_signal_is_no_better_than_a_fixed_policy() -> None:
    outcomes = found({CHEAP: (0.9, 0.1), DEAR: (0.9, 0.8)})
    scored, _ = fitted_planner(outcomes, probed(telling=False), 100, arm="")
    assert fmean(scored.right) == pytest.approx(fmean(best_fixed(outcomes, 100).right))


def test_the_fitted_table_is_one_that_a_live_run_can_read() -> None:
    outcomes = found({CHEAP: (0.9, 0.1), DEAR: (0.9, 0.8)})
    seen = {(i, d): 0.8 if easy(i) else 0.2 for i in range(COUNT) for d in range(DRAWS)}
    table, policies = fit_table(outcomes, probed(), seen, 100, arm="")
    assert policies[table.bin(0.8)] == CHEAP
    assert policies[table.bin(0.2)] == DEAR
    assert type(table).loads(table.dumps()) == table


def test_probes_are_paid_for() -> None:
    tiny = Policy(strategy="best_of_n", limit=1, knobs={"n": 1})
    other = Policy(strategy="best_of_n", limit=1, arm="other", knobs={"n": 1})
    outcomes = found({tiny: (1.0, 1.0), other: (0.9, 0.9)})
    scored, _ = fitted_planner(outcomes, probed(), 1000, arm="")
    # A policy of one sample on the probed arm is no choice once four were drawn.
    assert fmean(scored.tokens) == 50
    assert fmean(scored.right) == pytest.approx(0.9)


def test_the_random_planner_is_the_mean_of_what_it_may_choose() -> None:
    outcomes = found({CHEAP: (0.9, 0.1), DEAR: (0.9, 0.8)})
    assert fmean(random_planner(outcomes, 160).right) == pytest.approx((0.5 + 0.85) / 2)
    assert fmean(random_planner(outcomes, 50).right) == pytest.approx(0.5)
