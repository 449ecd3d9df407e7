import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from branchwise.models.codec import read_reply, read_request, reply_json, request_json
from branchwise.models.protocol import (
    Message,
    OutputFormat,
    Reply,
    Sample,
    SampleRequest,
    TokenLogprob,
    Tool,
    ToolCall,
)
from branchwise.store.errors import Damaged, StoreError
from branchwise.store.records import Usage

numbers = st.floats(allow_nan=False, allow_infinity=False)
counts = st.integers(0, 2**31 - 1)
amounts = st.floats(0, 1e12)
texts = st.text(max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
shapes = st.builds(
    OutputFormat,
    max_tokens=counts,
    stop=st.lists(texts, max_size=3).map(tuple),
    choices=st.lists(texts, max_size=3).map(tuple),
    regex=st.none() | texts,
    schema=st.none() | st.dictionaries(texts, values, max_size=3),
)
requests = st.builds(
    SampleRequest,
    messages=st.lists(
        st.builds(Message, role=st.sampled_from(["system", "user", "assistant"]), content=texts), max_size=3
    ).map(tuple),
    prefix=texts,
    n=counts,
    temperature=numbers,
    top_p=numbers,
    output_format=shapes,
    seed=st.none() | st.integers(),
    logprobs=st.booleans(),
    token_logprobs=st.none() | st.integers(0, 20),
)
samples = st.builds(
    Sample,
    text=texts,
    tokens=counts,
    finish=st.sampled_from(["stop", "length", "error"]),
    logprob=st.none() | numbers,
    token_logprobs=st.lists(
        st.builds(
            TokenLogprob,
            token=texts,
            logprob=numbers,
            top=st.lists(st.tuples(texts, numbers), max_size=2).map(tuple),
        ),
        max_size=2,
    ).map(tuple),
    error=st.none() | texts,
)
usages = st.builds(Usage, calls=counts, prompt_tokens=counts, seconds=amounts, cost=amounts)
replies = st.builds(Reply, samples=st.lists(samples, max_size=3).map(tuple), usage=usages)


@given(requests)
def test_a_request_survives_json(request_: SampleRequest) -> None:
    assert read_request(json.loads(json.dumps(request_json(request_)))) == request_


@given(replies)
def test_a_reply_survives_json(reply: Reply) -> None:
    assert read_reply(json.loads(json.dumps(reply_json(reply)))) == reply


REPLY = json.loads(json.dumps(reply_json(Reply(samples=(), usage=Usage()))))


@pytest.mark.parametrize(
    "damaged",
    [None, [], "x", {}, {**REPLY, "version": "1"}, {**REPLY, "samples": 3}, {"version": 1, "samples": []}],
)
def test_a_damaged_record_says_so(damaged: object) -> None:
    with pytest.raises(Damaged, match="recorded call is damaged"):
        read_reply(damaged)  # type: ignore[arg-type]
    with pytest.raises(Damaged, match="recorded call is damaged"):
        read_request(damaged)  # type: ignore[arg-type]


def test_a_record_of_a_later_version_says_so() -> None:
    with pytest.raises(StoreError, match="later version"):
        read_reply({**REPLY, "version": 2})


@pytest.mark.parametrize(
    "usage",
    [{"prompt_tokens": -1}, {"completion_tokens": 10**400}, {"cost": math.inf}, {"seconds": math.nan}],
)
def test_numbers_that_no_call_has_are_damage(usage: dict[str, float]) -> None:
    with pytest.raises(Damaged):
        read_reply({**REPLY, "usage": {**REPLY["usage"], **usage}})


def test_a_recorded_sample_that_no_model_can_have_written_has_failed() -> None:
    poison = Sample(text="\n" * 1_000_001, tokens=3)
    fine = Sample(
        text="fine", tokens=1, reasoning="so", tool_calls=(ToolCall(id="c", name="f", arguments="{}"),)
    )
    long, kept = read_reply(reply_json(Reply(samples=(poison, fine), usage=Usage()))).samples
    assert (long.text, long.finish) == ("", "error")
    assert kept == fine


def test_what_came_later_is_left_out_at_its_default() -> None:
    request = SampleRequest(messages=(Message(role="user", content="x"),))
    written = request_json(request)
    assert isinstance(written, dict)
    assert not {"tools", "tool_choice", "token_logprobs"} & set(written)
    assert written["messages"] == [{"role": "user", "content": "x"}]
    more = SampleRequest(
        messages=(
            Message(role="assistant", content="", tool_calls=(ToolCall(id="c", name="f", arguments="{}"),)),
            Message(role="tool", content="1", tool_call_id="c"),
        ),
        tools=(Tool(name="f", parameters={"type": "object"}),),
        tool_choice="required",
    )
    assert read_request(json.loads(json.dumps(request_json(more)))) == more
