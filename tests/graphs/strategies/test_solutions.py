"""Strategies of whole solutions: how many to ask for, and which to revise."""

from __future__ import annotations

import pytest

from branchwise.graphs import strategies
from branchwise.graphs.strategies.adaptive_best_of_n import adaptive_best_of_n
from branchwise.graphs.strategies.adaptive_consistency import adaptive_consistency
from branchwise.graphs.strategies.best_of_n import best_of_n
from branchwise.graphs.strategies.hypothesis_refinement import hypothesis_refinement
from branchwise.graphs.strategies.merging import hint, merging
from branchwise.graphs.strategies.plan_first import plan_first
from branchwise.graphs.strategies.refinement_tree import refinement_tree
from branchwise.graphs.strategies.revision_chains import revision_chains
from branchwise.graphs.strategies.sequential_revision import sequential_revision
from branchwise.store.records import ROOT, Node
from branchwise.store.tree import Tree
from tests.graphs.strategies.grown import add, root_with


def test_probes_count_and_what_never_ended_was_still_sampled() -> None:
    tree = add(root_with(0.5, complete=True, strategy="probe"), ROOT, None, strategy="probe")
    tree = add(tree, ROOT, None, failed="cut off", strategy="best_of_n")
    assert best_of_n(tree, 100, n=5) == {ROOT: 3}
    assert best_of_n(tree, 100, n=2) == {}


def test_adaptive_best_of_n_stops_at_the_threshold() -> None:
    assert adaptive_best_of_n(root_with(0.9, None, complete=True), 100, n=4, batch=5) == {ROOT: 2}
    assert adaptive_best_of_n(root_with(0.96, complete=True), 100, n=4) == {}
    assert adaptive_best_of_n(root_with(0.96, complete=False), 100, n=4) == {ROOT: 1}


def test_adaptive_consistency_stops_when_the_leader_is_safe() -> None:
    three = root_with(None, None, None, complete=True, answer="4")
    assert adaptive_consistency(three, 100) == {ROOT: 1}
    four = add(three, ROOT, None, complete=True, answer="4")
    assert adaptive_consistency(four, 100) == {}
    assert adaptive_consistency(add(four, ROOT, None, complete=True, answer="5"), 100) == {ROOT: 1}


def test_a_chain_revises_its_newest() -> None:
    tree = root_with(0.5, complete=True)
    assert sequential_revision(tree, 100, n=3) == {"0.0": 1}
    tree = add(tree, "0.0", 0.1, complete=True)
    assert sequential_revision(tree, 100, n=3) == {"0.0.0": 1}
    assert sequential_revision(tree, 100, n=2) == {}


@pytest.mark.parametrize(("ratio", "chains"), [(0.01, 16), (1.0, 4), (16.0, 1)])
def test_the_ratio_splits_between_parallel_and_sequential(ratio: float, chains: int) -> None:
    assert revision_chains(Tree(), 100, n=16, ratio=ratio) == {ROOT: chains}


def test_the_refinement_tree_revises_the_best_of_the_newest_layer() -> None:
    assert refinement_tree(Tree(), 100) == {ROOT: 1}
    tree = root_with(0.4, complete=True)
    assert refinement_tree(tree, 100) == {"0.0": 3}
    tree = add(tree, "0.0", 0.1, 0.3, 0.2, complete=True)
    assert refinement_tree(tree, 100) == {"0.0.1": 3, "0.0.2": 3}
    assert refinement_tree(add(tree, "0.0.1", 0.6, complete=True), 100) == {}
    for deepest in ("0.0.1", "0.0.1.0"):
        tree = add(tree, deepest, 0.1, complete=True)
    assert refinement_tree(tree, 100) == {}


