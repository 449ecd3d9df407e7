"""Tree of Thoughts, beams, DVTS, look-ahead, depth first and best first."""

from __future__ import annotations

from functools import partial

from branchwise.graphs.strategies.beam_search import beam_search
from branchwise.graphs.strategies.best_first import best_first
from branchwise.graphs.strategies.depth_first import depth_first
from branchwise.graphs.strategies.dvts import dvts
from branchwise.graphs.strategies.early_pruning import early_pruning
from branchwise.graphs.strategies.lookahead import hint, lookahead
from branchwise.graphs.strategies.step_gates import step_gates
from branchwise.graphs.strategies.tree_of_thoughts import tree_of_thoughts
from branchwise.store.records import ROOT
from branchwise.store.tree import Tree
from tests.graphs.strategies.grown import add, root_with


def test_tree_of_thoughts_expands_the_best_of_the_newest_layer() -> None:
    assert tree_of_thoughts(Tree(), 100, branching=3) == {ROOT: 3}
    tree = root_with(0.2, 0.9, None, 0.5)
    assert tree_of_thoughts(tree, 100, width=2, branching=3) == {"0.1": 3, "0.3": 3}
    assert tree_of_thoughts(tree, 4, width=2, branching=3) == {"0.1": 3, "0.3": 1}
    tree = add(tree, "0.1", 0.1, 0.2)
    assert tree_of_thoughts(tree, 100, width=2, branching=3) == {"0.1.1": 3, "0.1.0": 3}


def test_the_greedy_variant_ends_with_the_best_path() -> None:
    tree = add(root_with(0.2, 0.5), ROOT, 0.9, complete=True)
    assert tree_of_thoughts(tree, 100, width=1, branching=3, steps=20) == {}
    assert tree_of_thoughts(tree, 100, width=2, branching=3) == {"0.1": 3}
    assert tree_of_thoughts(root_with(0.5), 100, steps=1) == {}


def test_of_duplicate_thoughts_only_the_first_competes() -> None:
    tree = add(root_with(0.9), ROOT, 0.9, duplicate_of="0.0")
    tree = add(tree, ROOT, 0.1)
    assert tree_of_thoughts(tree, 100, width=2, branching=1) == {"0.0": 1, "0.2": 1}


def test_sampled_thoughts_follow_the_scores() -> None:
    tree = root_with(0.9, 0.1)
    picks = [next(iter(tree_of_thoughts(tree, 9, seed=s, width=1, select="sample"))) for s in range(400)]
    assert 330 <= picks.count("0.0") <= 385


def test_a_beam_keeps_n_by_m_and_closes_with_its_solution() -> None:
    assert beam_search(Tree(), 100, n=6, expand=3) == {ROOT: 6}
    tree = root_with(0.1, 0.8, 0.3, 0.4, 0.5, 0.6)
    assert beam_search(tree, 100, n=6, expand=3) == {"0.1": 3, "0.5": 3}
    assert beam_search(add(tree, ROOT, 1.0, complete=True), 100, n=6, expand=3) == {"0.1": 3}


def test_groups_of_dvts_do_not_compete() -> None:
    assert dvts(Tree(), 100, n=5, expand=2) == {ROOT: 4}
    tree = root_with(0.9, 0.8, 0.1, 0.2)
    assert dvts(tree, 100, n=4, expand=2) == {"0.0": 2, "0.3": 2}
    done = add(add(tree, "0.0", 0.9, complete=True), "0.0", 0.1)
    assert dvts(done, 100, n=4, expand=2) == {"0.3": 2}


def test_lookahead_judges_a_step_by_its_rollout() -> None:
    tree = root_with(0.9, 0.1)
    assert lookahead(tree, 100, n=2, expand=2, ahead=1) == {"0.0": 1, "0.1": 1}
    tree = add(add(tree, "0.0", 0.2), "0.1", 0.8)
    assert lookahead(tree, 100, n=2, expand=2, ahead=1) == {"0.1": 2}
    tree = add(tree, "0.1", 0.3, 0.4)
    assert lookahead(tree, 100, n=2, expand=2, ahead=1) == {"0.1.1": 1, "0.1.2": 1}
    assert hint(tree, "0.1", 0).temperature == 0.0
    assert hint(tree, "0.1", 1).temperature is None


