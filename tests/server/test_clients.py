"""Clients that people use, against a server of its own process on loopback."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from langchain_core.messages import HumanMessage
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from benchmarks import fake_server

MODEL = "branchwise/best_of_n"
ASK: Any = [{"role": "user", "content": "Say something."}]
OURS = {"branchwise": {"knobs": {"n": 2}}}
WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server in front of the fake one, as `branchwise serve` starts it."""
    store = tmp_path_factory.mktemp("clients") / "s.sqlite"
    with fake_server.running(latency=0.05, tokens=16) as upstream:
        command = [sys.executable, "-m", "branchwise", "serve", "--port", "0", "--json"]
        more = ["--store", str(store), "--model", "openai-compatible:fake", "--base-url", upstream]
        with subprocess.Popen([*command, *more], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            yield f"{json.loads(process.stdout.readline())['url']}/v1"
            began = time.monotonic()
            process.terminate()
            assert process.wait(20) == 0
            assert time.monotonic() - began < 10


@pytest.fixture
def client(url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=url, api_key="none", max_retries=0) as found:
        yield found


def test_the_server_says_where_it_is(url: str) -> None:
    with urllib.request.urlopen(f"{url.removesuffix('/v1')}/health") as reply:
        assert reply.status == 200


def test_openai_whole(client: openai.OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(
        model=MODEL, messages=ASK, n=2, extra_body=OURS, seed=1, max_completion_tokens=200
    )
    reply = raw.parse()
    assert len(reply.choices) == 2
    assert reply.choices[0].message.content
    assert reply.choices[0].finish_reason == "stop"
    assert reply.usage is not None
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens
    assert reply.id == f"chatcmpl-{raw.headers['x-branchwise-run']}"
    assert (reply.model_extra or {})["branchwise"]["strategy"] == "best_of_n"


def test_openai_stream(client: openai.OpenAI) -> None:
    chunks = list(
        client.chat.completions.create(
            model=MODEL, messages=ASK, stream=True, stream_options={"include_usage": True}, extra_body=OURS
        )
    )
    said = "".join(one.choices[0].delta.content or "" for one in chunks if one.choices)
    told = [getattr(one.choices[0].delta, "reasoning_content", None) for one in chunks if one.choices]
    assert said
    assert any(told)
    assert len({one.id for one in chunks}) == 1
    assert chunks[-1].usage is not None


def test_openai_stream_helper(client: openai.OpenAI) -> None:
    with client.chat.completions.stream(model=MODEL, messages=ASK, extra_body=OURS) as stream:
        kinds = {event.type for event in stream}
        final = stream.get_final_completion()
    assert "content.delta" in kinds
    assert final.choices[0].message.content


async def test_openai_async(url: str) -> None:
    async with openai.AsyncOpenAI(base_url=url, api_key="none", max_retries=0) as client:
        replies = await asyncio.gather(
            *(client.chat.completions.create(model=MODEL, messages=ASK, extra_body=OURS) for _ in range(4))
        )
    assert all(reply.choices[0].message.content for reply in replies)


def test_openai_structured_output_that_the_model_cannot_write(client: openai.OpenAI) -> None:
    form: Any = {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}}
    with pytest.raises(openai.UnprocessableEntityError, match="breaks a requirement"):
        client.chat.completions.create(model=MODEL, messages=ASK, response_format=form, extra_body=OURS)


def test_openai_errors(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as unknown:
        client.chat.completions.create(model="gpt-9", messages=ASK)
    assert unknown.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(model=MODEL, messages=ASK, n=0)


def test_openai_models(client: openai.OpenAI) -> None:
    names = [one.id for one in client.models.list()]
    assert {MODEL, "branchwise/auto"} <= set(names)
    assert client.models.retrieve(MODEL).owned_by == "branchwise"


def test_openai_responses(client: openai.OpenAI) -> None:
    reply = client.responses.create(model=MODEL, input="Say something.", extra_body=OURS)
    assert reply.output_text
    with client.responses.stream(model=MODEL, input="Say something.", extra_body=OURS) as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_response()
    assert kinds[0] == "response.created"
    assert final.output_text
    queued = client.responses.create(model=MODEL, input="Later.", background=True, extra_body=OURS)
    while (queued := client.responses.retrieve(queued.id)).status in {"queued", "in_progress"}:
        pass
    assert queued.output_text


def test_openai_idempotency(client: openai.OpenAI) -> None:
    asked: dict[str, Any] = {"model": MODEL, "messages": ASK, "extra_body": OURS}
    key = {"Idempotency-Key": "mine"}
    first, second = (client.chat.completions.create(**asked, extra_headers=key) for _ in range(2))
    assert first.id == second.id


def test_langchain(url: str) -> None:
    model = ChatOpenAI(
        base_url=url,
        api_key=SecretStr("none"),
        model=MODEL,
        extra_body=OURS,
        max_retries=0,
        stream_usage=True,
    )
    said = model.invoke([HumanMessage("Say something.")])
    assert said.content
    assert said.usage_metadata is not None
    parts = list(model.stream("Say something."))
    assert "".join(str(part.content) for part in parts)
    assert model.bind_tools([WEATHER]).invoke("The weather in Rome?").content


def test_litellm(url: str) -> None:
    code = f"""
import litellm
asked = dict(model="openai/{MODEL}", api_base="{url}", api_key="none", messages={ASK!r}, extra_body={OURS!r})
reply = litellm.completion(**asked)
assert reply.choices[0].message.content and reply.usage.total_tokens > 0
parts = list(litellm.completion(**asked, stream=True))
assert "".join(part.choices[0].delta.content or "" for part in parts)
assert any(getattr(part.choices[0].delta, "reasoning_content", None) for part in parts)
"""
    environment = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_inspect(url: str, tmp_path: Path) -> None:
    inspect_log = pytest.importorskip("inspect_ai.log")
    toy = Path(__file__).parents[1] / "integrations/inspect_ai/toy.py"
    command = [sys.executable, "-m", "inspect_ai", "eval", f"{toy}@toy", "--display", "none"]
    more = ["--model", "openai-api/branchwise/best_of_n", "--log-dir", str(tmp_path)]
    environment = {**os.environ, "BRANCHWISE_BASE_URL": url, "BRANCHWISE_API_KEY": "none"}
    done = subprocess.run(
        [*command, *more], env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
    log = inspect_log.read_eval_log(inspect_log.list_eval_logs(str(tmp_path))[0])
    assert log.status == "success"
    assert all(sample.output.completion for sample in log.samples)
    assert all(sample.output.usage.reasoning_tokens > 0 for sample in log.samples)


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl")
def test_curl(url: str) -> None:
    body = json.dumps({"model": MODEL, "messages": ASK, "stream": True})
    command = ["curl", "-sN", f"{url}/chat/completions", "-H", "Content-Type: application/json", "-d", body]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    assert said.rstrip().endswith("data: [DONE]")
    assert "chat.completion.chunk" in said
