"""The model's opinion of strategies is parsed strictly."""

import pytest

from branchwise.agents.planning.prior import read_prior

STRATEGIES = {"best_of_n": "", "rebase": "", "tree_of_thoughts": ""}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('Reasons. [("Best of N", 0.7), ("Rebase", .2), ("Tree of Thoughts", 1)]', (0.7, 0.2, 1.0)),
        ("[('rebase', 0.4)]", (0.5, 0.4, 0.5)),
        ('("rebase", 0.1) no wait ("rebase", 0.9)', (0.5, 0.9, 0.5)),
        ('("rebase", 7), ("best_of_n", 0.3)', (0.3, 0.5, 0.5)),
    ],
)
def test_pairs_are_read(text: str, expected: tuple[float, ...]) -> None:
    assert tuple(read_prior(text, STRATEGIES).values()) == expected


@pytest.mark.parametrize(
    "text", ["", "I like rebase best: 0.9", '("other", 0.4)', '("rebase", nan)', '("rebase", -1)']
)
def test_no_readable_pair_is_no_opinion(text: str) -> None:
    assert read_prior(text, STRATEGIES) == {}
