import asyncio
import json
import traceback
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from branchwise import models
from branchwise.models import retries
from branchwise.models.endpoint import Endpoint, endpoint
from branchwise.models.protocol import Message, Model, OutputFormat, SampleRequest, Tool
from branchwise.store.errors import BadInput, ModelError, Unsupported
from tests.models.conftest import Loopback, completion, says

ASK = (Message(role="system", content="Be brief."), Message(role="user", content="hello"))
KEY = "sk-very-secret-0123456789"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "_FIRST_WAIT", 0.001)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


@pytest.fixture
async def model(loopback: Loopback) -> AsyncIterator[Endpoint]:
    made = endpoint("m", base_url=loopback.url, price=(1.0, 10.0))
    yield made
    await made.aclose()


@pytest.fixture
async def vllm(loopback: Loopback) -> AsyncIterator[Endpoint]:
    loopback.owner = "vllm"
    made = endpoint("m", base_url=loopback.url)
    await made.check()
    yield made
    await made.aclose()


async def test_one_request_brings_n_samples(loopback: Loopback, model: Model) -> None:
    request = SampleRequest(
        messages=ASK, n=3, seed=7, logprobs=True, output_format=OutputFormat(max_tokens=9, stop=("\n",))
    )
    reply = await model.sample(request)
    assert [sample.text for sample in reply.samples] == ["sample 7", "sample 8", "sample 9"]
    assert [(sample.tokens, sample.logprob, sample.finish) for sample in reply.samples] == [
        (3, -1.5, "stop")
    ] * 3
    usage = reply.usage
    assert (usage.calls, usage.prompt_tokens, usage.cached_tokens, usage.completion_tokens) == (1, 10, 4, 9)
    assert usage.cost == pytest.approx((10 * 1.0 + 9 * 10.0) / 1e6)
    assert loopback.bodies == [
        {
            "model": "m",
            "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hello"}],
            "n": 3,
            "seed": 7,
            "temperature": 0.7,
            "top_p": 1.0,
            "max_tokens": 9,
            "stop": ["\n"],
            "logprobs": True,
        }
    ]
    assert set(loopback.keys) == {f"Bearer {KEY}"}


async def test_tokens_without_logprobs_sum_up(loopback: Loopback, model: Model) -> None:
    def uneven(body: dict[str, Any]) -> web.Response:
        reply = completion(body, 3)
        for i, text in enumerate(["", "word", "many more words"]):
            reply["choices"][i]["message"]["content"] = text
        reply["usage"]["completion_tokens"] = 11
        return web.json_response(reply)

    loopback.next = [uneven]
    tokens = [sample.tokens for sample in (await model.sample(SampleRequest(messages=ASK, n=3))).samples]
    assert sum(tokens) == 11
    assert tokens == sorted(tokens)


@pytest.mark.parametrize("refuses", [True, False])
async def test_a_server_without_n_is_remembered(loopback: Loopback, model: Model, refuses: bool) -> None:
    loopback.many = False
    if refuses:
        loopback.next = [says(400, {"error": {"message": "n must be 1"}})]
    for _ in range(2):
        reply = await model.sample(SampleRequest(messages=ASK, n=3, seed=5))
        assert [sample.text for sample in reply.samples] == ["sample 5", "sample 6", "sample 7"]
        assert (reply.usage.calls, reply.usage.completion_tokens) == (3, 9)
    assert [body["n"] for body in loopback.bodies] == ([3, 1, 1, 1] if refuses else [3, 1, 1]) + [1, 1, 1]
    assert not model.capabilities.many


async def test_a_limit_on_n_is_remembered_and_smaller_requests_stay_whole(
    loopback: Loopback, model: Model
) -> None:
    request = SampleRequest(messages=ASK, n=5, seed=5)
    await model.sample(replace(request, n=2))
    loopback.next = [says(400, {"error": {"message": "n is at most 4"}})]
    for n in (5, 6, 2):
        reply = await model.sample(replace(request, n=n))
        assert [sample.text for sample in reply.samples] == [f"sample {5 + i}" for i in range(n)]
        assert reply.usage.calls == (1 if n == 2 else n)
    assert [body["n"] for body in loopback.bodies] == [2, 5, *[1] * 5, *[1] * 6, 2]


