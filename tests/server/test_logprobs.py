"""`logprobs` in chat completions: the tokens of the answers that are given."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openai
import pytest

from benchmarks import fake_server
from branchwise.models.capabilities import EVERYTHING
from branchwise.models.protocol import Capabilities, Sample, SampleRequest, ToolCall
from branchwise.models.scripted import scripted
from tests.server.running import HELLO, ONE, data, nice, serving


def joined(choice: dict[str, Any]) -> str:
    return "".join(one["token"] for one in choice["logprobs"]["content"])


async def test_each_answer_comes_with_its_tokens(tmp_path: Path) -> None:
    async with serving(tmp_path / "s.sqlite") as client:
        with_top = await client.chat(logprobs=True, top_logprobs=1, n=2, **ONE)
        plain = await client.chat(logprobs=True, **ONE)
        without = await client.chat(**ONE)
    best, second = with_top.body["choices"]
    for choice in (best, second, *plain.body["choices"]):
        assert joined(choice) == choice["message"]["content"]
    first = best["logprobs"]["content"][0]
    alike = {"token": "Something", "logprob": -1.0, "bytes": list(b"Something")}
    assert first == {**alike, "top_logprobs": [alike]}
    assert plain.body["choices"][0]["logprobs"]["content"][0]["top_logprobs"] == []
    assert without.body["choices"][0]["logprobs"] is None
    assert with_top.body["branchwise"]["warnings"] == []


async def test_a_stream_and_a_replay_have_the_same_tokens(tmp_path: Path) -> None:
    key = {"Idempotency-Key": "once"}
    async with serving(tmp_path / "s.sqlite") as client:
        lines = await client.stream(key, logprobs=True, **ONE)
        replay = await client.chat(key, logprobs=True, **ONE)
    chunks = [data(line)["choices"] for line in lines if line.startswith("data: {")]
    streamed = [one["logprobs"]["content"] for [one] in chunks if one["logprobs"]]
    assert replay.headers["x-branchwise-replayed"] == "true"
    assert streamed == [replay.body["choices"][0]["logprobs"]["content"]]


async def test_a_revision_has_its_own_tokens_only(tmp_path: Path) -> None:
    def better(request: SampleRequest, seed: int) -> str:
        if "Fine." in request.messages[-1].content:  # the feedback on the first answer
            return "Something nice, number 2."
        return nice(request, seed)

    asked = {"strategy": "sequential_revision", "knobs": {"n": 3}}
    async with serving(tmp_path / "s.sqlite", scripted(better)) as client:
        reply = await client.chat(logprobs=True, branchwise=asked)
        run = reply.body["branchwise"]["run_id"]
        tree = await client.serving.store.nodes(run)
    [choice] = reply.body["choices"]
    assert max(node.depth for node in tree) > 1
    assert joined(choice) == choice["message"]["content"]


async def test_the_openai_client_reads_what_a_server_gave(tmp_path: Path) -> None:
    with fake_server.running(latency=0.0, tokens=8) as upstream:
        defaults = {"model": "openai-compatible:fake", "base_url": upstream}
        async with serving(tmp_path / "s.sqlite", defaults=defaults) as client:
            asking = openai.AsyncOpenAI(base_url=f"{client.url}/v1", api_key="none")
            said: Any = {"messages": HELLO, "extra_body": ONE}
            reply = await asking.chat.completions.create(model="best_of_n", logprobs=True, **said)
            await asking.close()
    found = reply.choices[0].logprobs
    assert found is not None
    assert found.content is not None
    assert [(one.token, one.logprob) for one in found.content] == [("word", -0.5)] * 8


async def test_an_engine_without_log_probabilities_gives_null_and_says_so(tmp_path: Path) -> None:
    able = {name: getattr(EVERYTHING, name) for name in Capabilities.__dataclass_fields__}
    model = scripted(nice, capabilities=Capabilities(**{**able, "logprobs": False}))
    async with serving(tmp_path / "s.sqlite", model) as client:
        reply = await client.chat(logprobs=True, **ONE)
    assert reply.body["choices"][0]["logprobs"] is None
    assert any("`logprobs`" in one for one in reply.body["branchwise"]["warnings"])


async def test_tool_calls_have_no_tokens(tmp_path: Path) -> None:
    call = ToolCall(id="c", name="weather", arguments=json.dumps({"city": "Ulm"}))
    model = scripted([Sample(text="", tokens=3, tool_calls=(call,), finish="tool_calls")])
    weather = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
    async with serving(tmp_path / "s.sqlite", model) as client:
        reply = await client.chat(logprobs=True, tools=[weather], **ONE)
    [choice] = reply.body["choices"]
    assert (choice["finish_reason"], choice["logprobs"]) == ("tool_calls", None)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"top_logprobs": 2}, 400),
        ({"logprobs": False, "top_logprobs": 2}, 400),
        ({"logprobs": True, "top_logprobs": 21}, 400),
        ({"logprobs": 1}, 400),
        ({"logprobs": False}, 200),
    ],
)
async def test_what_cannot_be_asked_costs_no_token(
    tmp_path: Path, fields: dict[str, Any], status: int
) -> None:
    model = scripted(nice)
    async with serving(tmp_path / "s.sqlite", model) as client:
        reply = await client.chat(**fields, **ONE)
    assert reply.status == status
    assert status == 200 or model.calls == 0
