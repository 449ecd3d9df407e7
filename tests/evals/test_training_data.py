"""Preference pairs and step labels of a small tree, written out by hand."""

from __future__ import annotations

from branchwise.evals.training_data import preference_pairs, step_labels
from branchwise.graphs.aggregations.min_max_majority import min_max_majority
from branchwise.store.records import Node
from branchwise.store.tree import Tree

TREE = Tree(
    [
        Node(id="0.0", parent="0", depth=1, text="a", score=0.8),
        Node(id="0.1", parent="0", depth=1, text="b", score=0.9, failed="a dead end"),
        Node(id="0.2", parent="0", depth=1, text="a", score=0.8, duplicate_of="0.0"),
        Node(
            id="0.0.0", parent="0.0", depth=2, text="c", score=1.0, accepted=True, complete=True, answer="c"
        ),
        Node(id="0.0.1", parent="0.0", depth=2, text="d", score=0.2, complete=True, answer="d"),
    ]
)


def test_the_best_and_worst_child_make_a_pair() -> None:
    assert list(preference_pairs("P", TREE)) == [
        {"prompt": "P", "chosen": "a", "rejected": "b", "margin": 0.8},
        {"prompt": "P\n\na", "chosen": "c", "rejected": "d", "margin": 0.8},
    ]


def test_a_better_revision_and_its_original_make_a_pair() -> None:
    def node(name: str, parent: str, score: float | None) -> Node:
        return Node(id=name, parent=parent, text=name, complete=True, score=score)

    tree = Tree(
        [
            node("0.0", "0", 0.4),
            node("0.0.0", "0.0", 0.9),
            node("0.0.1", "0.0", 0.3),
            node("0.0.2", "0.0", None),
        ]
    )
    [pair] = preference_pairs("P", tree)
    assert pair == {"prompt": "P", "chosen": "0.0.0", "rejected": "0.0", "margin": 0.5}


def test_a_step_is_right_when_an_accepted_solution_was_reached_from_it() -> None:
    assert list(step_labels("P", TREE)) == [
        {"prompt": "P", "completions": ["a", "c"], "labels": [True, True]},
        {"prompt": "P", "completions": ["a", "d"], "labels": [True, False]},
    ]


def test_min_max_scaling_lets_a_narrow_range_decide() -> None:
    def node(i: int, answer: str, score: float | None) -> Node:
        return Node(id=f"0.{i}", parent="0", complete=True, text=answer, answer=answer, score=score)

    nodes = [
        node(0, "x", 0.90),
        node(1, "x", 0.90),
        node(2, "x", 0.90),
        node(3, "y", 0.99),
        node(4, "z", 0.92),
    ]
    found = min_max_majority(nodes)
    assert found is not None
    assert found.answer == "y"
    assert found.votes["x"] == 0.0
    equal = min_max_majority([node(0, "x", 0.5), node(1, "y", 0.5), node(2, "y", None)])
    assert equal is not None
    assert equal.answer == "y"