async def test_what_a_call_costs_does_not_depend_on_calls_before(loopback: Loopback, model: Model) -> None:
    for _ in range(2):
        loopback.next = [lambda body: web.json_response(completion(body, 2))]
        reply = await model.sample(SampleRequest(messages=ASK, n=3, seed=5))
        assert (len(reply.samples), reply.usage.calls) == (3, 2)
    assert [body["n"] for body in loopback.bodies] == [3, 1, 3, 1]


async def test_a_refused_request_is_not_mistaken_for_a_refused_n(loopback: Loopback, model: Model) -> None:
    loopback.next = [says(400, b"too long")] * 2
    with pytest.raises(ModelError, match="status 400: too long"):
        await model.sample(SampleRequest(messages=ASK, n=3))
    assert model.capabilities.many
    await model.sample(SampleRequest(messages=ASK, n=3))
    assert loopback.bodies[-1]["n"] == 3


async def test_one_failed_sample_of_many_requests_is_a_failed_sample(
    loopback: Loopback, model: Model
) -> None:
    loopback.many = False
    loopback.next = [lambda body: web.json_response(completion(body, 1)), says(403, b"no")]
    reply = await model.sample(SampleRequest(messages=ASK, n=3))
    assert sorted(sample.finish for sample in reply.samples) == ["error", "stop", "stop"]
    assert reply.usage.calls == 3


@pytest.mark.parametrize(
    "trouble",
    [
        says(429, b"slow down", {"Retry-After": "0"}),
        says(429, b"slow down", {"Retry-After": "Thu, 01 Jan 2026 00:00:00 GMT"}),
        says(429, b"slow down", {"Retry-After": "soon"}),
        says(500, b"oops"),
        says(503, b"loading"),
        lambda _: None,
    ],
)
async def test_a_passing_trouble_is_waited_out(
    loopback: Loopback, model: Model, trouble: Callable[[dict[str, Any]], web.StreamResponse | None]
) -> None:
    loopback.next = [trouble, trouble]
    assert (await model.sample(SampleRequest(messages=ASK))).samples[0].text == "sample 0"
    assert len(loopback.bodies) == 3


async def test_a_lasting_trouble_is_an_error(loopback: Loopback) -> None:
    model = endpoint("m", base_url=loopback.url, retries=1)
    loopback.next = [says(503, b"loading")] * 3
    with pytest.raises(ModelError, match="status 503: loading"):
        await model.sample(SampleRequest(messages=ASK))
    assert len(loopback.next) == 1
    await model.aclose()
    with pytest.raises(ModelError, match="closed"):
        await model.sample(SampleRequest(messages=ASK))


async def test_a_wait_beyond_the_deadline_is_not_begun(loopback: Loopback, model: Model) -> None:
    loopback.next = [says(429, b"tomorrow", {"Retry-After": "86400"})]
    with pytest.raises(ModelError, match="status 429: tomorrow"):
        await model.sample(SampleRequest(messages=ASK))


async def test_the_deadline_ends_a_call(loopback: Loopback) -> None:
    loopback.gate = asyncio.Event()
    model = endpoint("m", base_url=loopback.url, timeout=0.1)
    with pytest.raises(ModelError, match=r"no answer within 0\.1 s"):
        await model.sample(SampleRequest(messages=ASK))
    await model.aclose()


async def test_a_cancelled_call_hangs_up(loopback: Loopback, model: Model) -> None:
    loopback.gate = asyncio.Event()
    task = asyncio.create_task(model.sample(SampleRequest(messages=ASK)))
    await loopback.arrived.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(5):
        await loopback.dropped.wait()


def _without(*names: str) -> bytes:
    reply = completion({}, 1)
    inner: Any = reply
    for name in names[:-1]:
        inner = inner[name if isinstance(inner, dict) else int(name)]
    del inner[names[-1]]
    return json.dumps(reply).encode()


