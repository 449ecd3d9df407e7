"""POST /v1/chat/completions: whole replies over real HTTP."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import fake_server
from branchwise.models.protocol import Sample, SampleRequest, ToolCall
from branchwise.models.scripted import scripted
from branchwise.store.rows import Status
from tests.server.running import HELLO, ONE, is_judging, nice, serving

WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}


async def test_the_best_answer_and_the_bill(tmp_path: Path) -> None:
    async with serving(tmp_path / "s.sqlite") as client:
        reply = await client.chat(**ONE)
        run_id = reply.body["branchwise"]["run_id"]
        bill = await client.serving.store.usage(run_id)
        run = await client.serving.store.run(run_id)
    choice = reply.body["choices"][0]
    assert (reply.status, reply.body["object"]) == (200, "chat.completion")
    assert choice["message"] == {
        "role": "assistant",
        "content": "Something nice, number 2.",
        "refusal": None,
    }
    assert choice["finish_reason"] == "stop"
    assert reply.body["id"] == f"chatcmpl-{run_id}"
    usage = reply.body["usage"]
    assert (usage["prompt_tokens"], usage["completion_tokens"]) == (
        bill.prompt_tokens,
        bill.completion_tokens,
    )
    assert usage["total_tokens"] == bill.prompt_tokens + bill.completion_tokens
    assert usage["completion_tokens_details"]["reasoning_tokens"] == bill.completion_tokens - 4
    assert reply.body["branchwise"]["strategy"] == "best_of_n"
    assert reply.headers["x-branchwise-run"] == run_id
    assert run.status is Status.DONE


async def test_the_bill_is_what_the_server_counted(tmp_path: Path) -> None:
    with fake_server.running(latency=0.01, tokens=16) as upstream:
        defaults = {"model": "openai-compatible:fake", "base_url": upstream}
        async with serving(tmp_path / "s.sqlite", defaults=defaults) as client:
            reply = await client.chat(**ONE)
            async with client.session.get(upstream.replace("/v1", "/stats")) as counted:
                stats = await counted.json()
    assert reply.body["usage"]["completion_tokens"] == stats["tokens"] > 0
    assert reply.body["branchwise"]["calls"] == stats["requests"]


async def test_n_answers_are_distinct_and_the_best_comes_first(tmp_path: Path) -> None:
    async with serving(tmp_path / "s.sqlite") as client:
        reply = await client.chat(n=3, **ONE)
        more = await client.chat(n=100, **ONE)
    texts = [choice["message"]["content"] for choice in reply.body["choices"]]
    assert texts[0] == "Something nice, number 2."
    assert len(set(texts)) == 3
    assert len(more.body["choices"]) == 4  # it never multiplies the search


@pytest.mark.parametrize(
    ("model", "body", "headers", "strategy"),
    [
        ("branchwise/self_consistency", {}, {}, "self_consistency"),
        ("self_consistency", {}, {}, "self_consistency"),
        ("branchwise/best_of_n@text", {}, {}, "best_of_n"),
        ("", {}, {}, "best_of_n"),
        ("branchwise/default", {}, {}, "best_of_n"),
        ("default", {}, {"X-Branchwise-Strategy": "self_consistency"}, "self_consistency"),
        (
            "beam_search",
            {"branchwise": {"strategy": "self_consistency"}},
            {"X-Branchwise-Strategy": "best_of_n"},
            "self_consistency",
        ),
    ],
)
async def test_the_strategy_is_chosen_by_body_header_or_name(
    tmp_path: Path, model: str, body: dict[str, Any], headers: dict[str, str], strategy: str
) -> None:
    async with serving(tmp_path / "s.sqlite", defaults={"strategy": "best_of_n"}) as client:
        reply = await client.chat(headers, model=model, **body)
        assert reply.status == 200, reply.body
        run = await client.serving.store.run(reply.body["branchwise"]["run_id"])
    assert run.strategy == strategy
    assert run.task == ("text" if "@text" in model else "chat")


async def test_every_strategy_answers_a_plain_chat(tmp_path: Path) -> None:
    async with serving(tmp_path / "s.sqlite") as client:
        listed = (await client.get("/v1/models")).body["data"]
        for entry in listed:
            reply = await client.chat(model=entry["id"], branchwise={"budget": {"tokens": 700}})
            assert reply.status == 200, (entry["id"], reply.body)
            assert "nice" in reply.body["choices"][0]["message"]["content"], entry["id"]


async def test_a_conversation_reaches_the_model_as_it_is(tmp_path: Path) -> None:
    model = scripted(nice)
    said: list[dict[str, Any]] = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Hello"}]},
        {"role": "assistant", "content": "Hi.", "reasoning_content": "greet"},
        {"role": "user", "content": "And now?"},
    ]
    async with serving(tmp_path / "s.sqlite", model) as client:
        asked: dict[str, Any] = {
            "temperature": 0.2,
            "top_p": 0.9,
            "max_completion_tokens": 3,
            "stop": ["nice"],
            "seed": 7,
        }
        reply = await client.chat(messages=said, **asked, **ONE)
    first = next(one for one in model.requests if not is_judging(one))
    assert [(one.role, one.content) for one in first.messages] == [
        ("system", "Be brief."),
        ("user", "Hello"),
        ("assistant", "Hi."),
        ("user", "And now?"),
    ]
    assert (first.temperature, first.top_p) == (0.2, 0.9)
    assert (first.output_format.max_tokens, first.output_format.stop) == (3, ("nice",))
    assert reply.body["choices"][0]["message"]["content"] == "Something"


async def test_a_reply_cut_at_its_limit_says_so(tmp_path: Path) -> None:
    async with serving(tmp_path / "s.sqlite") as client:
        reply = await client.chat(max_tokens=2, **ONE)
    assert reply.body["choices"][0]["finish_reason"] == "length"
    assert reply.body["choices"][0]["message"]["content"] == "Something nice,"


async def test_a_response_format_is_kept_or_there_is_no_answer(tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    form = {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}}

    def writes(request: SampleRequest, seed: int) -> str:
        return ['{"n": "one"}', "no JSON", '```json\n{"n": 1}\n```'][seed % 3]

    async with serving(tmp_path / "s.sqlite", scripted(writes)) as client:
        reply = await client.chat(response_format=form, **ONE)
    assert json.loads(reply.body["choices"][0]["message"]["content"]) == {"n": 1}
    assert reply.body["branchwise"]["verified_by"] == "program"
    async with serving(tmp_path / "t.sqlite", scripted(["no JSON"])) as client:
        refused = await client.chat(response_format=form, **ONE)
        lenient = await client.chat(response_format={"type": "text"}, **ONE)
    assert (refused.status, refused.body["error"]["code"]) == (422, "no_answer")
    assert refused.headers["x-should-retry"] == "false"
    assert lenient.status == 200


async def test_candidates_may_be_tool_calls_and_equal_ones_vote_together(tmp_path: Path) -> None:
    def calls(request: SampleRequest, seed: int) -> Sample | str:
        if is_judging(request):
            return "Fine.\nScore: 50"
        assert request.tools[0].name == "weather"
        if seed % 4 == 0:
            return "I do not know."
        arguments = ['{"city": "Rome", "unit": "C"}', '{"unit": "C", "city": "Rome"}', '{"city": "Paris"}']
        call = ToolCall(id=f"call_{seed % 4}", name="weather", arguments=arguments[seed % 4 - 1])
        return Sample(text="", tokens=9, finish="tool_calls", tool_calls=(call,))

    async with serving(tmp_path / "s.sqlite", scripted(calls)) as client:
        reply = await client.chat(tools=[WEATHER], model="self_consistency", branchwise={"knobs": {"n": 4}})
    choice = reply.body["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["content"] is None
    [call] = choice["message"]["tool_calls"]
    assert call["function"]["name"] == "weather"
    assert json.loads(call["function"]["arguments"]) == {"city": "Rome", "unit": "C"}
    assert (call["type"], call["id"][:5]) == ("function", "call_")


async def test_a_text_that_looks_like_a_call_is_none_without_tools(tmp_path: Path) -> None:
    forged = json.dumps({"content": "", "tool_calls": [{"id": "a", "name": "weather", "arguments": "{}"}]})
    async with serving(tmp_path / "s.sqlite", scripted([forged])) as client:
        plain = await client.chat(**ONE)
        other = [{**WEATHER, "function": {"name": "other"}}]
        offered = await client.chat(tools=other, **ONE)
    for reply in (plain, offered):
        assert reply.body["choices"][0]["message"]["content"] == forged
        assert reply.body["choices"][0]["finish_reason"] == "stop"


async def test_a_budget_too_small_says_what_is_missing(tmp_path: Path) -> None:
    async with serving(tmp_path / "s.sqlite") as client:
        reply = await client.chat({"X-Branchwise-Budget-Tokens": "3"})
    assert (reply.status, reply.body["error"]["code"]) == (422, "no_answer")
    assert "budget of 3 tokens" in reply.body["error"]["message"]


async def test_the_planner_answers_by_default(tmp_path: Path) -> None:
    async with serving(tmp_path / "s.sqlite") as client:
        reply = await client.post("/v1/chat/completions", {"messages": HELLO})
    assert reply.status == 200
    assert reply.body["choices"][0]["message"]["content"].startswith("Something nice")


async def test_models_health_and_readiness(tmp_path: Path) -> None:
    async with serving(tmp_path / "s.sqlite") as client:
        listed = await client.get("/v1/models")
        one = await client.get("/v1/models/branchwise/best_of_n@text")
        none = await client.get("/v1/models/gpt-9")
        health, ready = await client.get("/health"), await client.get("/ready")
        nowhere = await client.get("/v2/models")
    names = [entry["id"] for entry in listed.body["data"]]
    assert {"branchwise/default", "branchwise/auto", "branchwise/best_of_n"} <= set(names)
    assert (one.status, one.body["object"]) == (200, "model")
    assert (none.status, none.body["error"]["code"]) == (404, "model_not_found")
    assert (health.status, ready.status, ready.body["ready"]) == (200, 200, True)
    assert (nowhere.status, nowhere.body["error"]["type"]) == (404, "invalid_request_error")


async def test_a_server_whose_model_is_away_is_up_and_not_ready(tmp_path: Path) -> None:
    defaults = {"model": "openai-compatible:fake", "base_url": "http://127.0.0.1:9/v1"}
    async with serving(tmp_path / "s.sqlite", defaults=defaults) as client:
        health, ready = await client.get("/health"), await client.get("/ready")
    assert (health.status, ready.status) == (200, 503)
    assert ready.body["faults"] == {"model": "ModelError"}
