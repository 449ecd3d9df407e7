"""Streams: the first byte at once, progress, keep-alives, one id, and the end."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest

from branchwise.models.protocol import Reply, Sample, SampleRequest, ToolCall
from branchwise.models.scripted import Scripted, scripted
from branchwise.server.live_runs import LiveRun
from tests.server.running import HELLO, ONE, data, nice, serving, text_of


async def test_a_stream_tells_of_the_search_and_then_gives_the_answer(tmp_path: Path) -> None:
    async with serving(tmp_path / "s.sqlite") as client:
        lines = await client.stream(stream_options={"include_usage": True}, **ONE)
        run_id = data(lines[0])["id"].removeprefix("chatcmpl-")
        bill = await client.serving.store.usage(run_id)
    assert lines[-1] == "data: [DONE]"
    chunks = [data(line) for line in lines[:-1]]
    assert len({(one["id"], one["created"], one["model"], one["object"]) for one in chunks}) == 1
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    told = [one["choices"][0]["delta"].get("reasoning_content") for one in chunks if one["choices"]]
    assert any(line and "4 samples, best 0.95" in line for line in told)
    assert text_of(lines) == "Something nice, number 2."
    assert [one["choices"][0]["finish_reason"] for one in chunks if one["choices"]][-1] == "stop"
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"]["completion_tokens"] == bill.completion_tokens
    assert all(one["usage"] is None for one in chunks[:-1])


def test_a_long_search_tells_of_its_newest_rounds() -> None:
    live = LiveRun("r")
    for number in range(300):
        live.tell(f"round {number}")
    told, lines = live.news(0)
    assert (told, len(lines), lines[-1]) == (300, 200, "round 299")
    live.tell("round 300")
    assert live.news(told) == (301, ["round 300"])
    assert live.news(301) == (301, [])


async def test_progress_can_be_switched_off_and_usage_is_sent_on_request_only(tmp_path: Path) -> None:
    async with serving(tmp_path / "s.sqlite") as client:
        lines = await client.stream(branchwise={"progress": False})
    assert "reasoning_content" not in "".join(lines)
    assert "usage" not in data(lines[0])


class Gated(Scripted):
    """A model that answers when it is told to."""

    def __init__(self) -> None:
        super().__init__(nice, "gated", 0.0, None)
        self.gate = asyncio.Event()

    async def sample(self, request: SampleRequest) -> Reply:
        await self.gate.wait()
        return await super().sample(request)


async def test_the_first_byte_comes_before_the_model_answers_and_silence_is_broken(tmp_path: Path) -> None:
    model = Gated()
    async with serving(tmp_path / "s.sqlite", model, keep_alive=0.05) as client:
        body = {"model": "branchwise/best_of_n", "messages": HELLO, "stream": True, **ONE}
        async with client.session.post(f"{client.url}/v1/chat/completions", json=body) as reply:
            first = await reply.content.readline()
            comments = 0
            while comments < 3:  # for ever, if nothing is said while the model is silent
                comments += await reply.content.readline() == b": keep-alive\n"
            model.gate.set()
            rest = (await reply.read()).decode()
    assert b'"role":"assistant"' in first
    assert reply.headers["content-type"].startswith("text/event-stream")
    assert (reply.headers["cache-control"], reply.headers["x-accel-buffering"]) == ("no-cache", "no")
    assert rest.rstrip().endswith("data: [DONE]")


async def test_several_answers_have_their_own_index(tmp_path: Path) -> None:
    async with serving(tmp_path / "s.sqlite") as client:
        lines = await client.stream(n=2, **ONE)
    chunks = [data(line) for line in lines[:-1]]
    ends = [
        (one["choices"][0]["index"], one["choices"][0]["finish_reason"])
        for one in chunks
        if one["choices"][0]["finish_reason"]
    ]
    assert ends == [(0, "stop"), (1, "stop")]
    roles = [one["choices"][0]["index"] for one in chunks if "role" in one["choices"][0]["delta"]]
    assert roles == [0, 1]


async def test_tool_calls_are_streamed_with_an_index(tmp_path: Path) -> None:
    def calls(request: SampleRequest, seed: int) -> Sample | str:
        if not request.tools:
            return "Fine.\nScore: 50"
        made = tuple(ToolCall(id=f"c{i}", name="a", arguments=f'{{"i": {i}}}') for i in range(2))
        return Sample(text="", tokens=9, finish="tool_calls", tool_calls=made)

    tools = [{"type": "function", "function": {"name": "a"}}]
    async with serving(tmp_path / "s.sqlite", scripted(calls)) as client:
        lines = await client.stream(tools=tools, **ONE)
    deltas = [data(line)["choices"][0]["delta"] for line in lines[:-1]]
    sent = [part for delta in deltas for part in delta.get("tool_calls", ())]
    assert [(part["index"], part["function"]["arguments"]) for part in sent] == [
        (0, '{"i": 0}'),
        (1, '{"i": 1}'),
    ]
    assert data(lines[-2])["choices"][0]["finish_reason"] == "tool_calls"


async def test_an_error_after_the_first_byte_ends_the_stream_without_done(tmp_path: Path) -> None:
    async with serving(tmp_path / "s.sqlite") as client:
        lines = await client.stream(branchwise={"budget": {"tokens": 3}})
    assert data(lines[-1])["error"]["code"] == "no_answer"
    assert "data: [DONE]" not in lines


LONG = float(os.environ.get("BRANCHWISE_LONG", "0"))


@pytest.mark.skipif(not LONG, reason="takes minutes; `python -m tests.server` runs it")
async def test_a_request_that_takes_minutes_hears_something_every_ten_seconds(tmp_path: Path) -> None:
    model = scripted(nice, latency=LONG / 2)
    gaps, last = [], time.monotonic()
    async with serving(tmp_path / "s.sqlite", model) as client:
        body = {"model": "branchwise/best_of_n", "messages": HELLO, "stream": True, **ONE}
        async with client.session.post(f"{client.url}/v1/chat/completions", json=body) as reply:
            async for _ in reply.content:
                gaps.append(time.monotonic() - last)
                last = time.monotonic()
    assert max(gaps) < 11
    assert sum(gaps) > LONG


async def test_a_kept_connection_does_not_wait_for_acknowledgements(tmp_path: Path) -> None:
    async with serving(tmp_path / "s.sqlite") as client:
        took = []
        for _ in range(21):
            began = time.perf_counter()
            async with client.session.get(f"{client.url}/health") as reply:
                await reply.read()
            took.append(time.perf_counter() - began)
    assert sorted(took)[10] < 0.03  # a body that is held back takes 40 ms