@pytest.mark.parametrize(("sent", "n"), [(2, 1), (4, 3)])
async def test_more_samples_than_were_asked_for_are_paid_for_and_noted(
    loopback: Loopback, model: Model, sent: int, n: int
) -> None:
    body = completion({}, sent)
    loopback.next = [says(200, json.dumps(body).encode())]
    reply = await model.sample(SampleRequest(messages=ASK, n=n))
    assert len(reply.samples) == n
    assert reply.usage.completion_tokens == body["usage"]["completion_tokens"]
    assert reply.notes == (f"The server sent {sent} samples instead of {n}.",)


@pytest.mark.parametrize(
    ("body", "n"),
    [
        (b"\xff\xfe{", 1),
        (json.dumps(completion({}, 1)).encode().replace(b"sample", b"\xc3\x28"), 1),
        (json.dumps(completion({}, 1)).encode()[:80], 1),
        (b"", 1),
        (b"[]", 1),
        (b"<html>", 1),
        (_without("choices"), 1),
        (_without("choices", "0", "message"), 1),
        (json.dumps(completion({}, 0)).encode(), 1),
    ],
)
async def test_a_poisoned_reply_is_a_failed_call(
    loopback: Loopback, model: Model, body: bytes, n: int
) -> None:
    loopback.next = [says(200, body)]
    with pytest.raises(ModelError, match="The reply cannot be read: "):
        await model.sample(SampleRequest(messages=ASK, n=n))
    assert len(loopback.bodies) == 1
    assert len((await model.sample(SampleRequest(messages=ASK, n=n))).samples) == n


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        *[(word, "length") for word in ("length", "max_tokens", "model_length", "MAX_TOKENS")],
        *[(word, "stop") for word in ("stop", "eos_token", "end_turn", "COMPLETE", None, "")],
        *[
            (word, "error")
            for word in ("content_filter", "insufficient_system_resource", "SAFETY", "timeout", "x")
        ],
    ],
)
async def test_finish_reasons(loopback: Loopback, model: Model, reason: str | None, finish: str) -> None:
    reply = completion({}, 1)
    reply["choices"][0]["finish_reason"] = reason
    loopback.next = [says(200, reply)]
    (sample,) = (await model.sample(SampleRequest(messages=ASK))).samples
    assert (sample.text, sample.finish) == ("sample 0", finish)


async def test_openai_gets_a_schema_and_nothing_it_lacks(loopback: Loopback, model: Model) -> None:
    schema = {"type": "object"}
    await model.sample(SampleRequest(messages=ASK, output_format=OutputFormat(schema=schema)))
    form = loopback.bodies[0]["response_format"]
    assert (form["type"], form["json_schema"]["schema"]) == ("json_schema", schema)
    for request in (
        SampleRequest(messages=ASK, prefix="x"),
        SampleRequest(messages=ASK, output_format=OutputFormat(regex="a")),
    ):
        with pytest.raises(Unsupported):
            await model.sample(request)
    assert len(loopback.bodies) == 1


@pytest.mark.parametrize(
    ("output_format", "written"),
    [
        (OutputFormat(choices=("sample 0", "b")), {"choice": ["sample 0", "b"]}),
        (OutputFormat(regex="s.*"), {"regex": "s.*"}),
        (OutputFormat(schema={"type": "integer"}), {"json": {"type": "integer"}}),
    ],
)
async def test_vllm_is_recognised_and_steered(
    loopback: Loopback, vllm: Endpoint, output_format: OutputFormat, written: object
) -> None:
    if output_format.schema:
        loopback.next = [says(200, completion({}, 1, "7"))]
    reply = await vllm.sample(SampleRequest(messages=ASK, prefix="so far", output_format=output_format))
    assert reply.samples[0].finish == "stop"
    (body,) = loopback.bodies
    assert body["structured_outputs"] == written
    assert body["messages"][-1] == {"role": "assistant", "content": "so far"}
    assert (body["add_generation_prompt"], body["continue_final_message"]) == (False, True)


async def test_ignored_choices_are_failed_samples(vllm: Endpoint) -> None:
    reply = await vllm.sample(
        SampleRequest(messages=ASK, n=2, output_format=OutputFormat(choices=("sample 1",)))
    )
    assert [sample.finish for sample in reply.samples] == ["error", "stop"]


