"""Tool calls of a run: recorded, shared among equal read-only ones, approved where the tool acts."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

import branchwise
from branchwise.store.errors import BudgetSpent
from tests.graphs.runtime.tool_flows import LOOKED, SENT

ROOT = Path(__file__).parents[3]
FLOWS = "tests.graphs.runtime.tool_flows"


@pytest.fixture(autouse=True)
def _empty() -> None:
    LOOKED.clear()
    SENT.clear()


async def test_equal_read_only_calls_of_a_run_are_one_row() -> None:
    result = await branchwise.run(f"{FLOWS}:looks", {"word": "zxq"}, model="uniform", store="sqlite://")
    assert result.output["said"] == ["zxq means nothing"] * 5
    assert LOOKED == ["zxq"]


async def test_calls_count_against_the_budget_of_effects() -> None:
    one = branchwise.Budget(effects=1)
    made = await branchwise.run(
        f"{FLOWS}:looks", {"word": "zxq"}, model="uniform", store="sqlite://", budget=one
    )
    assert len(made.output["said"]) == 5
    with pytest.raises(BudgetSpent):
        await branchwise.run(
            f"{FLOWS}:looks", {"word": "abc def"}, model="uniform", store="sqlite://", budget=one
        )
    assert len(LOOKED) == 2


@pytest.mark.parametrize(
    ("answer", "said"), [(True, "sent to ann"), (False, "Error: a person refused this call")]
)
async def test_what_acts_waits_for_a_person(tmp_path: Path, answer: bool, said: str) -> None:
    store = f"sqlite:///{tmp_path}/runs.db"
    waiting = await branchwise.run(f"{FLOWS}:sends", {"to": "ann"}, model="uniform", store=store)
    assert waiting.waiting
    assert not SENT
    [question] = waiting.waiting
    assert question.question["approve"] == {"tool": "send", "arguments": {"to": "ann"}}
    await branchwise.answer(waiting.run_id, answer, store=store)
    ended = await branchwise.resume(waiting.run_id, store=store)
    assert ended.output["said"] == [said]
    assert list(SENT) == ["ann"] * answer


async def test_a_failure_of_a_tool_is_an_answer_on_record(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/runs.db"
    waiting = await branchwise.run(f"{FLOWS}:sends", {"to": "nobody"}, model="uniform", store=store)
    await branchwise.answer(waiting.run_id, True, store=store)
    ended = await branchwise.resume(waiting.run_id, store=store)
    assert ended.output["said"] == ["Error: RuntimeError: no such address"]
    again = await branchwise.resume(waiting.run_id, store=store)
    assert again.output == ended.output
    assert SENT == ["nobody"]


async def test_what_was_read_before_an_act_is_read_again_after_it(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/runs.db"
    given = {"word": "x"}
    waiting = await branchwise.run(f"{FLOWS}:bargains", given, model="uniform", store=store)
    assert LOOKED == ["x"], "two nodes share what they read before the act"
    await branchwise.answer(waiting.run_id, True, store=store)
    ended = await branchwise.resume(waiting.run_id, store=store)
    assert len(ended.output["said"]) == 4
    assert list(SENT) == ["ann"]
    assert len(LOOKED) == 3, "once more after the act in its node, and in the next node"
    again = await branchwise.resume(waiting.run_id, store=store, from_start=True)
    assert again.output == ended.output
    assert len(LOOKED) == 3
    assert (await branchwise.replay(waiting.run_id, store=store)).exact


def killed(run_id: str, store: str, where: str) -> None:
    """Resume the run in a process that dies in the middle of the call of a tool."""
    command = [sys.executable, "-W", "ignore", "-m", FLOWS, run_id, store]
    environment = {**os.environ, "TOOL_DIES": where}
    assert subprocess.run(command, check=False, env=environment, cwd=ROOT, timeout=200).returncode == 9


@pytest.mark.crash
async def test_an_act_of_unknown_outcome_is_asked_about_and_not_repeated(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/runs.db"
    waiting = await branchwise.run(f"{FLOWS}:sends", {"to": "ann"}, model="uniform", store=store)
    await branchwise.answer(waiting.run_id, True, store=store)
    await asyncio.to_thread(killed, waiting.run_id, store, "send")
    again = await branchwise.resume(waiting.run_id, store=store)
    [question] = again.waiting
    assert question.question["unknown"] == "sending/1/send"
    await branchwise.answer(waiting.run_id, {"done": "it was sent"}, store=store)
    ended = await branchwise.resume(waiting.run_id, store=store)
    assert ended.output["said"] == ['"it was sent"']
    assert not SENT, "not in this process"


@pytest.mark.crash
async def test_a_read_in_flight_is_made_again(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/runs.db"
    [run_id] = await branchwise.submit(
        [{"word": "zxq"}], workflow=f"{FLOWS}:looks", model="uniform", store=store
    )
    await asyncio.to_thread(killed, run_id, store, "look")
    ended = await branchwise.resume(run_id, store=store)
    assert len(ended.output["said"]) == 5
    assert LOOKED == ["zxq"]
