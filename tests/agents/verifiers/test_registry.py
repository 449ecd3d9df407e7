"""Verifiers are found by name, and a user's own file is one of them."""

from __future__ import annotations

import pytest

import branchwise
from branchwise import tasks
from branchwise.agents import verifiers
from branchwise.agents.verifiers.protocol import Verifier, VerifierState, VerifierUpdate
from branchwise.graphs.search.state import Options
from branchwise.models.scripted import scripted
from branchwise.store.errors import BadInput, UnknownName
from branchwise.store.records import Verdict, VerifiedBy


def even(threshold: int) -> Verifier:
    """A verifier of one's own: it likes even answers."""

    async def even_node(state: VerifierState) -> VerifierUpdate:
        score = 100.0 if state["plan"].strip().endswith(("2", "4")) else -100.0
        accepted = score >= threshold
        verdict = Verdict(
            score=score, accepted=accepted, feedback="", verified_by=VerifiedBy.PROGRAM, verifier="even"
        )
        return {"verdict": verdict}

    return even_node


def greedy(moon: str) -> Verifier:
    """A verifier that asks for what no search has."""
    raise AssertionError(moon)


async def test_a_search_is_judged_by_a_verifier_of_ones_own() -> None:
    result = await branchwise.solve(
        "Which?",
        model=scripted(lambda request, seed: f"Answer: {seed % 5}"),
        strategy="best_of_n",
        knobs={"n": 16},
        store="sqlite://",
        options=Options(verifier=f"{__name__}:even", constraints=False, trials=1),
    )
    assert result.solved
    assert result.answer is not None
    assert int(result.answer) % 2 == 0


def test_every_file_of_the_folder_is_a_verifier() -> None:
    assert set(verifiers.names()) >= {"chance", "llm", "program", "reward", "vote", "yes_no"}
    assert "protocol" not in verifiers.names()


async def test_a_verifier_that_is_not_there_is_refused_before_anything_is_asked() -> None:
    model = scripted(["no"])
    with pytest.raises(UnknownName, match="no verifier"):
        await branchwise.solve("Which?", model=model, store="sqlite://", options=Options(verifier="nobody"))
    assert model.calls == 0


def test_a_verifier_that_asks_for_what_is_not_offered_is_told() -> None:
    with pytest.raises(BadInput, match="asks for moon; it may ask for task, threshold"):
        verifiers.load(f"{__name__}:greedy", task=tasks.load("text"), threshold=95)
