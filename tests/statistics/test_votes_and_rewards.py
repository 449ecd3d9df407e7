"""Top-two votes and relative rewards: the vectors of their sources."""

from __future__ import annotations

import pytest

from branchwise.statistics.relative_rewards import best_of_n_weight, relative_reward, worst_of_n_weight
from branchwise.statistics.top_two import top_two


def test_relative_rewards_are_shares_of_beaten_base_samples() -> None:
    found = [relative_reward(r, [1, 2, 2, 3, 5]) for r in (0, 1, 2, 3, 5, 9)]
    assert found == pytest.approx([0, 0.1, 0.4, 0.7, 0.9, 1])
    weights = [best_of_n_weight(relative_reward(r, [1, 2, 2, 3, 5])) for r in (1, 2, 5)]
    assert weights == pytest.approx([2.72, 54.60, 8103.08], abs=0.01)
    assert worst_of_n_weight(0.0) == -1.0
    with pytest.raises(ValueError, match="base sample"):
        relative_reward(1.0, [])


def test_top_two_finds_the_two_likeliest_choices_and_the_unreliable_worker() -> None:
    votes = [[int(v) for v in row] for row in ("111223", "112223", "121233", "211321", "332112")]
    found = top_two(votes, 3)
    assert found.first == (1, 1, 1, 2, 2, 3)
    assert found.second == (2, 2, 2, 3, 3, 1)
    assert found.reliability == pytest.approx([0.999] * 4 + [0.001])
    assert found.share == pytest.approx([0.789, 0.638, 0.654, 0.789, 0.638, 0.789], abs=0.001)


def test_top_two_refuses_what_has_no_pair() -> None:
    with pytest.raises(ValueError, match="three choices"):
        top_two([[1, 2]], 2)
    with pytest.raises(ValueError, match="one vote"):
        top_two([[0, 0]], 3)
