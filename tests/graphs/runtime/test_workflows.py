"""Any LangGraph graph is a workflow: run, waiting, answered, resumed, forked, replayed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from branchwise.graphs.runtime.answer import answer, open_questions
from branchwise.graphs.runtime.fork import fork
from branchwise.graphs.runtime.replay import replay
from branchwise.graphs.runtime.run import resume, run
from branchwise.models.protocol import SampleRequest
from branchwise.models.scripted import Scripted, scripted
from branchwise.store.errors import BadInput, BudgetSpent, UnknownName
from branchwise.store.records import Budget
from branchwise.store.rows import CallState, Status
from branchwise.store.store import Store

FLOWS = "tests.graphs.runtime.flows"


def write(request: SampleRequest, seed: int) -> str:
    return f"{request.messages[-1].content[:30]} / {seed % 7}"


@pytest.fixture
def model() -> Scripted:
    return scripted(write)


@pytest.fixture
async def memory() -> AsyncIterator[Store]:
    async with Store.opened("sqlite://") as opened:
        yield opened


async def keys(store: Store, run_id: str) -> list[str]:
    return [call.key for call in await store.calls(run_id)]


async def test_a_graph_runs_and_its_keys_name_the_work(memory: Store, model: Scripted) -> None:
    ended = await run(f"{FLOWS}:fanned", {"question": "why"}, model=model, store=memory)
    assert ended.output["rounds"] == 2
    assert sorted(await keys(memory, ended.run_id)) == [
        "draft/1/draft",
        "fuse/1/fuse",
        "fuse/2/fuse",
        "part.0/1/part",
        "part.1/1/part",
        "part.2/1/part",
    ]
    assert (await memory.run(ended.run_id)).status is Status.DONE
    assert (await replay(ended.run_id, store=memory)).exact
    again = await resume(ended.run_id, store=memory, model=model)
    assert again.output == ended.output
    assert model.calls == 6


async def test_subgraphs_loops_and_tasks_have_keys_of_their_own(memory: Store, model: Scripted) -> None:
    """The contract with LangGraph's metadata, on which the keys rest."""
    ended = await run(f"{FLOWS}:nested", {"parts": ["a"]}, model=model, store=memory)
    assert sorted(await keys(memory, ended.run_id)) == [
        "called/1/fuse/1/fuse",
        "called/1@1/fuse/1/fuse",
        "sub/1/fuse/1/fuse",
        "sub/2/fuse/1/fuse",
    ]
    thought = await run(f"{FLOWS}:functional", 3, model=model, store=memory)
    assert len(thought.output["thoughts"]) == 3
    assert sorted(await keys(memory, thought.run_id)) == [f"think.{i}/1/think" for i in range(3)]


async def test_a_name_used_twice_for_different_requests_is_refused(memory: Store, model: Scripted) -> None:
    with pytest.raises(BadInput, match="`same` for two different calls"):
        await run(f"{FLOWS}:misnamed", {}, model=model, store=memory)
    assert model.calls == 1


