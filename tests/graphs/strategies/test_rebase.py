from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from branchwise.graphs.strategies._shares import even, sequential_ceiling, softmax
from branchwise.graphs.strategies.rebase import rebase
from branchwise.store.records import ROOT, VerifiedBy
from branchwise.store.tree import Tree
from tests.graphs.strategies.grown import add, root_with

VECTORS = [
    ((0.9, 0.8, 0.5, 0.1), 16, 0.1, (12, 4, 0, 0)),
    ((0.9, 0.8, 0.5, 0.1), 16, 0.2, (10, 5, 1, 0)),
    ((0.5, 0.5, 0.5, 0.5, 0.5), 2, 0.1, (1, 1, 0, 0, 0)),
    ((0.9, 0.88, 0.86, 0.2), 6, 0.1, (3, 2, 1, 0)),
    ((0.7, 0.7, 0.7), 10, 0.1, (4, 3, 3)),
    ((1.0, 0.0, 0.0, 0.0), 4, 1.0, (2, 1, 1, 0)),
    ((0.8, 0.8), 11, 0.3, (6, 5)),
]


@pytest.mark.parametrize(("scores", "width", "temperature", "shares"), VECTORS)
def test_shares_as_computed_by_hand(
    scores: tuple[float, ...], width: int, temperature: float, shares: tuple[int, ...]
) -> None:
    allocation = rebase(root_with(*scores), 100, width=width, temperature=temperature)
    assert tuple(allocation.get(f"0.{i}", 0) for i in range(len(scores))) == shares


@given(
    st.lists(st.integers(0, 100).map(lambda i: i / 100), min_size=1, max_size=30),
    st.integers(0, 200),
    st.floats(1e-3, 1e3),
)
def test_shares_sum_exactly_and_follow_the_scores(
    scores: list[float], total: int, temperature: float
) -> None:
    shares = sequential_ceiling(softmax(scores, temperature), total)
    assert sum(shares) == total
    best_first = [share for _, share in sorted(zip(scores, shares, strict=True), key=lambda pair: -pair[0])]
    assert best_first == sorted(best_first, reverse=True)


@given(st.integers(1, 30), st.integers(0, 200))
def test_even_shares_differ_by_one_at_most(parts: int, total: int) -> None:
    shares = even(parts, total)
    assert sum(shares) == total
    assert max(shares) - min(shares) <= 1


def test_the_first_layer_gets_the_whole_width() -> None:
    assert rebase(Tree(), 100, width=7) == {ROOT: 7}
    assert rebase(Tree(), 3, width=7) == {ROOT: 3}


def test_each_solution_uses_up_one_unit_of_width() -> None:
    tree = add(root_with(0.5, 0.5), ROOT, 0.9, 0.1, complete=True)
    assert sum(rebase(tree, 100, width=6).values()) == 4
    deeper = add(tree, "0.0", 0.5, complete=True)
    deeper = add(deeper, "0.0", 0.5)
    assert rebase(deeper, 100, width=6) == {"0.0.1": 3}
    assert rebase(tree, 100, width=2) == {}


def test_in_plangens_variant_every_layer_narrows_the_width() -> None:
    tree = root_with(0.5, 0.5)
    assert sum(rebase(tree, 100, width=10, decrement=1).values()) == 9
    tree = add(add(tree, "0.0", 0.5), "0.1", 0.9, complete=True)
    assert rebase(tree, 100, width=10, decrement=1) == {"0.0.0": 7}
    assert rebase(tree, 100, width=3, decrement=1) == {}


def test_truncation_leaves_only_the_best_in_the_race() -> None:
    allocation = rebase(root_with(0.5, 0.6, 0.7, 0.8), 100, width=8, temperature=100.0, truncate=0.5)
    assert set(allocation) == {"0.2", "0.3"}


def test_a_node_without_a_score_counts_as_the_average() -> None:
    assert rebase(root_with(0.9, None, 0.7), 100) == rebase(root_with(0.9, 0.8, 0.7), 100)
    assert rebase(root_with(None, None), 100, width=4) == {"0.0": 2, "0.1": 2}


def test_dead_ends_get_nothing() -> None:
    tree = add(root_with(0.9, failed="lost"), ROOT, 0.0, verified_by=VerifiedBy.PROGRAM, failed="refuted")
    assert rebase(add(tree, ROOT, 0.1), 100, width=4) == {"0.2": 4}
    assert rebase(tree, 100, width=4) == {}