async def test_the_key_is_in_no_text(loopback: Loopback, model: Endpoint) -> None:
    loopback.next = [says(401, f"Incorrect API key provided: {KEY}".encode())]
    with pytest.raises(ModelError) as refused:
        await model.sample(SampleRequest(messages=ASK))
    assert "[secret]" in str(refused.value)
    lost = endpoint("m", base_url="http://127.0.0.1:1/v1", retries=0)
    with pytest.raises(ModelError) as gone:
        await lost.sample(SampleRequest(messages=ASK))
    await lost.aclose()
    for error in (refused.value, gone.value):
        assert KEY not in f"{error!r} {vars(error)} {''.join(traceback.format_exception(error))}"
    assert KEY not in f"{model!r} {vars(model)} {vars(vars(model)['_transport'])} {model.name}"


async def test_without_a_key_none_is_sent(
    loopback: Loopback, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    await model.sample(SampleRequest(messages=ASK))
    assert set(loopback.keys) == {None}


async def test_a_redirect_is_not_followed(loopback: Loopback, model: Model) -> None:
    loopback.next = [says(307, b"", {"Location": "http://127.0.0.1:1/"})]
    with pytest.raises(ModelError, match="status 307"):
        await model.sample(SampleRequest(messages=ASK))


async def test_a_good_server_passes_the_check(loopback: Loopback, model: Model) -> None:
    await models.check(model)
    assert not loopback.bodies


async def test_a_server_without_a_list_passes_the_check(loopback: Loopback, model: Model) -> None:
    loopback.models = web.Response(status=404)
    loopback.next = [says(400, b"messages missing")]
    await models.check(model)


@pytest.mark.parametrize(
    ("listed", "status", "then", "words"),
    [
        (b"", 401, None, r"refuses the key: set \$OPENAI_API_KEY"),
        (b"", 503, None, "not ready"),
        (b"", 404, says(404), "mostly end in `/v1`"),
        (b"<html>", 200, None, "lists no models"),
    ],
)
async def test_the_check_says_what_to_do(
    loopback: Loopback, model: Model, listed: bytes, status: int, then: Any, words: str
) -> None:
    loopback.models = web.Response(status=status, body=listed)
    loopback.next = [then] if then else []
    with pytest.raises(ModelError, match=words):
        await models.check(model)


async def test_nobody_there() -> None:
    model = endpoint("m", base_url="http://127.0.0.1:1/v1")
    with pytest.raises(ModelError, match=r"http://127\.0\.0\.1:1/v1.*Start the server"):
        await models.check(model)
    await model.aclose()


async def test_vllm_must_serve_the_model(loopback: Loopback) -> None:
    loopback.owner = "vllm"
    model = endpoint("other", base_url=loopback.url)
    with pytest.raises(ModelError, match="does not serve `other`; it serves `m`"):
        await model.check()
    await model.aclose()


@pytest.mark.parametrize("url", ["", "localhost:8000", "ftp://x/v1", "http://u:p@h/v1", "http://h/v1?key=1"])
def test_a_bad_url_is_bad_input(url: str) -> None:
    with pytest.raises(BadInput, match=r"base URL|--base-url"):
        models.load("openai-compatible:m", base_url=url)


async def test_a_vllm_without_a_parser_of_tool_calls_gets_tools_as_text(
    loopback: Loopback, vllm: Endpoint
) -> None:
    words = 'tool_choice="required" requires --tool-call-parser to be set'
    call = '{"name": "add", "arguments": {"a": 1}}'
    loopback.next = [
        says(400, {"error": {"message": words}}),
        *[lambda body: web.json_response(completion(body, 1, call))] * 2,
    ]
    request = SampleRequest(messages=ASK, tools=(Tool(name="add"),), tool_choice="required")
    for _ in range(2):
        [sample] = (await vllm.sample(request)).samples
        assert (sample.finish, [one.name for one in sample.tool_calls]) == ("tool_calls", ["add"])
    assert ["tools" in body for body in loopback.bodies] == [True, False, False]
    assert "json" in loopback.bodies[-1]["structured_outputs"]