def test_depth_first_follows_the_best_and_turns_back() -> None:
    tree = root_with(0.4, 0.9, 0.6)
    assert depth_first(tree, 100, branching=2, threshold=0.5) == {"0.1": 2}
    dead = add(tree, "0.1", 0.1, 0.2)
    assert depth_first(dead, 100, branching=2, threshold=0.5) == {"0.2": 2}
    assert depth_first(add(dead, "0.2", 0.5), 100, threshold=0.5) == {}
    found = add(dead, "0.2", 0.9, complete=True)
    assert depth_first(found, 100, threshold=0.5) == {}
    assert depth_first(add(found, ROOT, 0.55), 100, branching=2, solutions=2) == {"0.3": 2}


def test_best_first_takes_the_best_leaf_anywhere() -> None:
    tree = add(root_with(0.4, 0.6), "0.1", 0.3)
    assert best_first(tree, 100, branching=2) == {"0.0": 2}
    assert best_first(tree, 100, expansions=2) == {}
    assert best_first(add(tree, ROOT, 1.0, complete=True), 100) == {}


def test_early_pruning_finishes_only_the_best_beginnings() -> None:
    tree = root_with(0.1, 0.7, None, 0.5)
    assert early_pruning(tree, 100, n=4, keep=0.5) == {"0.1": 1, "0.3": 1}
    tree = add(add(tree, "0.1", 0.0, complete=True), "0.3", 0.0)
    assert early_pruning(tree, 100, n=4, keep=0.5) == {"0.3.0": 1}


def test_a_step_is_redone_until_it_passes_its_gate() -> None:
    tree = root_with(0.1)
    assert step_gates(tree, 100, gate=0.5, tries=3) == {ROOT: 1}
    tree = add(tree, ROOT, 0.6)
    assert step_gates(tree, 100, gate=0.5, tries=3) == {"0.1": 1}
    assert step_gates(add(tree, "0.1", 0.1, 0.3, 0.2), 100, tries=3) == {"0.1.1": 1}
    inconsistent = add(tree, "0.1", 0.7, complete=True)
    assert step_gates(inconsistent, 100) == {ROOT: 1}
    assert step_gates(inconsistent, 100, starts=1) == {}
    assert step_gates(add(tree, "0.1", 0.95, complete=True), 100) == {}


def test_depth_first_with_a_batch_draws_the_next_child_when_nothing_is_left_below_the_one_before() -> None:
    lazily = partial(depth_first, branching=2, batch=1, threshold=0.0)
    assert lazily(Tree(), 100) == {"0": 1}
    one = root_with(0.5)
    assert lazily(one, 100) == {"0.0": 1}
    leaf = add(one, "0.0", 0.0, complete=True)
    assert lazily(leaf, 100) == {"0.0": 1}, "a second last step below the same beginning"
    both = add(leaf, "0.0", 0.0, complete=True)
    assert lazily(both, 100) == {"0": 1}, "back to the root"
    dead = add(both, "0", 0.0, failed="dead")
    assert lazily(dead, 100) == {}


def test_depth_first_leaves_a_first_step_after_enough_whole_solutions() -> None:
    lazily = partial(depth_first, branching=9, batch=1, threshold=0.0, below_first=2)
    one = add(root_with(0.5), "0.0", 0.0, complete=True)
    assert lazily(one, 100) == {"0.0": 1}
    enough = add(one, "0.0", 0.0, complete=True)
    assert lazily(enough, 100) == {"0": 1}, "another first step"
    other = add(enough, ROOT, 0.5)
    assert lazily(other, 100) == {"0.1": 1}
    full = add(other, "0.1", 0.0, 0.0, complete=True)
    again = add(full, ROOT, 0.5, duplicate_of="0.0")
    assert lazily(again, 100) == {"0.0": 1}, "the first one was drawn again"
    assert lazily(add(again, "0.0", 0.0, 0.0, complete=True), 100) == {"0": 1}
