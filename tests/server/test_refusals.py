"""Bad input: an error object, before a token is spent."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from branchwise.models.protocol import Capabilities
from branchwise.models.scripted import scripted
from branchwise.server.refusals import refusal_of
from branchwise.store.errors import LeaseLost, ModelError, StoreError
from tests.server.running import HELLO, nice, serving

BAD: list[tuple[str, Any, int]] = [
    ("broken JSON", b'{"messages": [', 400),
    ("no object", b"[]", 400),
    ("nothing", b"", 400),
    ("not UTF-8", b'{"messages": "\xff"}', 400),
    ("deep nesting", b'{"messages": ' + b"[" * 100_000, 400),
    ("no messages", {"messages": []}, 400),
    ("messages of a wrong type", {"messages": "hello"}, 400),
    ("a message without content", {"messages": [{"role": "user"}]}, 400),
    ("an unknown role", {"messages": [{"role": "king", "content": "x"}]}, 400),
    ("an empty question", {"messages": [{"role": "user", "content": " "}]}, 400),
    ("a lone surrogate", b'{"messages": [{"role": "user", "content": "\\ud800"}]}', 400),
    ("a 10 MB prompt", {"messages": [{"role": "user", "content": "x" * 10_000_000}]}, 400),
    ("a 30 MB body", {"messages": [{"role": "user", "content": "x" * 30_000_000}]}, 413),
    (
        "an answer of nobody's call",
        {"messages": [{"role": "tool", "content": "x", "tool_call_id": "a"}]},
        400,
    ),
    ("an unknown model", {"messages": HELLO, "model": "gpt-9"}, 404),
    ("an unknown task in the name", {"messages": HELLO, "model": "best_of_n@cooking"}, 404),
    ("code as a model", {"messages": HELLO, "model": "os:system"}, 404),
    ("code as a strategy", {"messages": HELLO, "branchwise": {"strategy": "os:system"}}, 400),
    ("code as a task", {"messages": HELLO, "branchwise": {"task": "os:system"}}, 400),
    ("code as a verifier", {"messages": HELLO, "branchwise": {"verifier": "os:system"}}, 400),
    ("an unknown strategy", {"messages": HELLO, "branchwise": {"strategy": "best"}}, 400),
    ("an unknown knob", {"messages": HELLO, "branchwise": {"strategy": "best_of_n", "knobs": {"m": 1}}}, 400),
    ("a URL of an upstream", {"messages": HELLO, "branchwise": {"base_url": "http://evil"}}, 400),
    ("an unknown limit", {"messages": HELLO, "branchwise": {"budget": {"token": 1}}}, 400),
    ("a budget of nothing", {"messages": HELLO, "branchwise": {"budget": {"tokens": 0}}}, 400),
    ("n = 0", {"messages": HELLO, "n": 0}, 400),
    ("n as a text", {"messages": HELLO, "n": "2"}, 400),
    ("n = 10,000", {"messages": HELLO, "n": 10_000}, 400),
    ("a temperature of 9", {"messages": HELLO, "temperature": 9}, 400),
    ("a seed of 100 bits", {"messages": HELLO, "seed": 2**100}, 400),
    ("max_tokens = 0", {"messages": HELLO, "max_tokens": 0}, 400),
    ("NaN", b'{"messages": [{"role": "user", "content": "x"}], "temperature": NaN}', 400),
    ("an empty stop", {"messages": HELLO, "stop": ""}, 400),
    ("a tool without a name", {"messages": HELLO, "tools": [{"type": "function", "function": {}}]}, 400),
    ("a tool that is no object", {"messages": HELLO, "tools": ["weather"]}, 400),
    (
        "a choice of an unknown tool",
        {
            "messages": HELLO,
            "tools": [{"type": "function", "function": {"name": "a"}}],
            "tool_choice": {"type": "function", "function": {"name": "b"}},
        },
        400,
    ),
    (
        "two tools of one name",
        {"messages": HELLO, "tools": [{"type": "function", "function": {"name": "a"}}] * 2},
        400,
    ),
    ("a format without a schema", {"messages": HELLO, "response_format": {"type": "json_schema"}}, 400),
    (
        "a schema that is none",
        {
            "messages": HELLO,
            "response_format": {"type": "json_schema", "json_schema": {"schema": {"type": "king"}}},
        },
        400,
    ),
    (
        "a schema that fetches",
        {
            "messages": HELLO,
            "response_format": {
                "type": "json_schema",
                "json_schema": {"schema": {"$ref": "http://127.0.0.1/x"}},
            },
        },
        400,
    ),
    (
        "a format that calls code",
        {"messages": HELLO, "response_format": {"type": "call", "call": "os:x"}},
        400,
    ),
    ("audio", {"messages": HELLO, "modalities": ["text", "audio"]}, 400),
    ("seventeen metadata", {"messages": HELLO, "metadata": {str(i): "x" for i in range(17)}}, 400),
]


@pytest.mark.parametrize(("what", "body", "status"), BAD, ids=[one[0] for one in BAD])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_bad_input_is_refused_before_a_token_is_spent(
    tmp_path: Path, what: str, body: Any, status: int, stream: bool
) -> None:
    model = scripted(nice)
    asked = {**body, "stream": stream} if isinstance(body, dict) else body
    async with serving(tmp_path / "s.sqlite", model) as client:
        reply = await client.post("/v1/chat/completions", asked)
        assert await client.serving.store.runs() == []
    assert reply.status == status, reply.body
    assert set(reply.body["error"]) == {"message", "type", "param", "code"}
    assert reply.body["error"]["message"]
    assert len(reply.body["error"]["message"]) < 2_100
    assert reply.headers["x-should-retry"] == "false"
    assert model.calls == 0


@pytest.mark.parametrize(
    "tokens", ["000000000001" + "9" * 20, "9" * 5_000, "2147483648", "0", "-1", "1.5", "x"]
)
async def test_a_budget_in_a_header_is_a_number_that_can_be_used(tmp_path: Path, tokens: str) -> None:
    model = scripted(nice)
    async with serving(tmp_path / "s.sqlite", model) as client:
        reply = await client.chat({"X-Branchwise-Budget-Tokens": tokens})
        assert await client.serving.store.runs() == []
    assert (reply.status, model.calls) == (400, 0)
    assert "X-Branchwise-Budget-Tokens" in reply.body["error"]["message"]


async def test_a_tool_needs_an_engine_that_has_tools(tmp_path: Path) -> None:
    model = scripted(nice, capabilities=Capabilities())
    tools = [{"type": "function", "function": {"name": "a"}}]
    async with serving(tmp_path / "s.sqlite", model) as client:
        reply = await client.chat(tools=tools)
    assert (reply.status, model.calls) == (400, 0)
    assert "tools" in reply.body["error"]["message"]


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"host": "evil.example"},
        {"content-type": "text/plain"},
    ],
)
async def test_pages_of_other_sites_cannot_spend_tokens(tmp_path: Path, headers: dict[str, str]) -> None:
    model = scripted(nice)
    async with serving(tmp_path / "s.sqlite", model) as client:
        reply = await client.chat(headers)
    assert reply.status in {403, 415}
    assert model.calls == 0


async def test_an_allowed_page_may(tmp_path: Path) -> None:
    async with serving(tmp_path / "s.sqlite", origins=("https://mine.example",)) as client:
        for origin, status in (("https://mine.example", 200), ("https://evil.example", 400)):
            # What a browser asks before OpenAI's own client for JavaScript may send its request.
            sent = "authorization,content-type,x-stainless-lang,x-stainless-retry-count,idempotency-key"
            asked = {"origin": origin, "access-control-request-method": "POST"}
            preflight = {**asked, "access-control-request-headers": sent}
            url = f"{client.url}/v1/chat/completions"
            async with client.session.options(url, headers=preflight) as allowed:
                assert allowed.status == status
                named = allowed.headers.get("access-control-allow-origin")
                assert named == (origin if status == 200 else None)
                assert status != 200 or "x-stainless-lang" in allowed.headers["access-control-allow-headers"]
        reply = await client.chat({"origin": "https://mine.example"})
    assert reply.status == 200


async def test_a_full_server_says_when_to_come_back(tmp_path: Path) -> None:
    model = scripted(nice, latency=0.5)
    async with serving(tmp_path / "s.sqlite", model, max_runs=1, max_queued=1) as client:
        first = [asyncio.create_task(client.chat()) for _ in range(2)]
        await asyncio.sleep(0.2)
        third = await client.chat()
        assert [reply.status for reply in await asyncio.gather(*first)] == [200, 200]
    assert (third.status, third.body["error"]["code"]) == (429, "rate_limit_exceeded")
    assert third.headers["x-should-retry"] == "true"
    assert int(third.headers["retry-after-ms"]) >= 100


async def test_a_model_that_fails_is_an_upstream_error(tmp_path: Path) -> None:
    defaults = {"model": "openai-compatible:fake", "base_url": "http://127.0.0.1:9/v1"}
    async with serving(tmp_path / "s.sqlite", defaults=defaults) as client:
        reply = await client.chat()
    assert (reply.status, reply.body["error"]["code"]) == (502, "upstream_error")


@pytest.mark.parametrize(
    ("error", "status", "retry"),
    [
        (ModelError("away"), 502, True),
        (StoreError("away"), 503, True),
        (LeaseLost("cancelled"), 409, False),
        (RuntimeError("secret detail"), 500, False),
        (ExceptionGroup("several", [ModelError("away")]), 502, True),
    ],
)
def test_errors_have_a_status_and_say_whether_to_retry(error: Exception, status: int, retry: bool) -> None:
    found = refusal_of(error)
    assert (found.status, found.retry) == (status, retry)
    assert "secret" not in found.message
