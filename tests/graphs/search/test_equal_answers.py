from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import branchwise
from branchwise import Budget
from branchwise.graphs.search.equal_answers import share_answers
from branchwise.models.protocol import SampleRequest
from branchwise.models.scripted import scripted
from branchwise.store.records import Node
from branchwise.tasks.domains.mathematics import same_answer

HALVES = [r"\boxed{0.5}", r"\boxed{3}", r"\boxed{\frac{1}{2}}", r"\boxed{3}", r"\boxed{1/2}"]


@pytest.mark.parametrize(
    "strategy", ["self_consistency", "weighted_best_of_n", "adaptive_consistency", "adaptive_vote", "rpc"]
)
async def test_votes_are_counted_by_the_task_s_equality(strategy: str, tmp_path: Path) -> None:
    drawn: list[str] = []

    def script(request: SampleRequest, seed: int) -> str:
        if "Reason step" not in request.messages[-1].content:
            return "Score: 50"
        drawn.append(HALVES[len(drawn) % len(HALVES)])
        return drawn[-1]

    result = await branchwise.solve(
        "What is half of one?",
        task="math500",
        strategy=strategy,
        knobs={"n": 5},
        model=scripted(script),
        budget=Budget(tokens=60_000),
        store=f"sqlite:///{tmp_path}/runs.db",
    )
    assert result.answer == "0.5"


async def test_equal_answers_get_the_oldest_one_s_text() -> None:
    old = [Node(id="0.0", parent="0", complete=True, answer="0.5")]
    new = [
        Node(id=f"0.{n}", parent="0", complete=True, answer=a)
        for n, a in enumerate(("1/2", "3", None, "6/2"), 1)
    ]
    assert [node.answer for node in await share_answers(new, old, same_answer)] == ["0.5", "3", None, "3"]
    assert await share_answers([replace(new[0], answer="0.5")], old, same_answer) == [
        replace(new[0], answer="0.5")
    ]


async def test_a_task_of_texts_keeps_its_answers() -> None:
    new = [Node(id="0.1", parent="0", complete=True, answer=answer) for answer in ("a", "b", "a")]
    assert await share_answers(new, [], lambda one, other: one == other) == new
