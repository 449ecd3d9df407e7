"""Servers that refuse parameters, each in its own words."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from branchwise.models.endpoint import Endpoint, endpoint
from branchwise.models.protocol import Message, OutputFormat, SampleRequest
from branchwise.store.errors import ModelError
from tests.models.conftest import Loopback, completion, says

ASK = (Message(role="system", content="Be brief."), Message(role="user", content="hello"))

REFUSALS: dict[str, tuple[str, Any]] = {
    "OpenAI, o-series": (
        "max_tokens",
        {
            "error": {
                "message": "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
                "'max_completion_tokens' instead.",
                "type": "invalid_request_error",
                "param": "max_tokens",
                "code": "unsupported_parameter",
            }
        },
    ),
    "OpenAI, temperature": (
        "temperature",
        {
            "error": {
                "message": "Unsupported value: 'temperature' does not support 0.7 with this model. Only the default "
                "(1) value is supported.",
                "param": "temperature",
                "code": "unsupported_value",
            }
        },
    ),
    "Azure": (
        "max_tokens",
        {"error": {"message": "Unrecognized request argument supplied: max_tokens", "code": None}},
    ),
    "Mistral": (
        "logprobs",
        {"detail": [{"type": "extra_forbidden", "loc": ["body", "logprobs"], "msg": "Extra inputs"}]},
    ),
    "DeepSeek": (
        "response_format",
        {
            "error": {
                "message": "This response_format type is unavailable now",
                "type": "invalid_request_error",
            }
        },
    ),
    "plain words": ("seed", b"Unsupported parameter: seed"),
    "stop": (
        "stop",
        {"error": {"message": "Unsupported parameter: 'stop' is not supported with this model."}},
    ),
    "TGI": (
        "top_p",
        {"error": "Input validation error: `top_p` is not supported", "error_type": "validation"},
    ),
}


@pytest.fixture
async def model(loopback: Loopback) -> AsyncIterator[Endpoint]:
    made = endpoint("m", base_url=loopback.url, retries=0, dialect="openai")
    yield made
    await made.aclose()


def ask(**more: Any) -> SampleRequest:
    form = OutputFormat(schema={"type": "object"}, stop=("\n\n",))
    return SampleRequest(messages=ASK, top_p=0.9, seed=1, logprobs=True, output_format=form, **more)


@pytest.mark.parametrize("server", REFUSALS)
async def test_a_refused_parameter_is_left_out_or_renamed_once_remembered_and_said(
    loopback: Loopback, model: Endpoint, server: str, caplog: pytest.LogCaptureFixture
) -> None:
    name, words = REFUSALS[server]
    status = 422 if server == "Mistral" else 400

    def play(body: dict[str, Any]) -> web.Response:
        if name in body:
            return says(status, words)(body)
        return web.json_response(completion(body, body["n"], '{"a": 1}\n\nmore'))

    loopback.next = [play] * 3
    with caplog.at_level(logging.WARNING, "branchwise.models"):
        for _ in range(2):
            reply = await model.sample(ask(n=2))
            assert [(sample.text, sample.finish) for sample in reply.samples] == [('{"a": 1}', "stop")] * 2
    assert [name in body for body in loopback.bodies] == [True, False, False]
    if name == "max_tokens":
        assert [body.get("max_completion_tokens") for body in loopback.bodies] == [None, 256, 256]
    assert len([record for record in caplog.records if f"refuses `{name}`" in record.getMessage()]) == 1


async def test_several_are_learnt_one_after_another(loopback: Loopback, model: Endpoint) -> None:
    taken = {"model", "messages", "max_completion_tokens", "n", "stop"}

    def strict(body: dict[str, Any]) -> web.Response:
        wrong = sorted(set(body) - taken)
        if wrong:
            return says(400, {"error": {"message": f"Unsupported parameter: {wrong[0]}"}})(body)
        return web.json_response(completion(body, body["n"], '{"a": 1}'))

    loopback.next = [strict] * 9
    assert (await model.sample(ask())).samples[0].finish == "stop"
    assert set(loopback.bodies[-1]) == taken


async def test_a_server_without_system_messages_gets_them_in_the_users(
    loopback: Loopback, model: Endpoint
) -> None:
    def strict(body: dict[str, Any]) -> web.Response:
        if any(message["role"] == "system" for message in body["messages"]):
            return says(400, {"error": {"message": "System role not supported"}})(body)
        return web.json_response(completion(body, body["n"]))

    loopback.next = [strict] * 2
    await model.sample(SampleRequest(messages=ASK))
    assert loopback.bodies[-1]["messages"] == [{"role": "user", "content": "Be brief.\n\nhello"}]


@pytest.mark.parametrize(
    "words",
    [
        "max_tokens is too large: 99999. This model supports at most 4096 completion tokens",
        "This model's maximum context length is 8192 tokens",
        "The model `m` does not exist",
    ],
)
async def test_a_refusal_that_speaks_of_no_parameter_is_final(
    loopback: Loopback, model: Endpoint, words: str
) -> None:
    loopback.next = [says(400, {"error": {"message": words}})]
    with pytest.raises(ModelError, match=words[:30]):
        await model.sample(ask())
    assert len(loopback.bodies) == 1


@pytest.mark.parametrize(
    ("listed", "name"),
    [
        ({"object": "list", "data": [{"id": "m"}]}, "m"),
        ({"models": [{"name": "m", "model": "m"}]}, "m"),
        ([{"id": "m", "object": "model"}], "m"),
        (["m"], "m"),
    ],
)
async def test_lists_of_models_of_other_forms_are_read(loopback: Loopback, listed: Any, name: str) -> None:
    loopback.models = web.json_response(listed, status=201)
    model = endpoint("", base_url=loopback.url)
    await model.check()
    assert model.name == f"openai-compatible:{name}"
    await model.aclose()


@pytest.mark.parametrize("listed", [{"data": None}, {"data": [{"id": 7}, None]}, {"models": []}])
async def test_a_list_that_names_nothing_is_no_reason_to_refuse(loopback: Loopback, listed: Any) -> None:
    loopback.models = web.json_response(listed)
    model = endpoint("m", base_url=loopback.url)
    await model.check()
    assert (await model.sample(SampleRequest(messages=ASK))).samples
    await model.aclose()


@pytest.mark.parametrize("status", [200, 201, 202])
async def test_any_good_status_is_good(loopback: Loopback, model: Endpoint, status: int) -> None:
    loopback.next = [says(status, completion({}, 1))]
    assert (await model.sample(SampleRequest(messages=ASK))).samples[0].text == "sample 0"


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 507, 520, 524, 529, 530, 599])
async def test_what_passes_is_tried_again_four_times_in_all(
    loopback: Loopback, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("branchwise.models.retries._FIRST_WAIT", 0.001)
    model = endpoint("m", base_url=loopback.url, retries=3, dialect="openai")
    loopback.next = [says(status, b"later")] * 9
    with pytest.raises(ModelError, match=f"status {status}"):
        await model.sample(SampleRequest(messages=ASK))
    assert len(loopback.bodies) == 4
    loopback.next = [says(200, {"error": {"message": "later", "code": status}})]
    assert (await model.sample(SampleRequest(messages=ASK))).samples
    await model.aclose()
