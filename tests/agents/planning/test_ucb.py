"""The modified upper confidence bound against the numbers of the paper's algorithm, and the mended mode."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from branchwise.agents.planning.selector import selector
from branchwise.agents.planning.ucb import Arm, Record, Weights, ucb

NAMES = ("best_of_n", "rebase", "tree_of_thoughts")
PRIOR = {"best_of_n": 0.4, "rebase": 0.1, "tree_of_thoughts": 0.9}


def record(trials: int, rewards: tuple[float, float, float], pulls: tuple[int, int, int]) -> Record:
    arms = {n: Arm(pulls=p, reward=r) for n, r, p in zip(NAMES, rewards, pulls, strict=True)}
    return Record(arms=arms, trials=trials)


@pytest.mark.parametrize(
    ("past", "weight", "expected"),
    [
        (record(0, (0, 0, 0), (0, 0, 0)), 10.0, (4.25, 1.25, 9.25)),
        (record(1, (0, 0, 0.8), (0, 0, 1)), 10.0, (3.427, 1.927, 5.999)),
        (record(2, (0.9, 0, 0.8), (1, 0, 1)), 10.0, (3.048, 2.066, 4.659)),
        (record(2, (0.9, 0, 0.8), (1, 0, 1)), 1.0, (1.848, 1.766, 1.959)),
    ],
)
def test_paper_mode_follows_algorithm_1(past: Record, weight: float, expected: tuple[float, ...]) -> None:
    bounds = ucb(NAMES, past, PRIOR, weights=Weights(prior=weight), mode="paper")
    assert [bounds[n].total for n in NAMES] == pytest.approx(expected, abs=1.5e-3)


def test_exploration_is_capped_at_five() -> None:
    bounds = ucb(NAMES, record(10**9, (0, 0, 0), (0, 0, 0)), {}, mode="paper")
    assert bounds["rebase"].exploration == 5.0


def test_a_missing_prior_counts_one_half() -> None:
    assert ucb(NAMES, Record(), {})["rebase"].prior == 0.5


def test_mean_mode_keeps_to_the_better_arm_where_paper_mode_forgets_it() -> None:
    past = record(1000, (0.9 * 400, 0.4 * 300, 0.4 * 300), (400, 300, 300))
    mean, paper = ucb(NAMES, past, {}), ucb(NAMES, past, {}, mode="paper")
    assert mean["best_of_n"].exploitation == pytest.approx(0.9)
    assert paper["best_of_n"].exploitation < 0.003


def test_recovery_is_earned_by_success_after_failure() -> None:
    failed = Record().after("rebase", 0.2, 0.0, enough=0.975)
    assert failed.failed
    recovered = failed.after("best_of_n", 1.0, 0.2, enough=0.975)
    assert recovered.arms["best_of_n"].recovery == 0.5
    assert not recovered.failed


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.floats(0, 1)), max_size=30))
def test_terms_stay_in_their_ranges(history: list[tuple[str, float]]) -> None:
    past, best = Record(), 0.0
    for name, reward in history:
        past = past.after(name, reward, best, enough=0.9)
        best = max(best, reward)
    for terms in ucb(NAMES, past, PRIOR).values():
        assert 0 <= terms.exploitation <= 1
        assert 0 <= terms.exploration <= 5
        assert 0 <= terms.recovery <= 0.5
    assert past.trials == len(history) == sum(arm.pulls for arm in past.arms.values())


async def test_the_selector_starts_with_the_largest_prior() -> None:
    selection = (await selector(NAMES)({"record": Record(), "prior": PRIOR}))["selection"]
    assert selection.strategy == "tree_of_thoughts"
    assert set(selection.terms) == set(NAMES)
