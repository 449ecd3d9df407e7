"""The properties can fail: each refuses a strategy that breaks it, and only for that."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import pytest

from branchwise.graphs.strategies.best_of_n import best_of_n
from branchwise.graphs.strategies.protocol import Allocation, Strategy
from branchwise.store.records import ROOT
from branchwise.store.tree import Tree
from tests.graphs.strategies import properties
from tests.graphs.strategies.grown import add, root_with
from tests.graphs.strategies.simulate import World

TREE = add(root_with(0.5, 0.5, 0.5, complete=True), ROOT, 0.1, None, failed="lost")
NAMES = ["0.1", "0.2", "0.0", "0.3", "0.4"]


def overspends(tree: Tree, budget: int, *, seed: int = 0) -> Allocation:
    return {ROOT: budget + 1}


def leaves_some(tree: Tree, budget: int, *, seed: int = 0) -> Allocation:
    return {ROOT: min(budget - budget // 4, 8)}


def asks_for_nothing(tree: Tree, budget: int, *, seed: int = 0) -> Allocation:
    return {ROOT: 0}


def asks_the_dead(tree: Tree, budget: int, *, seed: int = 0) -> Allocation:
    return {list(tree)[-1].id: budget}


def asks_nobody_known(tree: Tree, budget: int, *, seed: int = 0) -> Allocation:
    return {"0.99": budget}


def reads_ids(tree: Tree, budget: int, *, seed: int = 0) -> Allocation:
    return {max(node.id for node in tree.complete): budget}


def prefers_the_lowest_id(tree: Tree, budget: int, *, seed: int = 0) -> Allocation:
    return {min(node.id for node in tree.complete): budget}


def counts_its_calls() -> Strategy:
    turns = count()
    return lambda tree, budget, *, seed=0: {ROOT: 1 + next(turns) % 2}


def drops_what_has_no_score(tree: Tree, budget: int, *, seed: int = 0) -> Allocation:
    return {node.id: 1 for node in tree.complete if node.score is not None}


def loses_by_budget(tree: Tree, budget: int, *, seed: int = 0) -> Allocation:
    return {ROOT: max(1, 9 - budget // 3)} if len(tree) == 1 else {}


def stops_when_right(tree: Tree, budget: int, *, seed: int = 0) -> Allocation:
    return {} if any(n.answer == "right" for n in tree.complete) or len(tree) > 6 else {ROOT: 1}


@pytest.mark.parametrize(
    "broken", [overspends, leaves_some, asks_for_nothing, asks_the_dead, asks_nobody_known]
)
def test_the_budget(broken: Strategy) -> None:
    with pytest.raises(AssertionError):
        properties.keeps_its_budget(broken, TREE, 8, 0)


def test_repetition() -> None:
    with pytest.raises(AssertionError):
        properties.repeats_itself(counts_its_calls(), TREE, 8, 0)


@pytest.mark.parametrize("broken", [reads_ids, prefers_the_lowest_id])
def test_names(broken: Strategy) -> None:
    with pytest.raises(AssertionError):
        properties.reads_no_ids(broken, TREE, NAMES)


def test_equal_siblings() -> None:
    same = root_with(0.5, 0.5, complete=True)
    alike = Tree([same["0.0"], replace(same["0.1"], text=same["0.0"].text)])
    with pytest.raises(AssertionError):
        properties.swaps_equal_siblings(prefers_the_lowest_id, alike)


def test_missing_scores() -> None:
    tree = root_with(0.5, None, complete=True)
    with pytest.raises(AssertionError):
        properties.fills_missing_scores(
            drops_what_has_no_score, tree, lambda tree: {node.id: 0.5 for node in tree}
        )


def test_growing() -> None:
    with pytest.raises(AssertionError):
        properties.never_loses_by_growing(
            [(loses_by_budget, b) for b in (6, 20, 60)], World(problem=0), flips=2
        )


def test_a_peek_at_the_answer_is_noticed() -> None:
    with pytest.raises(AssertionError):
        properties.is_worth_one_sample(stops_when_right, World(problem=0, chance=0.5))


def test_a_sound_strategy_passes_them_all() -> None:
    properties.keeps_its_budget(best_of_n, TREE, 8, 0)
    properties.repeats_itself(best_of_n, TREE, 8, 0)
    properties.reads_no_ids(best_of_n, TREE, NAMES)
    properties.swaps_equal_siblings(best_of_n, TREE)
    properties.is_worth_one_sample(best_of_n, World(problem=0, chance=0.5))
