import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from branchwise import models
from branchwise.models.protocol import Message, Model, OutputFormat, SampleRequest, Tool, ToolCall
from branchwise.store.errors import ModelError, Unsupported
from tests.models.conftest import Loopback, completion, says

ASK = (Message(role="user", content="hello"),)
KEY = "sk-very-secret-0123456789"


@pytest.fixture
async def model(loopback: Loopback, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Model]:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    made = models.load("litellm:openai/gpt-4o-mini", base_url=loopback.url, retries=0)
    yield made
    await made.aclose()


async def test_n_samples_come_with_their_price(loopback: Loopback, model: Model) -> None:
    request = SampleRequest(
        messages=ASK, n=3, seed=7, logprobs=True, output_format=OutputFormat(max_tokens=9, stop=("\n",))
    )
    reply = await model.sample(request)
    assert [sample.text for sample in reply.samples] == ["sample 7", "sample 8", "sample 9"]
    assert [(sample.tokens, sample.logprob) for sample in reply.samples] == [(3, -1.5)] * 3
    usage = reply.usage
    assert (usage.calls, usage.prompt_tokens, usage.cached_tokens, usage.completion_tokens) == (1, 10, 4, 9)
    assert 0 < usage.cost < 0.001
    (body,) = loopback.bodies
    assert (body["model"], body["n"], body["stop"], body["max_tokens"]) == ("gpt-4o-mini", 3, ["\n"], 9)
    assert "top_p" not in body
    assert loopback.keys == [f"Bearer {KEY}"]


async def test_a_server_that_ignores_n_and_counts_nothing_is_met_like_any_other(
    loopback: Loopback, model: Model
) -> None:
    def single(body: dict[str, Any]) -> web.Response:
        return web.json_response({**completion(body, 1), "usage": None})

    loopback.next = [single] * 9
    for _ in range(2):
        reply = await model.sample(SampleRequest(messages=ASK, n=3, seed=5))
        assert [sample.text for sample in reply.samples] == ["sample 5", "sample 6", "sample 7"]
        assert reply.usage.estimated
        assert reply.usage.prompt_tokens > 0
        assert reply.usage.completion_tokens >= 6
    assert len(loopback.bodies) == 6
    assert not model.capabilities.many


async def test_a_model_that_refuses_a_temperature_is_asked_without(
    loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    model = models.load("litellm:openai/gpt-5", base_url=loopback.url, retries=0)
    assert (await model.sample(SampleRequest(messages=ASK, temperature=0.0))).samples[0].text == "sample 0"
    await model.aclose()


async def test_tool_calls_pass_through(loopback: Loopback, model: Model) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}}
    body = completion({}, 1)
    body["choices"][0] |= {
        "message": {"role": "assistant", "content": None, "tool_calls": [call]},
        "finish_reason": "tool_calls",
    }
    loopback.next = [says(200, body)]
    before = (
        Message(role="user", content="add"),
        Message(role="assistant", content="", tool_calls=(ToolCall(id="c0", name="add", arguments="{}"),)),
        Message(role="tool", content="0", tool_call_id="c0"),
    )
    [sample] = (await model.sample(SampleRequest(messages=before, tools=(Tool(name="add"),)))).samples
    assert (sample.finish, sample.tool_calls) == (
        "tool_calls",
        (ToolCall(id="c1", name="add", arguments='{"a": 1}'),),
    )
    sent = loopback.bodies[0]
    assert sent["tools"][0]["function"]["name"] == "add"
    assert sent["messages"][1]["tool_calls"][0]["id"] == sent["messages"][2]["tool_call_id"] == "c0"


async def test_an_unknown_price_is_said_to_be_unknown(
    loopback: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    model = models.load("litellm:openai/home-made", base_url=loopback.url)
    usage = (await model.sample(SampleRequest(messages=ASK))).usage
    assert (usage.cost, usage.unpriced) == (0, 1)
    await model.aclose()
    with pytest.raises(ModelError, match="closed"):
        await model.sample(SampleRequest(messages=ASK))


async def test_errors_are_ours_and_hold_no_key(loopback: Loopback, model: Model) -> None:
    loopback.next = [says(401, {"error": {"message": f"Incorrect API key provided: {KEY}"}})]
    with pytest.raises(ModelError, match="`openai/gpt-4o-mini` failed: AuthenticationError") as refused:
        await model.sample(SampleRequest(messages=ASK))
    assert KEY not in str(refused.value)
    assert "sample 0" in (await model.sample(SampleRequest(messages=ASK))).samples[0].text


async def test_a_schema_is_sent_and_what_lacks_is_not(loopback: Loopback, model: Model) -> None:
    await model.sample(SampleRequest(messages=ASK, output_format=OutputFormat(schema={"type": "object"})))
    assert loopback.bodies[0]["response_format"]["json_schema"]["schema"] == {"type": "object"}
    for request in (
        SampleRequest(messages=ASK, prefix="x"),
        SampleRequest(messages=ASK, output_format=OutputFormat(regex="a")),
    ):
        with pytest.raises(Unsupported):
            await model.sample(request)
    assert len(loopback.bodies) == 1


async def test_capabilities_are_the_providers() -> None:
    claude = models.load("litellm:anthropic/claude-sonnet-4-5")
    assert not claude.capabilities.many
    assert not claude.capabilities.logprobs
    await claude.aclose()


def test_an_unknown_provider_is_named() -> None:
    with pytest.raises(ModelError, match="knows no provider for `nonsense`"):
        models.load("litellm:nonsense")


_CALL = """
import asyncio, sys
from branchwise import models
from branchwise.models.protocol import Message, SampleRequest

async def main():
    model = models.load("litellm:openai/gpt-4o-mini", base_url=sys.argv[1], retries=0)
    print((await model.sample(SampleRequest(messages=(Message(role="user", content="hi"),)))).samples[0].text)
    await model.aclose()

asyncio.run(main())
"""


@pytest.mark.parametrize("filters", ["default", "error"])
async def test_litellms_own_warnings_neither_end_a_call_nor_are_printed(
    loopback: Loopback, filters: str
) -> None:
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", filters, "-c", _CALL, loopback.url),
        env={**os.environ, "OPENAI_API_KEY": KEY},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    said, complaint = await child.communicate()
    assert (said.decode().strip(), complaint.decode()) == ("sample 0", "")


def test_opening_one_asks_no_network() -> None:
    program = (
        "import socket\n"
        "def no(*_, **__): raise SystemExit('asked the network')\n"
        "socket.getaddrinfo = socket.socket.connect = no\n"
        "from branchwise import models; print(models.load('litellm:openai/gpt-4o-mini').name)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "litellm:openai/gpt-4o-mini"
