from __future__ import annotations

from math import log
from random import Random

import pytest

from branchwise.graphs import aggregations
from branchwise.graphs.aggregations.best_of_n import best_of_n
from branchwise.graphs.aggregations.majority import majority
from branchwise.graphs.aggregations.perplexity_consistency import perplexity_consistency
from branchwise.graphs.aggregations.weighted_majority import weighted_majority
from branchwise.graphs.strategies.protocol import Choice
from branchwise.statistics.weibull import fit
from branchwise.store.errors import UnknownName
from branchwise.store.records import Node, VerifiedBy

every = pytest.mark.parametrize("name", aggregations.names())


def ballot(answer: str | None, score: float | None = None, **fields: object) -> Node:
    ballot.count += 1  # type: ignore[attr-defined]
    text = f"{answer} {ballot.count}"  # type: ignore[attr-defined]
    given = {"text": text, **fields}
    return Node(id=f"0.{text}", parent="0", depth=1, complete=True, answer=answer, score=score, **given)  # type: ignore[arg-type]


ballot.count = 0  # type: ignore[attr-defined]


def chosen(choice: Choice | None) -> str | None:
    assert choice is not None
    return choice.answer


@every
def test_nothing_to_choose_from(name: str) -> None:
    assert aggregations.load(name)([]) is None
    assert aggregations.load(name)([Node(id="0.0", parent="0", failed="lost", complete=True)]) is None


@every
def test_proof_beats_any_vote_and_refutation_loses(name: str) -> None:
    choose = aggregations.load(name)
    many = [ballot("1", 0.9, logprob=-0.1, tokens=1) for _ in range(9)]
    proof = ballot("2", 0.5, verified_by=VerifiedBy.PROGRAM, accepted=True, logprob=-3.0, tokens=1)
    refuted = [ballot("3", 1.0, verified_by=VerifiedBy.PROGRAM, logprob=-0.1, tokens=1) for _ in range(20)]
    assert chosen(choose([*many, proof, *refuted])) == "2"
    assert chosen(choose([*many, *refuted])) == "1"
    assert chosen(choose(refuted)) == "3"


@every
def test_votes_are_shares_and_unreadable_answers_do_not_vote(name: str) -> None:
    choice = aggregations.load(name)(
        [ballot("1", 0.5), ballot(None, 0.4), ballot("2", 0.1), ballot("1", 0.1)]
    )
    assert choice is not None
    assert choice.answer == "1"
    assert set(choice.votes) == {"1", "2"}
    assert sum(choice.votes.values()) == pytest.approx(1)


@every
def test_without_any_answer_the_best_solution_stands(name: str) -> None:
    best = ballot(None, 0.9)
    choice = aggregations.load(name)([ballot(None, 0.2), best])
    assert choice is not None
    assert (choice.node, choice.answer, choice.votes) == (best, None, {})


def test_best_of_n_takes_the_score_then_agreement_then_age() -> None:
    assert chosen(best_of_n([ballot("1", 0.2), ballot("2", 0.9), ballot("1", None)])) == "2"
    assert chosen(best_of_n([ballot("1", 0.9), ballot("2", 0.9), ballot("2", 0.9)])) == "2"
    assert chosen(best_of_n([ballot("1", None), ballot("2", None)])) == "1"
    assert chosen(best_of_n([ballot("1", 0.9), ballot("2", 0.1, accepted=True)])) == "2"


def test_majority_counts_duplicates_and_breaks_ties_by_merit() -> None:
    nodes = [ballot("1", 0.9), ballot("2", 0.1), ballot("2", 0.1, duplicate_of="0.2")]
    choice = majority(nodes)
    assert choice is not None
    assert choice.answer == "2"
    assert choice.confidence == pytest.approx(2 / 3)
    assert chosen(majority([ballot("1", 0.1), ballot("2", 0.9)])) == "2"
    assert chosen(majority([ballot("1"), ballot("2")])) == "1"


def test_weighted_majority_adds_scores() -> None:
    assert chosen(weighted_majority([ballot("1", 0.3), ballot("1", 0.3), ballot("2", 0.7)])) == "2"
    assert chosen(weighted_majority([ballot("1", 0.3), ballot("1", 0.5), ballot("2", 0.7)])) == "1"
    # The first class that outweighs all others leads at once.
    assert chosen(weighted_majority([ballot("1", 0.2), ballot("2", 0.9)])) == "2"
    # Without a score: the mean of the others, here 0.5.
    assert chosen(weighted_majority([ballot("1", 0.4), ballot("2", 0.6), ballot("1", None)])) == "1"
    assert chosen(weighted_majority([ballot("1", 0.0), ballot("2", 0.0), ballot("2", 0.0)])) == "2"


def test_perplexity_consistency_sums_distinct_probabilities() -> None:
    likely = [ballot("1", logprob=log(0.5) * 4, tokens=4), ballot("2", logprob=log(0.3), tokens=1)]
    copies = [ballot("2", text=likely[1].text, logprob=log(0.3), tokens=1) for _ in range(5)]
    choice = perplexity_consistency([*likely, *copies])
    assert choice is not None
    assert choice.answer == "1"
    assert choice.votes == {"1": pytest.approx(0.5 / 0.8), "2": pytest.approx(0.3 / 0.8)}
    other = ballot("2", logprob=log(0.3), tokens=1)
    assert chosen(perplexity_consistency([*likely, other])) == "2"


def test_unlikely_reasoning_is_pruned() -> None:
    random = Random(5)
    right = [ballot("1", logprob=log(random.gauss(0.9, 0.02)), tokens=1) for _ in range(8)]
    wrong = [ballot("2", logprob=log(random.gauss(0.3, 0.03)), tokens=1) for _ in range(30)]
    assert sum(n.logprob is not None for n in wrong) * 0.3 > 8 * 0.9
    choice = perplexity_consistency([*wrong, *right])
    assert choice is not None
    assert choice.answer == "1"
    assert choice.votes == pytest.approx({"1": 1.0})


def test_without_log_probabilities_the_majority_decides() -> None:
    nodes = [ballot("1"), ballot("2", logprob=-0.1, tokens=1), ballot("1")]
    assert chosen(perplexity_consistency(nodes)) == "1"


def test_the_fit_finds_two_weibulls() -> None:
    random = Random(2)
    values = [random.weibullvariate(0.8, 20) for _ in range(150)] + [
        random.weibullvariate(0.3, 5) for _ in range(250)
    ]
    mixture = fit(values)
    assert mixture is not None
    assert mixture.weight == pytest.approx(150 / 400, abs=0.04)
    assert mixture.high.scale == pytest.approx(0.8, abs=0.03)
    assert mixture.low.scale == pytest.approx(0.3, abs=0.03)
    assert mixture.high.shape == pytest.approx(20, rel=0.35)
    assert mixture.posterior(0.8) > 0.99
    assert mixture.posterior(0.3) < 0.01


@pytest.mark.parametrize("values", [[0.5] * 20, [0.1, 0.9], [0.0, *[0.5, 0.6] * 6]])
def test_a_fit_that_cannot_be_is_none(values: list[float]) -> None:
    assert fit(values) is None


def test_an_unknown_aggregation_is_named() -> None:
    with pytest.raises(UnknownName, match="Did you mean `majority`"):
        aggregations.load("majorty")
