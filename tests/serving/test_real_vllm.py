"""What the endpoint asks of vLLM, asked of a real one."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

import branchwise
from branchwise import Budget, tasks
from branchwise.graphs.search.state import Options
from branchwise.models.endpoint import Endpoint, endpoint
from branchwise.models.pool import Pool
from branchwise.models.protocol import Capabilities, Message, OutputFormat, SampleRequest, Tool, ToolCall
from branchwise.serving.metrics import Load, load
from branchwise.store.errors import ModelError

pytestmark = pytest.mark.vllm

ROOT = Path(__file__).parents[2]
ASK = (Message(role="user", content="What is the capital of France?"),)


@pytest.fixture
async def model(real_vllm: str) -> AsyncIterator[Endpoint]:
    made = endpoint("smollm2", base_url=real_vllm)
    await made.check()
    yield made
    await made.aclose()


async def texts(model: Endpoint, request: SampleRequest) -> list[str]:
    return [sample.text for sample in (await model.sample(request)).samples]


async def post(url: str, body: dict[str, Any]) -> dict[str, Any]:
    async with aiohttp.ClientSession() as session, session.post(url, json=body) as reply:
        assert reply.status == 200, await reply.text()
        said: dict[str, Any] = await reply.json()
        return said


async def test_it_says_what_it_can_do(model: Endpoint) -> None:
    every = Capabilities(
        prefix=True,
        choices=True,
        regex=True,
        schema=True,
        logprobs=True,
        seed=True,
        pictures=True,
        many=True,
        tools=True,
        scores=True,
    )
    assert model.capabilities == every


async def test_a_given_text_has_the_probability_with_which_it_is_sampled(model: Endpoint) -> None:
    form = OutputFormat(max_tokens=6)
    written = SampleRequest(messages=ASK, temperature=0.0, logprobs=True, output_format=form)
    said = (await model.sample(written)).samples[0]
    scored = (await model.sample(SampleRequest(messages=ASK, scored=said.text))).samples[0]
    assert said.logprob is not None
    assert scored.logprob == pytest.approx(said.logprob, abs=0.05)


async def test_n_samples_with_their_log_probabilities(model: Endpoint) -> None:
    reply = await model.sample(
        SampleRequest(
            messages=ASK,
            n=5,
            temperature=1.0,
            seed=3,
            logprobs=True,
            output_format=OutputFormat(max_tokens=12),
        )
    )
    assert len(reply.samples) == 5
    assert len({sample.text for sample in reply.samples}) > 1
    assert all(sample.logprob is not None and sample.logprob < 0 for sample in reply.samples)
    assert sum(sample.tokens for sample in reply.samples) == reply.usage.completion_tokens
    assert reply.usage.prompt_tokens > 0


async def test_a_tool_is_called_where_a_call_is_required(model: Endpoint) -> None:
    add = Tool(
        name="add",
        description="Add two numbers.",
        parameters={
            "type": "object",
            "properties": {"a": {"type": "integer", "maximum": 9}, "b": {"type": "integer", "maximum": 9}},
            "required": ["a", "b"],
            "additionalProperties": False,
        },
    )
    asked = (Message(role="user", content="What is 2 + 3?"),)
    for choice in ("required", "add"):
        request = SampleRequest(
            messages=asked,
            tools=(add,),
            tool_choice=choice,
            seed=1,
            output_format=OutputFormat(max_tokens=64),
        )
        [sample] = (await model.sample(request)).samples
        assert sample.finish in {"tool_calls", "length"}, sample
        for call in sample.tool_calls:
            assert call.name == "add"
            assert set(json.loads(call.arguments)) == {"a", "b"}
    called = ToolCall(id="c1", name="add", arguments='{"a": 2, "b": 3}')
    said = (
        *asked,
        Message(role="assistant", content="", tool_calls=(called,)),
        Message(role="tool", content="5", tool_call_id="c1"),
    )
    assert (await texts(model, SampleRequest(messages=said, output_format=OutputFormat(max_tokens=8))))[0]


async def test_seeds_repeat(model: Endpoint) -> None:
    request = SampleRequest(
        messages=ASK, n=3, temperature=1.0, seed=11, output_format=OutputFormat(max_tokens=12)
    )
    first = await texts(model, request)
    assert await texts(model, request) == first
    other = SampleRequest(
        messages=ASK, n=3, temperature=1.0, seed=12, output_format=OutputFormat(max_tokens=12)
    )
    assert await texts(model, other) != first


async def test_choices_regular_expressions_and_schemas_are_kept_to(model: Endpoint) -> None:
    choices = OutputFormat(choices=("Monday 9:00", "Tuesday 13:30"), max_tokens=12)
    assert set(
        await texts(model, SampleRequest(messages=ASK, n=4, temperature=2.0, output_format=choices))
    ) <= {
        "Monday 9:00",
        "Tuesday 13:30",
    }
    regex = OutputFormat(regex=r"(Mon|Tues)day, [0-9]{2}:(00|30)", max_tokens=12)
    for text in await texts(model, SampleRequest(messages=ASK, n=4, temperature=2.0, output_format=regex)):
        assert re.fullmatch(r"(Mon|Tues)day, [0-9]{2}:(00|30)", text)
    schema = OutputFormat(
        schema={
            "type": "object",
            "properties": {"city": {"enum": ["Paris", "Rome"]}, "sure": {"type": "boolean"}},
            "required": ["city", "sure"],
            "additionalProperties": False,
        },
        max_tokens=60,
    )
    for text in await texts(model, SampleRequest(messages=ASK, n=4, temperature=1.0, output_format=schema)):
        said = json.loads(text)
        assert said["city"] in {"Paris", "Rome"}
        assert isinstance(said["sure"], bool)


async def test_a_stop_text_ends_a_sample_and_is_no_part_of_it(model: Endpoint) -> None:
    free = SampleRequest(messages=ASK, temperature=0.0, output_format=OutputFormat(max_tokens=12))
    whole = (await model.sample(free)).samples[0].text
    assert " of" in whole
    stopped = SampleRequest(
        messages=ASK, temperature=0.0, output_format=OutputFormat(max_tokens=12, stop=(" of",))
    )
    sample = (await model.sample(stopped)).samples[0]
    assert (sample.text, sample.finish) == (whole.split(" of")[0], "stop")


async def test_a_partial_reply_is_continued_and_not_begun_again(model: Endpoint) -> None:
    request = SampleRequest(messages=ASK, temperature=0.0, output_format=OutputFormat(max_tokens=8))
    whole = (await model.sample(request)).samples[0].text
    begin = whole[: whole.index(" of")]
    rest = SampleRequest(
        messages=ASK, prefix=begin, temperature=0.0, output_format=OutputFormat(max_tokens=8)
    )
    assert (await model.sample(rest)).samples[0].text.startswith(whole[len(begin) :])


async def test_the_log_probabilities_of_a_prompt_are_those_of_sampling_it(
    model: Endpoint, real_vllm: str
) -> None:
    request = SampleRequest(
        messages=ASK, temperature=0.0, logprobs=True, output_format=OutputFormat(max_tokens=6, stop=("\n",))
    )
    sample = (await model.sample(request)).samples[0]
    messages = [{"role": "user", "content": ASK[0].content}, {"role": "assistant", "content": sample.text}]
    body = {"model": "smollm2", "messages": messages, "max_tokens": 1, "temperature": 0.0}
    body |= {"prompt_logprobs": 0, "add_generation_prompt": False, "continue_final_message": True}
    said = await post(f"{real_vllm}/chat/completions", body)
    tokens = [next(iter(token.values())) for token in said["prompt_logprobs"] if token]
    spoken = tokens[-sample.tokens :] if sample.finish == "length" else tokens[-(sample.tokens - 1) :]
    assert "".join(token["decoded_token"] for token in spoken) == sample.text
    assert sample.logprob is not None
    # The sample's sum holds its end token as well, which the prompt does not.
    heard = sum(token["logprob"] for token in spoken)
    assert sample.finish == "length" or heard >= sample.logprob
    assert sample.finish == "stop" or heard == pytest.approx(sample.logprob, abs=0.05)


async def test_a_refused_request_is_one_failed_call_with_the_servers_reason(model: Endpoint) -> None:
    endless = (Message(role="user", content="word " * 6000),)
    with pytest.raises(ModelError, match="4096"):
        await model.sample(SampleRequest(messages=endless))


async def test_a_cancelled_call_stops_at_the_server(model: Endpoint, real_vllm: str) -> None:
    before = await load(real_vllm)
    endless = SampleRequest(messages=ASK, n=8, temperature=1.0, output_format=OutputFormat(max_tokens=3000))
    call = asyncio.create_task(model.sample(endless))
    await settled(real_vllm, lambda now: now.running == 8)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    after = await settled(real_vllm, lambda now: now.running == 0)
    assert after.finished == before.finished
    assert after.completion_tokens - before.completion_tokens < 8 * 3000 / 10


async def settled(url: str, done: Callable[[Load], bool], seconds: float = 60.0) -> Load:
    ends = time.monotonic() + seconds
    while not done(now := await load(url)):
        assert time.monotonic() < ends, now
        await asyncio.sleep(0.1)
    return now


async def test_a_calendar_instance_is_solved_from_end_to_end(real_vllm: str, tmp_path: Path) -> None:
    """When tried, 12 seeds of 12 solved it, in 16 trials of 32 samples together; it may take eight."""
    problem = (ROOT / "examples/calendar/three_people.txt").read_text()
    result = await branchwise.solve(
        problem,
        task="calendar",
        strategy="best_of_n",
        knobs={"n": 32},
        model="openai-compatible:smollm2",
        base_url=real_vllm,
        budget=Budget(tokens=40_000),
        store=f"sqlite:///{tmp_path}/runs.sqlite",
        options=Options(temperature=1.5, restarts=True, trials=8),
    )
    assert result.solved
    assert (result.score, result.verified_by) == (1.0, "program")
    assert result.usage.completion_tokens > 0
    # Found by hand: the two half hours before 15:00 in which nobody is busy.
    assert result.answer in {"Monday, 13:30 - 14:00", "Monday, 14:00 - 14:30"}
    task = tasks.load("calendar")
    assert task.read_constraints is not None
    assert task.check is not None
    known = task.read_constraints(problem)
    assert known is not None
    verdict = task.check(known, result.text, True)
    assert verdict is not None
    assert verdict.accepted


@pytest.mark.parametrize("step", [1, 5, 16])
async def test_step_by_step_is_the_same_as_at_once(model: Endpoint, step: int) -> None:
    for asked in ("Count from one to twenty in words.", "Write a table of the days of the week in Markdown."):
        request = SampleRequest(
            messages=(Message(role="user", content=asked),),
            temperature=0.0,
            output_format=OutputFormat(max_tokens=32),
        )
        at_once = await texts(model, request)
        so_far = ""
        for _ in range(32 // step):
            output_format = OutputFormat(max_tokens=step)
            so_far += (await texts(model, replace(request, prefix=so_far, output_format=output_format)))[0]
        assert at_once[0].startswith(so_far)
        assert len(so_far) > 20


async def test_a_yes_or_no_is_weighed_and_reads_only_its_question(model: Endpoint) -> None:
    words = " ".join(f"{number} apples and {number + 3} pears" for number in range(20))
    problem = Message(role="user", content=f"How much fruit is that in all? {words}")
    [plan] = await texts(
        model, SampleRequest(messages=(problem,), temperature=0.0, output_format=OutputFormat(max_tokens=40))
    )
    talk = (problem, Message(role="assistant", content=plan))
    question = Message(role="user", content="Is the solution above correct? Answer Yes or No.")
    output_format = OutputFormat(choices=("Yes", "No"), max_tokens=1)
    reply = await model.sample(
        SampleRequest(messages=(*talk, question), temperature=0.0, output_format=output_format, logprobs=True)
    )
    assert set(reply.samples[0].choices or {}) == {"Yes", "No"}
    assert (
        reply.usage.prompt_tokens - reply.usage.cached_tokens < 32 + 40
    )  # a block, the plan's end, the question


async def test_a_won_race_and_a_cancelled_run_stop_at_the_server(real_vllm: str, tmp_path: Path) -> None:
    pool = Pool.attach([real_vllm])
    before = await load(real_vllm)

    async def run(**options: Any) -> branchwise.Result:
        return await branchwise.solve(
            "Tell a long story of a fox.",
            task="tests.serving.real_task:paragraph",
            strategy="best_of_n",
            knobs={"n": 8},
            model=pool,
            store=f"sqlite:///{tmp_path}/runs.sqlite",
            options=Options(batch=1, temperature=1.0, **options),
        )

    won = await run(race=True)
    assert won.solved
    after = await settled(real_vllm, lambda now: now.running + now.waiting == 0, seconds=10.0)
    assert 1 <= after.finished - before.finished < 8, "the first whole story ended the others"

    other = asyncio.create_task(run())
    await settled(real_vllm, lambda now: now.running == 8)
    other.cancel()
    with pytest.raises(asyncio.CancelledError):
        await other
    await settled(real_vllm, lambda now: now.running + now.waiting == 0, seconds=10.0)
    await pool.aclose()
