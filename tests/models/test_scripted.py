import asyncio

import pytest

from branchwise.models.protocol import Message, Model, OutputFormat, Sample, SampleRequest
from branchwise.models.scripted import scripted

ASK = (Message(role="user", content="two words"),)


async def test_texts_are_taken_by_seed_and_counted() -> None:
    model = scripted(["a", "b", "c"])
    assert isinstance(model.name, str)
    as_protocol: Model = model
    reply = await as_protocol.sample(SampleRequest(messages=ASK, prefix="x y z", n=4, seed=1))
    assert [sample.text for sample in reply.samples] == ["b", "c", "a", "b"]
    assert (reply.usage.calls, reply.usage.prompt_tokens, reply.usage.completion_tokens) == (1, 5, 4)
    assert model.calls == 1


async def test_a_function_sees_the_request_and_each_seed() -> None:
    model = scripted(lambda request, seed: f"{request.prefix}{seed}")
    request = SampleRequest(messages=ASK, prefix="p", n=3, seed=10)
    first, second = await model.sample(request), await model.sample(request)
    assert first == second
    assert [sample.text for sample in first.samples] == ["p10", "p11", "p12"]
    assert model.requests == [request, request]


@pytest.mark.parametrize(
    ("output_format", "text", "tokens", "finish"),
    [
        (OutputFormat(), "one two\nthree", 3, "stop"),
        (OutputFormat(stop=("\n",)), "one two", 2, "stop"),
        (OutputFormat(stop=("three", "two")), "one ", 2, "stop"),
        (OutputFormat(max_tokens=1), "one", 1, "length"),
        (OutputFormat(max_tokens=3), "one two\nthree", 3, "stop"),
    ],
)
async def test_the_shape_cuts_a_text(
    output_format: OutputFormat, text: str, tokens: int, finish: str
) -> None:
    reply = await scripted(["one two\nthree"]).sample(
        SampleRequest(messages=ASK, output_format=output_format, logprobs=True)
    )
    (sample,) = reply.samples
    assert (sample.text, sample.tokens, sample.finish, sample.logprob) == (text, tokens, finish, -tokens)


async def test_a_sample_is_passed_on() -> None:
    dead = Sample(text="", tokens=0, finish="error", error="no")
    reply = await scripted([dead]).sample(
        SampleRequest(messages=ASK, output_format=OutputFormat(max_tokens=1))
    )
    assert reply.samples == (dead,)


async def test_latency_lets_others_run() -> None:
    slow, fast = scripted(["slow"], latency=0.05), scripted(["fast"])
    done: list[str] = []

    async def ask(model: Model) -> None:
        done.append((await model.sample(SampleRequest(messages=ASK))).samples[0].text)

    async with asyncio.TaskGroup() as group:
        group.create_task(ask(slow))
        group.create_task(ask(fast))
    assert done == ["fast", "slow"]
    await slow.aclose()


def test_an_empty_script_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        scripted([])
