"""Log-probabilities of single tokens: what is read of them, and OpenAI's form."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from branchwise.models.completion import read
from branchwise.models.limits import most_bytes
from branchwise.models.protocol import Message, OutputFormat, Sample, SampleRequest, TokenLogprob
from branchwise.models.token_logprobs import openai_logprobs, read_tokens
from branchwise.models.wire import TOP, write


def ask(most: int | None = 2, **more: Any) -> SampleRequest:
    said = (Message(role="user", content="Hi"),)
    return SampleRequest(messages=said, logprobs=True, token_logprobs=most, **more)


def entry(token: object, logprob: object = -0.5, *top: tuple[str, float]) -> dict[str, Any]:
    likely = [{"token": one, "logprob": value} for one, value in top]
    return {"token": token, "logprob": logprob, "bytes": None, "top_logprobs": likely}


def answered(request: SampleRequest, *entries: Any, content: str = "ab", **message: Any) -> Sample:
    choice = {
        "message": {"content": content, **message},
        "finish_reason": "stop",
        "logprobs": {"content": list(entries)},
    }
    return read(json.dumps({"choices": [choice]}).encode(), request, 1.0).samples[0]


def test_tokens_are_asked_for_and_read() -> None:
    likely = (("a", -0.1), ("b", -2.5), ("c", -3.0))
    found = answered(ask(), entry("a", -0.1, *likely), entry("b"))
    assert found.token_logprobs == (
        TokenLogprob(token="a", logprob=-0.1, top=likely[:2]),  # a server may send more than was asked for
        TokenLogprob(token="b", logprob=-0.5),
    )
    assert found.logprob == pytest.approx(-0.6)
    body = write(ask(), "openai")
    assert (body["logprobs"], body["top_logprobs"]) == (True, 2)
    assert write(ask(0), "openai")["top_logprobs"] == 0
    assert "top_logprobs" not in write(ask(None), "openai")
    assert write(ask(0, output_format=OutputFormat(choices=("a", "b"))), "openai")["top_logprobs"] == TOP
    assert answered(ask(None), entry("a"), entry("b")).token_logprobs == ()
    assert most_bytes(ask(20)) > most_bytes(ask(0))


def test_tokens_of_another_text_than_the_answer_are_not_given() -> None:
    entries = (entry("a"), entry("b"))
    stopped = answered(ask(output_format=OutputFormat(stop=("b",))), *entries)
    assert (stopped.text, stopped.token_logprobs) == ("a", ())
    thought = answered(ask(), *entries, reasoning_content="so")
    assert (thought.text, thought.token_logprobs) == ("ab", ())


@pytest.mark.parametrize(
    "odd", [entry(3), entry("b", "x"), entry("b", None), entry("b", True), [], None, "b"]
)
def test_tokens_that_cannot_be_read_are_not_given(odd: Any) -> None:
    found = answered(ask(), entry("a"), odd)
    assert (found.text, found.error, found.token_logprobs) == ("ab", None, ())


def test_tokens_longer_than_any_answer_are_not_given() -> None:
    assert read_tokens([entry("ab")] * 3, ask(), 6)
    assert read_tokens([entry("ab")] * 3, ask(), 5) == ()
    assert read_tokens([{"token": "a", "logprob": float("-inf")}], ask(), 5)[0].logprob == -9999.0
    assert read_tokens([{"token": "\ud800", "logprob": -1.0}], ask(), 5)[0].token == "\ufffd"


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["token", "logprob", "top_logprobs"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.lists(JUNK, max_size=3))
def test_whatever_a_server_sends_can_be_sent_on(listed: list[Any]) -> None:
    found = read_tokens(listed, ask(), 100)
    assert len(found) in {0, len(listed)}
    json.dumps(openai_logprobs(found), allow_nan=False).encode()


def test_bytes_are_those_of_the_text_unless_it_is_a_part_of_a_character() -> None:
    said: Any = openai_logprobs([TokenLogprob(token="é", logprob=-1.0, top=(("\ufffd", -2.0),))])
    [one] = said["content"]
    assert one["bytes"] == [195, 169]
    assert one["top_logprobs"] == [{"token": "\ufffd", "logprob": -2.0, "bytes": None}]
