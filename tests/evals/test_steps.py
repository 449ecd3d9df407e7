from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from branchwise.evals import logs
from branchwise.evals.log import RecordedSample, Step
from branchwise.evals.outcomes import outcomes
from branchwise.evals.policy import Policy, policies
from branchwise.evals.pooled import ReplayPlan, pooled
from branchwise.evals.replay import Judge, Played, replay
from branchwise.evals.steps import StepDeck
from branchwise.graphs import aggregations, strategies
from branchwise.store.errors import BadInput
from branchwise.store.records import ROOT, VerifiedBy

JUDGE = Judge(score="exact", verified_by=VerifiedBy.PROGRAM, step="v")
STEPWISE = {name: sized for name in strategies.names() if (sized := strategies.info(name).sized) is not None}


def sample(index: int, *texts: str, right: bool = False, price: int = 0) -> RecordedSample:
    return RecordedSample(
        instance="i",
        index=index,
        correct=right,
        accepted=right,
        scores={"exact": float(right)},
        tokens=10 * len(texts),
        steps=tuple(
            Step(text=text, scores={"v": len(text) / 10}, tokens=10, check_tokens={"v": price})
            for text in texts
        ),
    )


def play(
    draws: Sequence[RecordedSample], name: str, n: int = 8, limit: int = 24, judge: Judge = JUDGE
) -> Played:
    strategy = strategies.load(name, **STEPWISE[name](n))
    return replay(
        draws, strategy, aggregations.load("best_of_n"), limit=limit, judge=judge, deal=StepDeck, seed=3
    )


paths = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from("abc"), st.booleans()), min_size=12, max_size=30
)


def test_samples_that_begin_alike_share_a_branch() -> None:
    deck = StepDeck([sample(0, "a", "x"), sample(1, "a", "y", right=True), sample(2, "b", "z")], JUDGE)
    deck.draw(ROOT, 3, 1)
    assert [(n.text, n.duplicate_of) for n in deck.tree.children(ROOT)] == [
        ("a", None),
        ("a", "0.0"),
        ("b", None),
    ]
    deck.draw("0.1", 3, 2)
    below = deck.tree.children("0.1")
    assert [(n.text, n.complete, n.accepted) for n in below[:2]] == [("x", True, False), ("y", True, True)]
    assert below[2].failed == "nothing was recorded here"
    assert (deck.dry, deck.tokens) == (1, 50)


def test_a_beginning_is_judged_once_and_a_whole_solution_by_its_outcome() -> None:
    deck = StepDeck([sample(i, "a", "x", price=100) for i in range(2)], JUDGE)
    deck.draw(ROOT, 2, 1)
    deck.draw("0.0", 1, 2)
    assert deck.tokens == 30 + 100
    assert deck.tree["0.0"].score == pytest.approx(0.1)
    assert deck.tree["0.0.0"].score == 0.0


@pytest.mark.parametrize("name", STEPWISE)
@given(drawn=paths, limit=st.integers(1, 24))
def test_no_step_is_drawn_twice_and_no_label_is_seen(
    name: str, drawn: list[tuple[str, str, bool]], limit: int
) -> None:
    draws = [sample(i, a, b) for i, (a, b, _) in enumerate(drawn)]
    flipped = [replace(one, correct=not one.correct) for one in draws]
    here, there = play(draws, name, limit=limit), play(flipped, name, limit=limit)
    assert here.samples <= limit
    assert here.tokens == 10 * here.samples
    assert replace(here, correct=None) == replace(there, correct=None)


def test_whole_solutions_cannot_be_played_step_by_step() -> None:
    with pytest.raises(BadInput, match="not cut into steps"):
        play([RecordedSample(instance="i", index=0, correct=True)], "rebase", limit=1)


def test_recombined_steps_are_as_good_as_the_samples_they_come_from(data: Path) -> None:
    # Next steps are exchangeable given the beginning, so chains put together anew solve as much as whole samples.
    log = logs.load("game24_tot", data)
    chains = Policy(arm="cot", strategy="early_pruning", limit=64, knobs={"n": 16, "keep": 1.0})
    whole = Policy(arm="cot", strategy="best_of_n", limit=16, knobs={"n": 16})
    found = outcomes(log, [chains, whole], seeds=5)
    assert fmean(found.accuracy(chains)) == pytest.approx(fmean(found.accuracy(whole)), abs=0.03)


def test_reward_balanced_search_pays_where_a_program_judges_the_steps(data: Path) -> None:
    log = logs.load("game24_tot", data)
    judged = replace(log, header=replace(log.header, step_verifier="reachable"))
    rebase = Policy(arm="cot", strategy="rebase", limit=64, knobs={"width": 16})
    whole = Policy(arm="cot", strategy="best_of_n", limit=16, knobs={"n": 16})
    found = outcomes(judged, [rebase, whole], seeds=3)
    assert fmean(found.accuracy(rebase)) > fmean(found.accuracy(whole)) + 0.04
    assert found.cost(rebase) < found.cost(whole)
    paid = outcomes(log, [rebase], seeds=3)
    assert paid.cost(rebase) > found.cost(rebase) * 1.5


def test_every_tree_strategy_that_needs_no_hints_is_replayed(data: Path) -> None:
    log = logs.load("game24_tot", data)
    names = {policy.strategy for policy in policies(log, (8,), arms=("cot",))}
    wanted = {
        row.name
        for row in strategies.catalogue()
        if row.info.grain == "step" and "hints" not in row.info.needs
    }
    assert wanted <= names
    assert not any(p.grain == "step" for p in policies(log, (8,), arms=("io",)))


def test_a_log_without_enough_samples_is_refused_in_a_sentence(data: Path) -> None:
    log = logs.load("game24_tot", data)
    few = replace(log, samples=log.samples[:1])
    with pytest.raises(
        BadInput, match="No instance of the log has 8 samples of cot: nothing can be replayed"
    ):
        pooled(
            "few", few, ReplayPlan(limits=(4,), budgets=(4,), probes=1, arm="cot", arms=("cot",)), {}, seeds=1
        )
