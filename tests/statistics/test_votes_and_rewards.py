"""Votes of exchangeable samples and relative rewards: the vectors of their sources."""

from __future__ import annotations

import pytest

from branchwise.statistics.relative_rewards import best_of_n_weight, relative_reward
from branchwise.statistics.top_two import decided, fewest_more, top_two


def test_relative_rewards_are_shares_of_beaten_base_samples() -> None:
    found = [relative_reward(r, [1, 2, 2, 3, 5]) for r in (0, 1, 2, 3, 5, 9)]
    assert found == pytest.approx([0, 0.1, 0.4, 0.7, 0.9, 1])
    weights = [best_of_n_weight(relative_reward(r, [1, 2, 2, 3, 5])) for r in (1, 2, 5)]
    assert weights == pytest.approx([2.72, 54.60, 8103.08], abs=0.01)
    with pytest.raises(ValueError, match="base sample"):
        relative_reward(1.0, [])


def test_the_lead_is_a_beta_tail() -> None:
    nothing = top_two(dict[str, float]())
    assert (nothing.first, nothing.second, nothing.share) == (None, None, 0.5)
    assert nothing.lead == pytest.approx(0.5)
    assert top_two({"a": 3.0}).lead == pytest.approx(1 - 1 / 16)
    # By hand: P(p > 1/2) for Beta(3, 2) is 11/16; other answers do not matter.
    found = top_two({"a": 1.0, "b": 2.0, "c": 0.5})
    assert (found.first, found.second) == ("b", "a")
    assert found.share == pytest.approx(2 / 3)
    assert found.lead == pytest.approx(11 / 16)
    assert top_two({"a": 2.5, "b": 1.0}).lead > top_two({"a": 2.0, "b": 1.0}).lead


def test_the_fewest_votes_that_could_decide_do_decide() -> None:
    assert not decided({}, 0.0)
    assert fewest_more({}, 0.95, most=16) == 4, "1 - 2^-5 is the first lead above 0.95"
    for votes in ({}, {"a": 3.0, "b": 2.0}, {"a": 1.0, "b": 4.0}):
        more = fewest_more(votes, 0.95, most=64)
        ahead = max(votes, key=lambda name: votes[name], default="a")
        assert decided({**votes, ahead: votes.get(ahead, 0.0) + more}, 0.95)
        assert not decided({**votes, ahead: votes.get(ahead, 0.0) + more - 1}, 0.95)
    assert fewest_more({}, 1.0, most=7) == 7
