"""/v1/responses: whole, streamed, in the background, and one after another."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from branchwise.models.protocol import Sample, SampleRequest, ToolCall
from branchwise.models.scripted import scripted
from tests.server.running import ONE, Client, is_judging, nice, serving

ASK: dict[str, Any] = {"input": "Say something nice.", **ONE}


def events_of(text: str) -> list[Any]:
    return [json.loads(part.partition("data: ")[2]) for part in text.split("\n\n") if "data: " in part]


async def ended(client: Client, response_id: str) -> Any:
    async with asyncio.timeout(20):
        while True:
            found = (await client.get(f"/v1/responses/{response_id}")).body
            if found["status"] not in {"queued", "in_progress"}:
                return found
            await asyncio.sleep(0.05)


async def test_a_response_has_the_answer_and_the_bill(tmp_path: Path) -> None:
    async with serving(tmp_path / "s.sqlite") as client:
        reply = await client.post("/v1/responses", {**ASK, "instructions": "Be brief."})
        bill = await client.serving.store.usage(reply.body["branchwise"]["run_id"])
        again = await client.get(f"/v1/responses/{reply.body['id']}")
    assert (reply.status, reply.body["status"]) == (200, "completed")
    [item] = reply.body["output"]
    assert item["content"][0]["text"] == "Something nice, number 2."
    assert reply.body["usage"]["output_tokens"] == bill.completion_tokens
    assert again.body["output"] == reply.body["output"]


async def test_a_response_in_the_background_is_asked_for_later(tmp_path: Path) -> None:
    async with serving(tmp_path / "s.sqlite") as client:
        queued = await client.post("/v1/responses", {**ASK, "background": True})
        assert queued.body["status"] == "queued"
        found = await ended(client, queued.body["id"])
    assert found["output"][0]["content"][0]["text"] == "Something nice, number 2."
    assert found["background"] is True


async def test_a_stored_response_shows_and_obeys_what_was_asked(tmp_path: Path) -> None:
    own = {"strategy": "best_of_n", "knobs": {"n": 4}, "strict": True}
    asked = {**ASK, "model": "branchwise/best_of_n", "metadata": {"for": "tea"}, "branchwise": own}
    async with serving(tmp_path / "s.sqlite", scripted(_poor)) as client:
        begun = (await client.post("/v1/responses", {**asked, "background": True})).body
        found = await ended(client, begun["id"])
        lenient = {**asked, "branchwise": {**own, "strict": False}, "background": True}
        other = await ended(client, (await client.post("/v1/responses", lenient)).body["id"])
    assert (found["status"], found["error"]["code"], found["output"]) == ("failed", "no_answer", [])
    assert other["status"] == "completed"
    for one in (found, other):
        assert (one["model"], one["metadata"]) == ("branchwise/best_of_n", {"for": "tea"})


def _poor(request: SampleRequest, seed: int) -> str:
    return "Bad.\nScore: 0" if is_judging(request) else f"Nothing nice, number {seed % 4}."


async def test_a_response_in_the_background_is_queued_once_for_a_key(tmp_path: Path) -> None:
    key, asked = {"Idempotency-Key": "once"}, {**ASK, "background": True}
    async with serving(tmp_path / "s.sqlite") as client:
        first = await client.post("/v1/responses", asked, key)
        found = await ended(client, first.body["id"])
        again = await client.post("/v1/responses", asked, key)
        other = await client.post("/v1/responses", {**asked, "input": "Else."}, key)
        assert len(await client.serving.store.runs()) == 1
    assert (again.body["id"], again.body["output"]) == (first.body["id"], found["output"])
    assert (other.status, other.body["error"]["code"]) == (422, "idempotency_conflict")


async def test_a_response_in_the_background_is_cancelled_and_survives_a_restart(tmp_path: Path) -> None:
    async with serving(tmp_path / "s.sqlite", workers=0) as client:
        first = (await client.post("/v1/responses", {**ASK, "background": True})).body["id"]
        second = (await client.post("/v1/responses", {**ASK, "background": True})).body["id"]
        cancelled = await client.post(f"/v1/responses/{first}/cancel", {})
        assert cancelled.body["status"] == "cancelled"
    async with serving(tmp_path / "s.sqlite") as client:
        assert (await ended(client, second))["status"] == "completed"
        assert (await ended(client, first))["status"] == "cancelled"


async def test_only_a_run_that_its_client_waits_for_ends_with_its_patience(tmp_path: Path) -> None:
    patience = {"X-Stainless-Read-Timeout": "600"}
    chat: dict[str, Any] = {"messages": [{"role": "user", "content": "x"}], "model": "best_of_n"}
    asked: list[tuple[str, dict[str, Any], float | None]] = [
        ("chat/completions", chat, 598.0),
        ("chat/completions", {**chat, "branchwise": {"detach": True}}, None),
        ("responses", ASK, 598.0),
        ("responses", {**ASK, "background": True}, None),
        ("responses", {**ASK, "branchwise": {**ONE["branchwise"], "detach": True}}, None),
    ]
    async with serving(tmp_path / "s.sqlite") as client:
        for path, body, seconds in asked:
            reply = await client.post(f"/v1/{path}", body, patience)
            run_id = reply.body["id"].removeprefix("chatcmpl-").removeprefix("resp_")
            run = (await client.get(f"/v1/runs/{run_id}")).body
            assert run["budget"].get("seconds") == seconds, body


async def test_a_stream_of_events_with_rising_numbers(tmp_path: Path) -> None:
    async with (
        serving(tmp_path / "s.sqlite") as client,
        client.session.post(f"{client.url}/v1/responses", json={**ASK, "stream": True}) as reply,
    ):
        events = events_of(await reply.text())
    assert [one["sequence_number"] for one in events] == list(range(len(events)))
    kinds = [one["type"] for one in events]
    assert kinds[:3] == ["response.created", "response.in_progress", "response.output_item.added"]
    assert kinds[-1] == "response.completed"
    deltas = [one["delta"] for one in events if one["type"] == "response.output_text.delta"]
    assert "".join(deltas) == "Something nice, number 2."


async def test_a_background_response_is_followed_and_taken_up_where_a_stream_broke(tmp_path: Path) -> None:
    async with serving(tmp_path / "s.sqlite") as client:
        asked = {**ASK, "background": True, "stream": True}
        async with client.session.post(f"{client.url}/v1/responses", json=asked) as reply:
            whole = events_of(await reply.text())
        response_id = whole[0]["response"]["id"]
        again = f"{client.url}/v1/responses/{response_id}?stream=true&starting_after=3"
        async with client.session.get(again) as reply:
            rest = events_of(await reply.text())
    assert [one["sequence_number"] for one in whole] == list(range(len(whole)))
    assert whole[-1]["type"] == "response.completed"
    assert rest == whole[4:]


async def test_the_next_response_goes_on_from_the_last(tmp_path: Path) -> None:
    model = scripted(nice)
    async with serving(tmp_path / "s.sqlite", model) as client:
        first = (await client.post("/v1/responses", {**ASK, "instructions": "Be brief."})).body["id"]
        more = {**ASK, "input": "Another.", "previous_response_id": first, "instructions": "Be long."}
        second = await client.post("/v1/responses", more)
        nobody = await client.post("/v1/responses", {**ASK, "previous_response_id": "resp_x"})
    last = [one for one in model.requests if not is_judging(one)][-1]
    assert [(one.role, one.content) for one in last.messages] == [
        ("system", "Be long."),
        ("user", "Say something nice."),
        ("assistant", "Something nice, number 2."),
        ("user", "Another."),
    ]
    assert (second.status, nobody.status) == (200, 404)


async def test_functions_are_called_and_answered(tmp_path: Path) -> None:
    def calls(request: SampleRequest, seed: int) -> Sample | str:
        if is_judging(request) or request.messages[-1].role == "tool":
            return nice(request, seed)
        call = ToolCall(id="call_1", name="weather", arguments='{"city": "Rome"}')
        return Sample(text="", tokens=5, finish="tool_calls", tool_calls=(call,))

    tool = {"type": "function", "name": "weather", "parameters": {"type": "object"}}
    async with serving(tmp_path / "s.sqlite", scripted(calls)) as client:
        asked = {**ASK, "tools": [tool]}
        first = await client.post("/v1/responses", asked)
        [item] = first.body["output"]
        told = {"type": "function_call_output", "call_id": item["call_id"], "output": "sunny"}
        after = [{"role": "user", "content": "x"}, {"type": "reasoning", "summary": []}, item, told]
        second = await client.post("/v1/responses", {**asked, "input": after})
    assert (item["type"], item["name"], item["arguments"]) == ("function_call", "weather", '{"city": "Rome"}')
    assert second.body["output"][0]["content"][0]["text"].startswith("Something nice")


async def test_a_schema_is_kept(tmp_path: Path) -> None:
    form = {"type": "json_schema", "name": "n", "schema": {"type": "object", "required": ["n"]}}
    model = scripted(['{"m": 1}', '{"n": 1}'])
    async with serving(tmp_path / "s.sqlite", model) as client:
        reply = await client.post("/v1/responses", {**ASK, "text": {"format": form}})
    assert reply.body["output"][0]["content"][0]["text"] == '{"n": 1}'


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"input": ""},
        {"input": []},
        {"input": 3},
        {"input": [{"type": "computer_call"}]},
        {"input": [{"role": "user", "content": [{"type": "input_file"}]}]},
        {"input": [{"type": "function_call_output", "output": "x"}]},
        {"input": "x", "tools": [{"type": "web_search"}]},
        {"input": "x", "tools": [{"type": "function"}]},
        {"input": "x", "temperature": 9},
        {"input": "x", "background": True, "store": False},
        {"input": "x", "text": {"format": {"type": "json_schema"}}},
    ],
)
async def test_bad_input_spends_nothing(tmp_path: Path, body: dict[str, Any]) -> None:
    model = scripted(nice)
    async with serving(tmp_path / "s.sqlite", model) as client:
        reply = await client.post("/v1/responses", body)
        assert await client.serving.store.runs() == []
    assert (reply.status, model.calls) == (400, 0)
    assert reply.body["error"]["message"]