def test_depth_first_refinement_goes_down_before_it_goes_aside() -> None:
    tree = add(root_with(0.4, complete=True), "0.0", 0.1, 0.3, 0.2, complete=True)
    assert refinement_tree(tree, 100, order="depth") == {"0.0.1": 3}
    tree = add(tree, "0.0.1", 0.2, complete=True)
    assert refinement_tree(tree, 100, order="depth") == {"0.0.1.0": 3}
    # Three revisions deep is the bottom: the second best of the first layer comes next, the third never.
    tree = add(tree, "0.0.1.0", 0.1, complete=True)
    assert refinement_tree(tree, 100, order="depth") == {"0.0.2": 3}
    tree = add(tree, "0.0.2", 0.2, complete=True, failed="lost")
    assert refinement_tree(tree, 100, order="depth") == {}


def test_hypotheses_are_refined_from_the_best_of_the_newest() -> None:
    tree = root_with(0.2, 0.6, complete=True)
    assert hypothesis_refinement(tree, 100, n=3) == {ROOT: 1}
    assert hypothesis_refinement(tree, 100, n=2) == {"0.1": 2}
    tree = add(tree, "0.1", 0.4, 0.3, complete=True)
    assert hypothesis_refinement(tree, 100, n=2) == {"0.1.0": 2}
    assert hypothesis_refinement(tree, 100, n=2, iterations=2) == {}
    assert hypothesis_refinement(add(tree, "0.1.0", 1.0, 0.0, complete=True), 100, n=2, iterations=9) == {}


def test_plans_share_the_solutions_evenly() -> None:
    assert plan_first(Tree(), 100, plans=3) == {ROOT: 3}
    assert plan_first(root_with(None, None, None), 100, plans=3, n=7) == {"0.0": 3, "0.1": 2, "0.2": 2}
    assert strategies.hints("plan_first")(Tree(), ROOT, 0).grain == "step"


def test_each_ordinal_has_its_approach() -> None:
    hints = strategies.hints("div_se", approaches=["a", "b"])
    probed = root_with(None, None, None, complete=True, strategy="probe")
    assert [hints(Tree(), ROOT, i).instruction for i in range(3)] == ["a", "b", "a"]
    assert [hints(probed, ROOT, i).instruction for i in (3, 4)] == ["a", "b"]
    both = strategies.hints("idiv_se", approaches=["a", "b"])(Tree(), ROOT, 0).instruction
    assert "1. a" in both
    assert "2. b" in both


def test_segments_grow_and_begin_with_the_trigger() -> None:
    hints = strategies.hints("iterative_deepening", first=100, growth=3.0)
    tree = root_with(None)
    assert (hints(tree, ROOT, 0).max_tokens, hints(tree, ROOT, 0).prefix) == (100, "")
    assert hints(tree, "0.0", 0).max_tokens == 300
    assert "Wait" in hints(tree, "0.0", 0).prefix


def test_merging_writes_one_more_out_of_the_best() -> None:
    """Archon's count: eight generators and one fuser are nine calls."""
    assert merging(Tree(), 100, n=8) == {ROOT: 8}
    eight = Tree(
        Node(id=f"0.{i}", parent=ROOT, depth=1, text=f"text {i}", complete=True, score=i / 10)
        for i in range(8)
    )
    assert merging(eight, 100, n=8) == {ROOT: 1}
    shown = hint(eight, ROOT, 8, n=8, kept=2).instruction
    assert shown.startswith("Candidate 1:\ntext 7\n\nCandidate 2:\ntext 6\n\n")
    assert "text 5" not in shown
    nine = add(eight, ROOT, 0.9, complete=True)
    assert merging(nine, 100, n=8) == {}
    assert merging(nine, 100, n=8, merged=2) == {ROOT: 1}
    assert hint(Tree(), ROOT, 0).instruction == ""


def test_there_is_nothing_to_merge_without_two_solutions() -> None:
    failed = add(root_with(0.5, complete=True), ROOT, None, failed="cut off", strategy="merging")
    assert merging(failed, 100, n=2) == {}
