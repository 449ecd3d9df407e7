from hypothesis import given
from hypothesis import strategies as st

from branchwise.graphs.strategies.adaptive_vote import adaptive_vote
from branchwise.store.records import Node
from branchwise.store.tree import Tree


def tree(*solutions: tuple[str | None, float | None]) -> Tree:
    return Tree(
        Node(id=f"0.{i}", parent="0", depth=1, complete=True, answer=answer, score=score)
        for i, (answer, score) in enumerate(solutions)
    )


solutions = st.lists(
    st.tuples(st.sampled_from(["a", "b", None]), st.one_of(st.none(), st.floats(0, 1))), max_size=12
)


@given(solutions, st.integers(0, 20), st.integers(1, 8), st.integers(1, 20))
def test_budget_and_limit_are_kept(
    drawn: list[tuple[str | None, float | None]], budget: int, batch: int, n: int
) -> None:
    asked = adaptive_vote(tree(*drawn), budget, batch=batch, n=n)
    assert sum(asked.values()) <= min(budget, batch, max(0, n - len(drawn)))
    assert set(asked) <= {"0"}


@given(solutions, st.randoms(use_true_random=False))
def test_order_decides_nothing(drawn: list[tuple[str | None, float | None]], rng: object) -> None:
    mixed = list(drawn)
    rng.shuffle(mixed)  # type: ignore[attr-defined]
    assert adaptive_vote(tree(*drawn), 2, n=99) == adaptive_vote(tree(*mixed), 2, n=99)


def test_a_clear_lead_is_enough() -> None:
    assert adaptive_vote(tree(*[("a", 1.0)] * 5), 2) == {}
    assert adaptive_vote(tree(*[("a", 1.0)] * 3), 2) == {"0": 2}


def test_answers_of_low_score_lead_nobody_to_stop() -> None:
    assert adaptive_vote(tree(*[("a", 0.1)] * 5), 2) == {"0": 2}


def test_certainty_is_never_reached() -> None:
    assert adaptive_vote(tree(*[("a", 1.0)] * 30), 2, certainty=1.0) == {"0": 2}


def test_where_nothing_has_an_answer_one_batch_is_enough() -> None:
    assert adaptive_vote(tree(), 9) == {"0": 2}
    assert adaptive_vote(tree((None, 0.5), (None, 0.9)), 9) == {}


def test_a_solution_without_a_score_votes_with_the_mean_of_the_others() -> None:
    mixed = tree(("a", 0.9), ("a", 0.5), ("a", None), ("b", 0.2))
    filled = tree(("a", 0.9), ("a", 0.5), ("a", 1.6 / 3), ("b", 0.2))
    for certainty in (0.5, 0.7, 0.75, 0.8, 0.85, 0.9):
        assert adaptive_vote(mixed, 2, certainty=certainty) == adaptive_vote(filled, 2, certainty=certainty)
