"""Votes stop when their lead is decided, the answer's aggregation is an option, and runs say what a sample is worth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from branchwise.graphs.search.result import Result
from branchwise.graphs.search.run import solve
from branchwise.graphs.search.state import Options
from branchwise.models.protocol import SampleRequest
from branchwise.models.scripted import Scripted, scripted
from branchwise.store.errors import BadInput, UnknownName
from branchwise.store.store import Store


def says(*answers: str) -> Scripted:
    """A model that gives the answers one after the other."""
    left = iter(answers)
    return scripted(
        lambda request, seed: "- none" if _constraints(request) else f"Answer: {next(left, answers[-1])}"
    )


def _constraints(request: SampleRequest) -> bool:
    return "List every constraint" in request.messages[-1].content


async def vote(model: Scripted, tmp_path: Path, strategy: str = "self_consistency", **options: Any) -> Result:
    return await solve(
        "Which?",
        model=model,
        strategy=strategy,
        knobs={"n": 16},
        store=f"sqlite:///{tmp_path}/runs.sqlite",
        options=Options(**options),
    )


async def test_a_vote_stops_when_its_lead_is_decided(tmp_path: Path) -> None:
    result = await vote(says(*"4" * 16), tmp_path, confidence=0.95)
    assert (result.reason, result.nodes, result.answer) == ("decided", 4, "4")
    whole = await vote(says(*"4" * 16), tmp_path)
    assert (whole.reason, whole.nodes) == ("exhausted", 16)


async def test_it_draws_the_fewest_that_could_decide_it(tmp_path: Path) -> None:
    # Four that agree could decide it; at 3 to 1 three more could, at 6 to 1 it is decided.
    result = await vote(says("4", "4", "5", *"4" * 13), tmp_path, confidence=0.95)
    assert result.reason == "decided"
    assert result.nodes == 7
    assert result.next_basis == "vote"
    assert result.next_sample is not None
    assert result.next_sample <= 0.05


async def test_a_vote_that_stays_open_uses_all_its_samples(tmp_path: Path) -> None:
    result = await vote(says(*"45" * 8), tmp_path, confidence=0.95)
    assert (result.reason, result.nodes) == ("exhausted", 16)
    assert result.next_sample == pytest.approx(0.5)


async def test_a_strategy_with_a_rule_of_its_own_takes_the_confidence(tmp_path: Path) -> None:
    usual = await vote(says(*"4" * 16), tmp_path, strategy="adaptive_consistency")
    surer = await vote(says(*"4" * 16), tmp_path, strategy="adaptive_consistency", confidence=0.99)
    assert (usual.nodes, surer.nodes) == (4, 6)


async def test_the_aggregation_is_an_option(tmp_path: Path) -> None:
    scores = {"4": 80, "5": 98}

    async def answer(**options: Any) -> str | None:
        left = iter("5" + "4" * 15)

        def write(request: SampleRequest, seed: int) -> str:
            asked = request.messages[-1].content
            if _constraints(request):
                return "- none"
            if '"Score: "' in asked:
                return f"Hm.\nScore: {scores[asked.rstrip()[-1]]}"
            return f"Answer: {next(left)}"

        model = scripted(write)
        return (await vote(model, tmp_path, strategy="weighted_best_of_n", threshold=100, **options)).answer

    assert await answer() == "4"
    assert await answer(aggregation="min_max_majority") == "5"
    assert await answer(aggregation="relative_majority") == "5"
    with pytest.raises(UnknownName, match="aggregation"):
        await answer(aggregation="loudest")


async def test_a_refuted_run_says_what_one_more_sample_is_worth(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/runs.sqlite"
    result = await solve(
        "1 1 1 8",
        task="game24",
        model="uniform",
        strategy="best_of_n",
        knobs={"n": 4},
        store=url,
    )
    async with Store.opened(url) as store:
        refuted = len((await store.nodes(result.run_id)).complete)
    assert not result.solved
    assert refuted > 0
    assert result.next_basis == "verified"
    assert result.next_sample == pytest.approx(0.5 / (1 + refuted))


async def test_the_nucleus_reaches_the_model(tmp_path: Path) -> None:
    model = says("4")
    await vote(model, tmp_path, top_p=0.9)
    # The constraint agent and the judge are not sampled so.
    drawn = [one for one in model.requests if one.messages[-1].content.startswith("Which?")]
    assert drawn
    assert {request.top_p for request in drawn} == {0.9}
    with pytest.raises(BadInput, match="top_p"):
        await vote(model, tmp_path, top_p=0.0)
