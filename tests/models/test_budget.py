"""The budget is checked before each call and held while calls are in flight."""

from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from branchwise.models.budget import BudgetTracker
from branchwise.store.errors import BudgetSpent
from branchwise.store.records import Budget, Usage


@given(st.integers(1, 500), st.lists(st.integers(1, 80), max_size=40))
def test_calls_in_flight_never_reserve_more_than_the_budget(limit: int, asked: list[int]) -> None:
    tracker, held = BudgetTracker(Budget(tokens=limit)), 0
    with ExitStack() as in_flight:
        for tokens in asked:
            if held + tokens <= limit:
                in_flight.enter_context(tracker.reserve(tokens))
                held += tokens
            else:
                with pytest.raises(BudgetSpent, match="tokens"):
                    in_flight.enter_context(tracker.reserve(tokens))


@pytest.mark.parametrize(
    ("budget", "what"),
    [
        (Budget(tokens=5), "tokens"),
        (Budget(calls=1), "calls"),
        (Budget(cost=0.5), "cost"),
        (Budget(seconds=3), "seconds"),
        (Budget(completion_tokens=3), "completion_tokens"),
    ],
)
def test_each_limit_is_named(budget: Budget, what: str) -> None:
    tracker = BudgetTracker(budget, Usage(calls=1, prompt_tokens=9, cached_tokens=4, cost=0.5), elapsed=3)
    with pytest.raises(BudgetSpent) as error, tracker.reserve(1, 4):
        pass
    assert error.value.what == what


def test_samples_left_goes_by_the_mean_cost_so_far() -> None:
    tracker = BudgetTracker(Budget(tokens=100))
    tracker.pay(Usage(calls=1, samples=4, completion_tokens=40))
    assert tracker.samples_left() == 6


def test_a_budget_of_completion_tokens_is_not_overdrawn_by_a_long_sample() -> None:
    tracker = BudgetTracker(Budget(completion_tokens=100))
    tracker.pay(Usage(calls=1, samples=4, completion_tokens=40))
    assert tracker.samples_left(longest=25) == 2


def test_tokens_read_from_the_cache_are_free() -> None:
    assert Usage(prompt_tokens=100, cached_tokens=90, completion_tokens=5).tokens == 15


@pytest.mark.parametrize("tokens", [0, -1])
def test_a_budget_must_be_positive(tokens: int) -> None:
    with pytest.raises(ValueError, match="positive"):
        Budget(tokens=tokens)


def test_what_is_paid_is_no_longer_held_too() -> None:
    together = BudgetTracker(Budget(tokens=100, calls=2))
    one, two = BudgetTracker(Budget(), parent=together), BudgetTracker(Budget(), parent=together)
    with one.reserve(40, 40) as pay:
        pay(Usage(calls=1, prompt_tokens=20, completion_tokens=30))
        with two.reserve(50):
            pass
        with pytest.raises(BudgetSpent, match="tokens"), two.reserve(51):
            pass
    assert (one.spent.tokens, two.spent.tokens, together.spent.tokens) == (50, 0, 50)
    with two.reserve(50), pytest.raises(BudgetSpent, match="calls"), one.reserve(0):
        pass