async def test_a_question_waits_in_the_store_and_is_answered_from_anywhere(
    memory: Store, model: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTBOX", str(tmp_path / "outbox"))
    ended = await run(f"{FLOWS}:approval", {"question": "rain"}, model=model, store=memory)
    [question] = ended.waiting
    assert question.key == "approve/1/approve"
    waiting = await memory.run(ended.run_id)
    assert waiting.status is Status.WAITING
    assert open_questions(waiting) == (question,)
    with pytest.raises(BadInput, match="boolean"):
        await answer(ended.run_id, "yes", store=memory)
    assert (await resume(ended.run_id, store=memory, model=model)).waiting == (question,)
    assert (await answer(ended.run_id, True, by="Ann", store=memory)).status is Status.PAUSED
    done = await resume(ended.run_id, store=memory, model=model)
    assert done.output["answer"] == "sent"
    assert model.calls == 1
    kept = {one.key: one.payload for one in await memory.decisions(ended.run_id)}
    assert kept["approve/1/approve"]["by"] == "Ann"  # type: ignore[index,call-overload]
    assert (await replay(ended.run_id, store=memory)).exact
    assert (tmp_path / "outbox").read_text().count("\n") == 1


async def test_all_open_questions_are_shown_and_answered_one_by_one(memory: Store, model: Scripted) -> None:
    for flow in ("asking", "asking_below"):
        ended = await run(f"{FLOWS}:{flow}", {}, model=model, store=memory)
        first, second = sorted(ended.waiting, key=lambda one: one.key)
        with pytest.raises(BadInput, match="2 answers"):
            await answer(ended.run_id, 3, store=memory)
        assert (await answer(ended.run_id, 3, key=first.key, store=memory)).status is Status.WAITING
        assert (await answer(ended.run_id, 4, key=second.key, store=memory)).status is Status.PAUSED
        assert (await resume(ended.run_id, store=memory, model=model)).output["answer"] == "7"


async def test_a_question_with_a_timeout_goes_on_with_its_default(memory: Store, model: Scripted) -> None:
    ended = await run(f"{FLOWS}:timed", {}, model=model, store=memory)
    assert ended.waiting[0].deadline is not None
    await asyncio.sleep(0.35)
    assert (await resume(ended.run_id, store=memory, model=model)).output["answer"] == "nobody"


async def test_plain_interrupts_work_without_a_run(memory: Store, model: Scripted) -> None:
    ended = await run(f"{FLOWS}:plain", {}, model=model, store=memory)
    assert ended.waiting[0].question == "say something"
    await answer(ended.run_id, "hello", store=memory)
    assert (await resume(ended.run_id, store=memory, model=model)).output["answer"] == "you said hello"


async def test_a_node_cannot_turn_a_spent_budget_or_a_wait_into_a_result(
    memory: Store, model: Scripted
) -> None:
    with pytest.raises(BudgetSpent):
        await run(f"{FLOWS}:swallowing", {}, model=model, store=memory, budget=Budget(calls=2))
    [left] = await memory.runs()
    assert left.status is Status.PAUSED
    assert str(left.error).startswith("BudgetSpent: The run's budget of calls is spent.")
    ended = await resume(left.id, store=memory, model=model, budget={"calls": 5})
    assert ended.waiting[0].key == "swallow/1/sure"
    assert model.calls == 3
    await answer(left.id, "yes", store=memory)
    assert (await resume(left.id, store=memory, model=model)).output["answer"] == "yes"


async def test_a_sub_run_is_found_again_and_paid_for_by_its_parent(memory: Store, model: Scripted) -> None:
    with pytest.raises(BudgetSpent):
        await run(f"{FLOWS}:calling", {}, model=model, store=memory, budget=Budget(calls=4))
    by_parent = {one.parent: one for one in await memory.runs()}
    whole = by_parent[None]
    ended = await resume(whole.id, store=memory, model=model, budget=Budget(calls=4))
    assert model.calls == ended.usage.calls == 8
    assert len(await memory.runs()) == 2
    child = await memory.run(by_parent[whole.id].id)
    assert child.status is Status.DONE
    assert whole.id not in child.id
    calls = await memory.calls(whole.id) + await memory.calls(child.id)
    assert all(call.attempt == 1 for call in calls if call.state is CallState.DONE)
    assert (await replay(whole.id, store=memory)).exact


async def test_cancelling_a_run_cancels_its_sub_runs(memory: Store, model: Scripted) -> None:
    ended = await run(f"{FLOWS}:asking_below", {}, model=model, store=memory)
    await memory.cancel(ended.run_id)
    assert {one.status for one in await memory.runs()} == {Status.CANCELLED}


async def test_a_fork_asks_anew_from_a_place_only(memory: Store, model: Scripted) -> None:
    ended = await run(f"{FLOWS}:fanned", {"question": "why"}, model=model, store=memory)
    for at, more in ((None, 0), ("fuse/2", 1), ("fuse/1", 2), ("draft/1", 6)):
        before = model.calls
        forked = await fork(ended.run_id, at=at, store=memory)
        again = await resume(forked.id, store=memory, model=model)
        assert again.output == ended.output
        assert model.calls - before == more, at
    with pytest.raises(UnknownName, match="place"):
        await fork(ended.run_id, at="fuse/9", store=memory)


async def test_a_run_id_starts_a_run_once(memory: Store, model: Scripted) -> None:
    for _ in range(2):
        ended = await run(f"{FLOWS}:fanned", {"question": "why"}, model=model, store=memory, run_id="mine")
        assert ended.run_id == "mine"
    assert model.calls == 6
    with pytest.raises(BadInput, match="another workflow, input or seed"):
        await run(f"{FLOWS}:fanned", {"question": "what"}, model=model, store=memory, run_id="mine")


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("fanned", {"qestion": "why"}, "Did you mean `question`"),
        ("fanned", {"rounds": "many"}, "`rounds`"),
        ("fanned", [1], "JSON object"),
        ("functional", "many", "The input"),
        ("nothing", {}, "has no `nothing`"),
    ],
)
async def test_what_cannot_be_run_is_refused_before_anything_is_stored(
    memory: Store, name: str, given: object, said: str
) -> None:
    with pytest.raises(BadInput, match=said):
        await run(f"{FLOWS}:{name}", given, model=scripted(write), store=memory)
    with pytest.raises(BadInput, match="cannot be imported"):
        await run("no_such_module:graph", given, model=scripted(write), store=memory)
    assert await memory.runs() == []
