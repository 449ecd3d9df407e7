"""What every strategy in the folder must keep, whichever it is."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from math import fsum, inf, nan
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from branchwise.graphs import aggregations, strategies
from branchwise.graphs.strategies.protocol import Hint
from branchwise.store.errors import UnknownName
from branchwise.store.records import ROOT, Node, NodeId, Verdict, VerifiedBy
from branchwise.store.tree import Tree
from tests.graphs.strategies import properties
from tests.graphs.strategies.grown import root_with
from tests.graphs.strategies.simulate import World, search, undecided
from tests.graphs.strategies.trees import trees

EVERY = strategies.names()
LENGTH = {"step": 3, "solution": 1}
every = pytest.mark.parametrize("name", EVERY)
few = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])

SIZE = {
    "coat": "simulations",
    "depth_first": "branching",
    "best_first": "expansions",
    "mcts": "simulations",
    "rebase": "width",
    "refinement_tree": "branching",
    "rewind": "branching",
    "step_beam": "width",
    "step_gates": "starts",
    "tree_of_thoughts": "width",
}
"""The knob that sets how much a strategy searches, where it is not called `n`."""


def world(name: str) -> World:
    return World(problem=0, length=LENGTH[strategies.info(name).grain])


@every
@few
@given(data=st.data(), budget=st.integers(0, 40), seed=st.integers(0, 5))
def test_the_budget_is_kept_and_shared_exactly(
    name: str, data: st.DataObject, budget: int, seed: int
) -> None:
    tree, strategy = data.draw(trees(name)), strategies.load(name)
    properties.keeps_its_budget(strategy, tree, budget, seed)
    properties.repeats_itself(strategy, tree, budget, seed)


@every
@few
@given(data=st.data(), seed=st.integers(0, 5))
def test_ids_are_only_names_and_equal_nodes_equal(name: str, data: st.DataObject, seed: int) -> None:
    tree, strategy = data.draw(trees(name)), strategies.load(name)
    ids = [node.id for node in tree if node.id != ROOT]
    properties.reads_no_ids(strategy, tree, data.draw(st.permutations(ids)), seed)
    properties.swaps_equal_siblings(strategy, tree, seed)


@every
@pytest.mark.parametrize("spent", [4, 9, 17, 33])
def test_where_all_is_tied_ids_decide_nothing(name: str, spent: int) -> None:
    strategy = strategies.load(name)
    for problem in range(5):
        deep = replace(world(name), problem=problem, length=4 * world(name).length)
        tree = search(strategy, deep, undecided, budget=spent)
        ids = [node.id for node in tree if node.id != ROOT]
        for names in (list(reversed(ids)), Random(problem).sample(ids, len(ids))):
            properties.reads_no_ids(strategy, tree, names)


def test_no_decision_depends_on_the_order_of_hashes() -> None:
    code = (
        "from branchwise.graphs import strategies as s\n"
        "from tests.graphs.strategies.simulate import World, search, useless\n"
        "for n in s.names():\n"
        " for i in range(3):\n"
        "  t = search(s.load(n), World(problem=i, length=3), useless, budget=30, seed=i)\n"
        "  print(n, list(s.load(n)(t, 9, seed=1).items()), [(x.id, x.text) for x in t])\n"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1
    assert all(name in next(iter(said)) for name in EVERY)


@every
def test_a_perfect_verifier_never_loses_by_a_larger_budget(name: str) -> None:
    strategy = strategies.load(name)
    # A smaller budget may be shared otherwise (REBASE) or drawn otherwise, so single problems may flip.
    properties.never_loses_by_growing([(strategy, b) for b in (6, 20, 60)], world(name), flips=2)


@every
def test_a_perfect_verifier_never_loses_by_a_larger_search(name: str) -> None:
    knob = SIZE.get(name, "n")
    sized = [(strategies.load(name, **{knob: size}), 200) for size in (1, 4, 16)]
    whole = strategies.info(name).grain == "solution"
    # Whole solutions of a smaller search are among those of a larger one; steps are drawn elsewhere.
    properties.never_loses_by_growing(sized, world(name), flips=0 if whole else 2)


@every
def test_a_useless_verifier_is_worth_one_sample(name: str) -> None:
    chance = 0.5 if strategies.info(name).grain == "solution" else 0.5 ** (1 / 3)
    properties.is_worth_one_sample(strategies.load(name), replace(world(name), chance=chance))


PLENTY = properties.PLENTY
Fill = Callable[[Tree], Mapping[NodeId, float]]


def _all(value: float) -> Fill:
    return lambda tree: {node.id: value for node in tree}


def _average(of: int = PLENTY) -> Fill:
    """The mean of the known scores in each group of `of` siblings."""

    def fill(tree: Tree) -> Mapping[NodeId, float]:
        filled: dict[NodeId, float] = {}
        for group in batched(tree.children(ROOT), of):
            known = [node.score for node in group if node.score is not None]
            filled |= {node.id: fsum(known) / len(known) if known else 0.5 for node in group}
        return filled

    return fill


def batched(nodes: Sequence[Node], size: int) -> Iterator[Sequence[Node]]:
    return (nodes[i : i + size] for i in range(0, len(nodes), size))


def _anything(tree: Tree) -> Mapping[NodeId, float]:
    return {node.id: Random(node.id).random() for node in tree}


LAST, PASSES, PARENTS, FOLLOWED_LAST = _all(0.01), _all(1.0), _all(0.5), _all(0.51)
MISSING: Mapping[str, Fill] = {
    "adaptive_best_of_n": LAST,
    "adaptive_vote": _average(),
    "beam_search": LAST,
    "best_first": LAST,
    "coat": PARENTS,
    "depth_first": FOLLOWED_LAST,
    "dvts": LAST,
    "early_pruning": LAST,
    "hypothesis_refinement": LAST,
    "lookahead": _anything,  # a candidate's roll-out is what is compared: see the test of its own
    "mcts": PARENTS,
    "merging": LAST,
    "parallel_tempering": _average(8),
    "particle_filter": _average(16),
    "particle_gibbs": _average(8),
    "rebase": _average(),
    "refinement_tree": LAST,
    "revision_chains": LAST,
    "rewind": PARENTS,
    "sequential_revision": LAST,
    "step_beam": LAST,
    "step_gates": PASSES,
    "tree_of_thoughts": LAST,
}
"""What the docstrings say of a node without a score: like which score it is treated among others of 0.6 and more.

