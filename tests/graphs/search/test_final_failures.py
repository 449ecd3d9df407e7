"""A failed call of a round is a result: a resumed run does not make it again, unless nothing was answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from branchwise.graphs.runtime.replay import replay
from branchwise.graphs.search.run import Result, resume, solve
from branchwise.graphs.search.state import Options
from branchwise.models.protocol import Reply, SampleRequest
from branchwise.models.scripted import Scripted, scripted
from branchwise.store.errors import ModelError
from branchwise.store.store import Store
from tests.graphs.search.tight import PulledError


def model(*outcomes: str | Exception) -> Scripted:
    """Answers, or raises, one after the other, and then goes on with the last; opinions and constraints are given."""
    left = list(outcomes)

    def write(request: SampleRequest, seed: int) -> str:
        asked = request.messages[-1].content
        if "List every constraint" in asked or '"Score: "' in asked:
            return "- One number.\nScore: 10"
        outcome = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return scripted(write)


def proposals(asked: Scripted) -> int:
    """Requests for samples."""
    return sum(
        "List every constraint" not in (text := one.messages[-1].content) and "Score" not in text
        for one in asked.requests
    )


async def interrupted(store: Store, outcomes: Sequence[str | Exception]) -> str:
    """A search of four calls in one round that ends in it; gives its id."""
    with pytest.raises(PulledError):
        await solve(
            "Which?",
            strategy="best_of_n",
            knobs={"n": 4},
            options=Options(batch=1),
            model=model(*outcomes),
            store=store,
        )
    [run] = await store.runs()
    return run.id


class Miscounting:
    """A model of one's own that answers with as many samples as it likes."""

    def __init__(self, have: int) -> None:
        self._model, self._have = scripted(["Answer: 4"]), have
        self.name, self.capabilities, self.price = "mine:m", self._model.capabilities, self._model.price
        self.calls = 0

    async def sample(self, request: SampleRequest) -> Reply:
        """Answer with `have` samples."""
        self.calls += 1
        assert self.calls < 20
        return await self._model.sample(replace(request, n=self._have if request.n > 1 else 1))

    async def aclose(self) -> None:
        """Nothing to let go."""


@pytest.mark.parametrize(("have", "whole"), [(2, 2), (6, 4), (0, 0)])
async def test_a_model_that_miscounts_its_samples_is_noticed(store: Store, have: int, whole: int) -> None:
    asked: dict[str, Any] = {"strategy": "best_of_n", "knobs": {"n": 4}, "store": store}
    if not have:
        with pytest.raises(ModelError, match="holds no sample"):
            await solve("Which?", model=Miscounting(have), **asked)
        return
    result = await solve("Which?", model=Miscounting(have), **asked)
    tree = [node for node in await store.nodes(result.run_id) if node.parent]
    assert [node.complete for node in tree] == [True] * whole + [False] * (4 - whole)
    assert f"The model sent {have} samples instead of 4." in result.notes


REFUSED = ModelError("no")


async def test_a_failure_before_the_end_of_a_round_is_kept(store: Store) -> None:
    run_id = await interrupted(store, [REFUSED, REFUSED, PulledError()])
    healthy = model("Answer: 4")
    result = await resume(run_id, store=store, model=healthy)
    assert isinstance(result, Result)
    tree = [node for node in await store.nodes(run_id) if node.parent]
    assert [node.failed for node in tree] == ["the model could not answer: no"] * 2 + [None] * 2
    assert proposals(healthy) == 2
    assert sum(call.error == "ModelError: no" for call in await store.calls(run_id)) == 2
    assert (await replay(run_id, store=store)).exact


async def test_where_nothing_was_answered_failures_of_an_earlier_claim_are_made_again(store: Store) -> None:
    run_id = await interrupted(store, [REFUSED, REFUSED, REFUSED, PulledError()])
    passing = model(REFUSED, "Answer: 4")
    result = await resume(run_id, store=store, model=passing)
    assert (result.answer, result.nodes) == ("4", 4)
    assert proposals(passing) == 1 + 4
    assert (await replay(run_id, store=store)).exact


async def test_a_claim_that_nothing_answered_makes_its_calls_final_for_nobody(store: Store) -> None:
    run_id = await interrupted(store, [REFUSED, REFUSED, REFUSED, PulledError()])
    with pytest.raises(ModelError, match="answered none of the calls of round 1: no"):
        await resume(run_id, store=store, model=model(REFUSED))
    healthy = model("Answer: 4")
    result = await resume(run_id, store=store, model=healthy)
    assert (result.answer, result.nodes, proposals(healthy)) == ("4", 4, 4)
