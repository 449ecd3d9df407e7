"""Monte Carlo tree search and rewind search."""

from __future__ import annotations

from math import log, sqrt

import pytest

from branchwise.graphs import strategies
from branchwise.graphs.strategies._visits import priors, visits
from branchwise.graphs.strategies.coat import coat
from branchwise.graphs.strategies.mcts import mcts
from branchwise.graphs.strategies.rewind import rewind
from branchwise.store.records import ROOT
from branchwise.store.tree import Tree
from tests.graphs.strategies.grown import add, root_with
from tests.graphs.strategies.simulate import World, search, useless


def test_visits_and_means_are_worked_out_from_the_tree() -> None:
    seen = visits(add(root_with(0.2, None), "0.0", 0.6, 1.0), "mcts", depth=9)
    assert (seen.count[ROOT], seen.count["0.0"], seen.count["0.1"]) == (5, 3, 1)
    assert seen.mean("0.0") == pytest.approx(0.6)
    assert seen.mean("0.1") == 0.5


def test_what_cannot_grow_is_closed() -> None:
    tree = add(root_with(0.2), "0.0", 0.6, complete=True)
    assert "0.0" in visits(tree, "mcts", depth=9).closed
    assert mcts(tree, 100) == {}
    assert mcts(add(tree, ROOT, 0.1), 100, branching=2) == {"0.1": 2}


def test_uct_weighs_value_against_visits() -> None:
    tree = add(root_with(0.6, 0.5), "0.0", 0.6, 0.6)
    by_hand = {
        "0.0": 0.6 + sqrt(log(5) / 3),
        "0.1": 0.5 + sqrt(log(5) / 1),
    }
    assert by_hand["0.1"] > by_hand["0.0"]
    assert mcts(tree, 100, rule="uct", exploration=1.0) == {"0.1": 5}
    assert mcts(tree, 100, rule="uct", exploration=0.0) == {"0.0.0": 5}


def test_puct_prefers_likely_steps() -> None:
    tree = add(root_with(0.5, logprob=-9.0, tokens=3), ROOT, 0.5, logprob=-1.0, tokens=3)
    assert mcts(tree, 100) == {"0.1": 5}
    share = priors(list(tree.children(ROOT)))
    assert share["0.1"] / share["0.0"] == pytest.approx(2.718281828 ** (8 / 3))
    assert priors(list(root_with(0.5, 0.5).children(ROOT))) == {"0.0": 0.5, "0.1": 0.5}


def test_simulations_bound_the_search() -> None:
    tree = search(
        strategies.load("mcts", simulations=6, branching=2), World(problem=1, length=9), useless, budget=99
    )
    assert len(tree) - 1 == 12


def test_rewind_commits_to_a_child_that_is_good_and_well_visited() -> None:
    tree = root_with(0.95, 0.94)
    assert rewind(tree, 100) == {"0.0": 4}
    tree = add(tree, "0.0", *[0.95] * 6)
    assert next(iter(rewind(tree, 100))).startswith("0.0.")
    overdue = add(root_with(0.1, 0.2), "0.0", 0.1)
    assert next(iter(rewind(overdue, 100, iterations=2))).startswith("0.0.")


def test_rewind_widens_children_that_are_poor_and_alike() -> None:
    assert rewind(root_with(0.1, 0.2), 100) == {ROOT: 4}
    assert rewind(root_with(0.1, 0.2), 100, branching=30) == {ROOT: 18}, "never beyond 20"
    assert ROOT not in rewind(root_with(*[0.1] * 20), 100)
    assert ROOT not in rewind(root_with(0.1, 0.45), 100), "not alike"
    assert ROOT not in rewind(root_with(0.55, 0.5), 100), "not poor"


def test_rewind_shortens_its_first_steps() -> None:
    hints = strategies.hints("rewind")
    assert hints(Tree(), ROOT, 0).max_tokens == 1
    assert hints(root_with(0.5), "0.0", 0).max_tokens == 2


def test_a_thought_recalls_before_it_grows() -> None:
    hints = strategies.hints("coat")
    assert coat(Tree(), 100, branching=2) == {ROOT: 2}
    assert hints(Tree(), ROOT, 0).instruction == ""
    tree = root_with(0.2, 0.6)
    assert coat(tree, 100, branching=2) == {"0.1": 1}
    assert "recall" in hints(tree, "0.1", 0).instruction
    tree = add(tree, "0.1", 0.9)
    assert coat(tree, 100, branching=2) == {"0.1.0": 2}
    assert hints(tree, "0.1.0", 0).instruction == ""
    tree = add(tree, "0.1.0", 0.7, 0.1)
    assert coat(tree, 100, branching=2, exploration=0.0) == {"0.1.0.0": 1}
    assert "recall" in hints(tree, "0.1.0.0", 0).instruction


def test_an_association_counts_with_its_weight() -> None:
    # Worth 0.5 and 0.4 alone; a good association makes the second (0.4 + 0.5 * 0.9) / 1.5 = 0.57.
    tree = add(add(root_with(0.5, 0.4), "0.0", 0.5), "0.1", 0.9)
    assert coat(tree, 100, exploration=0.0) == {"0.1.0": 3}
    assert coat(tree, 100, exploration=0.0, beta=0.0) == {"0.0.0": 3}


def test_a_thought_whose_association_failed_grows_without_it() -> None:
    tree = add(root_with(0.5), "0.0", None, failed="lost")
    assert coat(tree, 100, branching=2) == {"0.0": 2}
    assert strategies.hints("coat")(tree, "0.0", 1).instruction == ""
    grown = add(tree, "0.0", 0.3, 0.4)
    assert coat(grown, 100, branching=2, exploration=0.0) == {"0.0.2": 1}