A strategy that is not named here reads no scores.
"""


@every
@few
@given(
    scores=st.lists(st.sampled_from([None, None, 0.6, 0.7, 0.8, 0.9]), min_size=1, max_size=20),
    complete=st.booleans(),
)
def test_missing_scores_are_treated_as_documented(
    name: str, scores: list[float | None], complete: bool
) -> None:
    whole = strategies.info(name).grain == "solution" or complete
    tree = root_with(*scores, complete=whole, strategy=name)
    answered = Tree(replace(n, answer=str(i % 2) if whole else None) for i, n in enumerate(list(tree)[1:]))
    properties.fills_missing_scores(strategies.load(name), answered, MISSING.get(name, _anything))


@pytest.mark.parametrize("score", [nan, inf, -inf, 1e9])
def test_a_score_that_is_no_number_in_range_is_a_missing_score(score: float) -> None:
    verdict = Verdict(score=score, accepted=False, feedback="", verified_by=VerifiedBy.MODEL, verifier="v")
    assert verdict.reward is None
    with pytest.raises(ValueError, match="unit reward"):
        Node(id="0.0", parent=ROOT, score=score)


@every
def test_the_catalogue_says_what_is_needed(name: str) -> None:
    (row,) = (row for row in strategies.catalogue() if row.name == name)
    assert row.summary.endswith(".")
    assert row.info.paper
    assert row.info.aggregation in aggregations.names()
    hint = strategies.hints(name)(Tree(), ROOT, 0)
    assert isinstance(hint, Hint)
    assert hint == Hint() or "hints" in row.info.needs


@every
def test_unknown_knobs_are_refused(name: str) -> None:
    with pytest.raises(UnknownName, match="knob"):
        strategies.load(name, no_such_knob=1)
