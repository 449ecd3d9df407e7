"""Runs as streams of events, synchronous twins, and what a notebook shows."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

import pytest

import branchwise
from branchwise.graphs.runtime.result import RunResult
from branchwise.graphs.runtime.stream import stream, stream_resumed
from branchwise.graphs.search.result import Result
from branchwise.graphs.search.state import SearchEvent
from branchwise.models.protocol import SampleRequest
from branchwise.models.scripted import Scripted, scripted
from branchwise.store.errors import BadInput
from branchwise.store.records import Node, Usage
from branchwise.store.rows import CallState, Status
from branchwise.store.store import Store
from branchwise.store.tree import Tree

FLOW = "tests.graphs.runtime.flows:fanned"
SEARCH = {"problem": "What is 6 * 7?", "options": {"strategy": "best_of_n", "knobs": {"n": 3}}}
HOSTILE = "<script>alert(1)</script>"


def write(request: SampleRequest, seed: int) -> str:
    if '"Score: "' in request.messages[-1].content:
        return f"Fair.\nScore: {10 + seed % 50}"
    return f"Answer: {seed}"


async def test_a_stream_gives_each_node_as_it_ends_and_the_output_last() -> None:
    async with Store.opened("sqlite://") as store:
        events = [
            event async for event in stream(FLOW, {"question": "why"}, model=scripted(write), store=store)
        ]
        run_id = events[0].text
        assert [event.kind for event in events] == ["opened", *["node"] * 6, "ended"]
        assert [event.text for event in events[1:-1]] == ["draft", "part", "part", "part", "fuse", "fuse"]
        assert events[-1].data["rounds"] == 2
        assert events[-1].tokens > 0
        assert (await store.run(run_id)).status is Status.DONE


async def test_a_stream_that_is_left_stops_the_run_which_is_resumed_by_another() -> None:
    async with Store.opened("sqlite://") as store:
        model = scripted(write, latency=0.02)
        events = stream(FLOW, {"question": "why"}, model=model, store=store)
        run_id = (await anext(events)).text
        assert (await anext(events)).text == "draft"
        await events.aclose()
        assert (await store.run(run_id)).status is Status.PAUSED
        answered = {call.key for call in await store.calls(run_id) if call.state is CallState.DONE}
        rest = [event async for event in stream_resumed(run_id, model=model, store=store)]
        assert rest[-1].kind == "ended"
        calls = await store.calls(run_id)
    attempts = Counter(call.key for call in calls)
    assert answered
    # What was in flight may be asked again; what was answered is not.
    assert {attempts[key] for key in answered} == {1}
    assert len([call for call in calls if call.state is CallState.DONE]) == len(attempts) == 6


async def test_a_watcher_that_would_never_be_awaited_is_refused() -> None:
    async def watch(event: object) -> None: ...

    model = scripted(write)
    with pytest.raises(BadInput, match=r"branchwise\.stream"):
        await branchwise.run(FLOW, {"question": "why"}, model=model, store="sqlite://", watch=watch)  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="coroutine function"):
        await branchwise.work(store="sqlite://", model=model, until_empty=True, watch=watch)  # type: ignore[arg-type]
    assert not model.calls


async def test_a_stream_raises_what_the_run_raises() -> None:
    events = stream(FLOW, {"nobody": "knows"}, model=scripted(write), store="sqlite://")
    with pytest.raises(BadInput, match="question"):
        await anext(events)


async def test_a_streamed_search_tells_the_text_and_the_score_of_every_node() -> None:
    async with Store.opened("sqlite://") as store:
        told: dict[str, list[SearchEvent]] = {}
        async for event in stream("solve", SEARCH, model=scripted(write), store=store):
            told.setdefault(event.kind, []).append(event)
        tree = await store.nodes(told["opened"][0].text)
    sampled = [node for event in told["sampled"] for node in event.data]
    judged = [node for event in told["judged"] for node in event.data]
    assert [(node.id, node.text, node.score) for node in sampled] == [
        (node.id, node.text, None) for node in tree if node.parent is not None
    ]
    assert judged == [node for node in tree if node.parent is not None]
    assert all(node.score is not None for node in judged)


def _solved(model: Scripted) -> object:
    return branchwise.solve_sync("What?", strategy="best_of_n", model=model, store="sqlite://").answer


def _ran(model: Scripted) -> object:
    return branchwise.run_sync(FLOW, {"question": "why"}, model=model, store="sqlite://").output["rounds"]


@pytest.mark.parametrize(("twin", "expected"), [(_ran, 2), (_solved, None)], ids=["run", "solve"])
async def test_a_synchronous_twin_works_with_and_without_a_running_event_loop(
    twin: Callable[[Scripted], object], expected: object
) -> None:
    asyncio.get_running_loop()
    inside = twin(scripted(write))
    outside = await asyncio.to_thread(twin, scripted(write))  # no event loop runs in that thread
    assert inside == outside
    assert inside is not None
    assert expected in {None, inside}


async def test_a_synchronous_twin_raises_what_the_function_raises() -> None:
    with pytest.raises(BadInput):
        branchwise.run_sync(FLOW, {"nobody": "knows"}, model=scripted(write), store="sqlite://")


def test_what_a_notebook_shows_is_escaped_and_bounded() -> None:
    result = RunResult(run_id="r", output={"text": HOSTILE}, usage=Usage(), seconds=1.0)
    nodes = [
        Node(id="0.0", parent="0", depth=1, text=HOSTILE * 100, score=0.5),
        Node(id="0.1", parent="0", depth=1, text="right", score=1.0, accepted=True),
        Node(id="0.2", parent="0", depth=1, text="", failed=HOSTILE),
        *(Node(id=f"0.1.{i}", parent="0.1", depth=2, text=str(i)) for i in range(1000)),
    ]
    found = Result(
        run_id="r",
        solved=True,
        reason="accepted",
        answer=HOSTILE,
        text=HOSTILE * 10_000,
        score=1.0,
        node="0.1",
        nodes=2,
        rounds=1,
        usage=Usage(),
        seconds=1.0,
    )
    shown = [result._repr_html_(), Tree(nodes)._repr_html_(), found._repr_html_()]
    assert all("<script" not in page and "&lt;script" in page for page in shown)
    assert "solved (accepted)" in shown[2]
    assert len(shown[2]) < 100_000
    assert "<td>0.50</td>" in shown[1]
    assert "accepted" in shown[1]
    assert "503 more nodes" in shown[1]
    assert len(shown[1]) < 100_000
    assert Tree()._repr_html_().count("<tr>") == 1
