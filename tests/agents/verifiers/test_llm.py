"""The LLM verifier reads a score from -100 to 100 or none at all, and accepts from 95 on."""

from __future__ import annotations

import pytest

from branchwise.agents.verifiers.llm import llm
from branchwise.agents.verifiers.protocol import VerifierState
from branchwise.models.direct import direct
from branchwise.models.scripted import scripted
from branchwise.store.records import Constraints, Verdict, VerifiedBy
from branchwise.tasks.task import Task

TASK = Task(name="text", about="", instructions="{problem}")


async def verdict(said: str, *, complete: bool = True) -> Verdict:
    state: VerifierState = {
        "problem": "2 + 2",
        "path": "r1/x",
        "constraints": Constraints(),
        "plan": "It is 4.",
        "complete": complete,
    }
    return (await llm(direct(scripted([said])), TASK)(state))["verdict"]


@pytest.mark.parametrize(
    ("said", "score"),
    [
        ("It holds.\nScore: 95", 95),
        ("**Score:** -100", -100),
        ("Score: 10\nOn second thought.\nScore: 40.", 40),
        ("Score: 101", None),
        ("Score: 9.5", None),
        ("I would give it a 95", None),
        ("Score: 95/100", None),
        ("", None),
    ],
)
async def test_a_score_that_cannot_be_read_is_none(said: str, score: float | None) -> None:
    judged = await verdict(said)
    assert judged.score == score
    assert judged.verified_by is VerifiedBy.MODEL
    assert judged.accepted == (score is not None and score >= 95)
    assert "Score" not in judged.feedback or score is None or said.count("Score") > 1


async def test_a_step_is_never_refused_for_its_score_but_for_having_none() -> None:
    assert (await verdict("Hm.\nScore: -20", complete=False)).accepted
    assert not (await verdict("Hm.", complete=False)).accepted
