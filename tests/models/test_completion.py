"""Replies as servers write them: OpenAI, Azure, Mistral, DeepSeek, Together, Ollama, LM Studio, sglang, TGI."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from branchwise.models.completion import read
from branchwise.models.failures import Refused
from branchwise.models.protocol import Message, OutputFormat, Reply, Sample, SampleRequest, Tool, ToolCall
from branchwise.store.errors import ModelError

ASK = (Message(role="user", content="What is 17 * 23? " * 8),)
ADD = Tool(name="add", parameters={"type": "object"})


def ask(**more: Any) -> SampleRequest:
    return SampleRequest(messages=ASK, **more)


def completion(*messages: Any, usage: Any = ..., **choice: Any) -> dict[str, Any]:
    body: dict[str, Any] = {
        "id": "x",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [
            {"index": i, "message": message, "finish_reason": "stop", **choice}
            for i, message in enumerate(messages)
        ],
    }
    body["usage"] = {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8} if usage is ... else usage
    return body


def says(text: Any, **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": text, **more}


def one(body: Any, request: SampleRequest | None = None) -> Sample:
    [sample] = read(json.dumps(body).encode(), request or ask(), 1.0).samples
    return sample


SERVERS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "OpenAI": (
        completion(says("391", refusal=None, annotations=[]), logprobs=None) | {"service_tier": "default"},
        {"text": "391", "finish": "stop"},
    ),
    "OpenAI, a reasoning model cut off": (
        completion(
            says(""),
            finish_reason="length",
            usage={
                "prompt_tokens": 5,
                "completion_tokens": 64,
                "total_tokens": 69,
                "completion_tokens_details": {"reasoning_tokens": 64},
            },
        ),
        {"text": "", "finish": "length", "tokens": 64},
    ),
    "OpenAI, refusing": (
        completion(says(None, refusal="I can't help with that.")),
        {"finish": "error", "error": "the model refused: I can't help with that."},
    ),
    "Azure, filtered": (
        completion(
            says(""), finish_reason="content_filter", content_filter_results={"hate": {"filtered": True}}
        )
        | {"prompt_filter_results": [{"prompt_index": 0}]},
        {"finish": "error", "error": "it ended with `content_filter`"},
    ),
    "Mistral, thinking in parts": (
        completion(
            says(
                [
                    {"type": "thinking", "thinking": [{"type": "text", "text": "17 * 20 is 340"}]},
                    {"type": "text", "text": "391"},
                ],
                tool_calls=None,
                prefix=False,
            )
        ),
        {"text": "391", "reasoning": "17 * 20 is 340", "finish": "stop"},
    ),
    "Mistral, cut off": (
        completion(says("39"), finish_reason="model_length"),
        {"text": "39", "finish": "length"},
    ),
    "DeepSeek": (
        completion(
            says("391", reasoning_content="First 17 * 20."),
            usage={
                "prompt_tokens": 9,
                "completion_tokens": 3,
                "prompt_cache_hit_tokens": 4,
                "prompt_cache_miss_tokens": 5,
            },
        ),
        {"text": "391", "reasoning": "First 17 * 20.", "finish": "stop"},
    ),
    "DeepSeek, reasoning only": (
        completion(says(None, reasoning_content="First 17 * 20.")),
        {"finish": "error", "error": "it holds reasoning and no answer", "reasoning": "First 17 * 20."},
    ),
    "DeepSeek, overloaded": (
        completion(says("39"), finish_reason="insufficient_system_resource"),
        {"finish": "error", "error": "it ended with `insufficient_system_resource`"},
    ),
    "Together": (
        completion(says("391", tool_calls=[]), finish_reason="eos", seed=42, logprobs=None) | {"prompt": []},
        {"text": "391", "finish": "stop"},
    ),
    "Ollama": (
        completion(says("391", reasoning="First 17 * 20.")) | {"system_fingerprint": "fp_ollama"},
        {"text": "391", "reasoning": "First 17 * 20.", "finish": "stop"},
    ),
    "LM Studio, marks in the text": (
        completion(says("<think>\nFirst 17 * 20, Answer: 5 maybe.\n</think>\n\n391"), logprobs=None)
        | {"stats": {}},
        {"text": "391", "reasoning": "First 17 * 20, Answer: 5 maybe.", "finish": "stop"},
    ),
    "a template that opens the mark itself": (
        completion(says("First 17 * 20.\n</think>\n391")),
        {"text": "391", "reasoning": "First 17 * 20.", "finish": "stop"},
    ),
    "cut off within its reasoning": (
        completion(says("<think>First 17"), finish_reason="length"),
        {"text": "", "reasoning": "First 17", "finish": "length"},
    ),
    "sglang": (
        completion(
            says("391", reasoning_content=None, tool_calls=None),
            logprobs=None,
            matched_stop=2,
            finish_reason="stop",
        )
        | {"metadata": {"weight_version": "default"}},
        {"text": "391", "finish": "stop"},
    ),
    "TGI": (
        completion(says("391"), finish_reason="eos_token", logprobs=None)
        | {"system_fingerprint": "3.0.0-native"},
        {"text": "391", "finish": "stop"},
    ),
    "the form of completions": (
        {"choices": [{"text": "391", "index": 0, "finish_reason": "stop"}], "usage": {}},
        {"text": "391", "finish": "stop"},
    ),
    "OpenRouter, an error of one choice": (
        completion(says(""), finish_reason="error", error={"code": 502, "message": "Upstream error"}),
        {"finish": "error", "error": "Upstream error"},
    ),
    "null": (completion(says(None)), {"finish": "error", "error": "it holds no text"}),
    "empty": (completion(says("")), {"finish": "error", "error": "it is empty"}),
    "half of a character": (completion(says("39\ud800")), {"text": "39\ufffd", "finish": "stop"}),
}


@pytest.mark.parametrize("server", SERVERS)
def test_each_server_s_form_is_read(server: str) -> None:
    body, expected = SERVERS[server]
    sample = one(body)
    assert {name: getattr(sample, name) for name in expected} == expected


CALLS: dict[str, Any] = {
    "OpenAI": {
        "tool_calls": [
            {"id": "call_a", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}}
        ]
    },
    "Ollama, arguments as an object": {
        "tool_calls": [{"id": "call_a", "function": {"name": "add", "arguments": {"a": 1}}}]
    },
    "before tools": {"function_call": {"name": "add", "arguments": '{"a": 1}'}},
}


@pytest.mark.parametrize("server", CALLS)
def test_tool_calls_are_kept_where_tools_were_offered(server: str) -> None:
    body = completion(says(None, **CALLS[server]), finish_reason="tool_calls")
    sample = one(body, ask(tools=(ADD,)))
    [call] = sample.tool_calls
    assert (sample.finish, sample.text, call.name, json.loads(call.arguments)) == (
        "tool_calls",
        "",
        "add",
        {"a": 1},
    )
    assert call == ToolCall(id=call.id, name="add", arguments='{"a": 1}')
    uncalled = one(body)
    assert (uncalled.finish, uncalled.error) == ("error", "the model called a tool, and none was offered")


@pytest.mark.parametrize(
    "usage",
    [
        None,
        {},
        {"prompt_tokens": 5},
        {"completion_tokens": 0},
        "many",
        {"completion_tokens": 2**63, "prompt_tokens": -1},
    ],
)
def test_tokens_that_nobody_counts_are_estimated(usage: Any) -> None:
    reply = read(json.dumps(completion(says("one hundred and ninety-one"), usage=usage)).encode(), ask(), 1.0)
    assert reply.usage.estimated == 1
    assert 4 <= reply.usage.completion_tokens <= 10
    assert reply.usage.prompt_tokens > 0
    assert reply.samples[0].tokens == reply.usage.completion_tokens


@pytest.mark.parametrize("value", ["NaN", "null", "-1e999", '"x"', "{}", "-" + "9" * 400])
def test_one_odd_number_costs_no_other_sample(value: str) -> None:
    choices = [
        {
            "index": i,
            "message": {"content": f"s{i}"},
            "finish_reason": "stop",
            "logprobs": {"content": [{"token": "t", "logprob": "@" if i == 1 else -0.5, "top_logprobs": []}]},
        }
        for i in range(3)
    ]
    body = json.dumps({"choices": choices}).replace('"@"', value).encode()
    reply = read(body, ask(n=3, logprobs=True), 1.0)
    assert [sample.logprob for sample in reply.samples] == [-0.5, None, -0.5]
    assert [sample.text for sample in reply.samples] == ["s0", "s1", "s2"]
    assert all(sample.logprob is None for sample in read(body, ask(n=3), 1.0).samples)


@pytest.mark.parametrize("indexes", [(0, 0), (None, None), (1, 0), (7, 9), ("0", "1")])
def test_samples_are_numbered_from_0_or_come_in_order(indexes: tuple[Any, Any]) -> None:
    choices = [{"index": i, "message": says(t)} for i, t in zip(indexes, "ab", strict=True)]
    texts = [sample.text for sample in read(json.dumps({"choices": choices}).encode(), ask(n=2), 1.0).samples]
    assert texts == (["b", "a"] if indexes == (1, 0) else ["a", "b"])


def test_a_damaged_choice_is_one_failed_sample() -> None:
    body = completion(says("a"), says("b"))
    body["choices"][0] = {"index": 0, "message": 7}
    assert [sample.finish for sample in read(json.dumps(body).encode(), ask(n=2), 1.0).samples] == [
        "error",
        "stop",
    ]


ERRORS: list[tuple[Any, int, str]] = [
    ({"error": {"message": "Upstream error: overloaded", "code": 502}}, 502, "overloaded"),
    (
        {"choices": None, "error": {"message": "Provider returned error", "code": "429"}},
        429,
        "Provider returned",
    ),
    ({"error": {"message": "Out of credit", "code": 402}}, 402, "Out of credit"),
    ({"error": "model not found"}, 400, "model not found"),
    ({"error": "overloaded", "error_type": "overloaded"}, 400, "overloaded"),
    ({"object": "error", "message": "too long", "code": 400}, 400, "too long"),
    ({"error": {"message": "slow down", "type": "rate_limit_exceeded"}}, 429, "slow down"),
    ({"choices": [], "error": {"message": "x" * 10_000}}, 400, "xxx"),
]


@pytest.mark.parametrize(("body", "status", "words"), ERRORS)
def test_an_error_inside_a_200_is_an_error(body: Any, status: int, words: str) -> None:
    with pytest.raises(Refused, match=words) as refused:
        read(json.dumps(body).encode(), ask(), 1.0)
    assert refused.value.status == status


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<html>login</html>", "a web page"),
        (b"data: {}\n\n", "streamed"),
        (b"", "cannot be read"),
        (b"[" * 100_000, "recursion"),
        (b"[]", "not a JSON object"),
        (b'{"choices": "x"}', "no list of `choices`"),
        (b'{"choices": [7]}', "holds no message"),
        (b'{"a": ' + b"9" * 100_000 + b"}", "cannot be read"),
    ],
)
def test_what_is_no_completion_is_an_error_that_says_what_it_is(body: bytes, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        read(body, ask(), 1.0)


def test_a_sample_longer_than_its_tokens_is_a_failed_one() -> None:
    body = completion(says("\n" * 200_000 + "x"), says("fine"))
    long, fine = read(json.dumps(body).encode(), ask(n=2), 1.0).samples
    assert (long.finish, long.text, fine.finish) == ("error", "", "stop")
    assert long.error is not None
    assert "longer than 20,480 characters" in long.error


def test_a_text_ends_at_the_texts_that_end_it_also_where_the_server_does_not_know_them() -> None:
    assert one(completion(says("a\n\nb")), ask(output_format=OutputFormat(stop=("\n\n",)))).text == "a"


@pytest.mark.parametrize(
    ("form", "text", "fine"),
    [
        (OutputFormat(choices=("Yes", "No")), "bananas", False),
        (OutputFormat(regex=r"\d{3}"), "bananas", False),
        (OutputFormat(regex=r"\d{3}"), "123", True),
        (OutputFormat(regex=r"(?=1)\d{3}"), "123", True),
        (OutputFormat(schema={"type": "object"}), "bananas", False),
        (OutputFormat(schema={"type": "object"}), "[1]", False),
        (OutputFormat(schema={"type": "object", "required": ["a"]}), "{}", False),
        (OutputFormat(schema={"type": "array", "items": {"enum": ["a", 1]}}), '["a", 1]', True),
        (OutputFormat(schema={"type": "array", "items": {"type": "integer"}}), "[1, true]", False),
        (OutputFormat(schema={"properties": {"a": {}}, "additionalProperties": False}), '{"b": 1}', False),
        (OutputFormat(schema={"type": ["number", "null"]}), "null", True),
    ],
)
def test_a_form_that_the_server_left_out_is_noticed(form: OutputFormat, text: str, fine: bool) -> None:
    assert (one(completion(says(text)), ask(output_format=form)).finish == "stop") == fine


def test_no_pattern_and_no_text_take_long() -> None:
    form = OutputFormat(regex=r"(a+)+b", max_tokens=10_000)
    began = time.process_time()
    assert one(completion(says("a" * 100_000)), ask(output_format=form)).finish == "error"
    assert time.process_time() - began < 2


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "content",
                    "text",
                    "type",
                    "message",
                    "function",
                    "name",
                    "arguments",
                    "id",
                    "logprob",
                    "error",
                ]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@settings(deadline=None, max_examples=300)
@given(
    st.fixed_dictionaries(
        {
            "choices": st.lists(
                st.fixed_dictionaries(
                    {},
                    optional={
                        "index": junk,
                        "message": st.fixed_dictionaries(
                            {},
                            optional=dict.fromkeys(
                                ("content", "tool_calls", "reasoning_content", "refusal"), junk
                            ),
                        ),
                        "finish_reason": junk,
                        "logprobs": junk | st.fixed_dictionaries({"content": st.lists(junk, max_size=3)}),
                        "error": junk,
                    },
                ),
                max_size=3,
            )
        },
        optional={"usage": junk, "error": junk},
    )
)
def test_whatever_a_reply_holds_it_is_read_or_refused(body: dict[str, Any]) -> None:
    request = ask(n=2, logprobs=True, tools=(ADD,), output_format=OutputFormat(choices=("a", "b")))
    try:
        reply = read(json.dumps(body).encode(), request, 1.0)
    except ModelError:
        return
    assert isinstance(reply, Reply)
    for sample in reply.samples:
        assert 0 <= sample.tokens <= 10**8
        sample.text.encode()


def entry(text: str, logprob: object = -0.5, *likelier: str) -> dict[str, Any]:
    found = {"7": {"decoded_token": text, "logprob": logprob, "rank": 1}}
    return found | {str(i): {"decoded_token": one, "logprob": -0.1} for i, one in enumerate(likelier, 100)}


def test_a_given_text_is_scored_by_the_last_tokens_of_the_prompt() -> None:
    body = completion({"role": "assistant", "content": "!"})
    body["prompt_logprobs"] = [None, entry("user: hi\n", -9), entry("Par", -1.5, "Lon"), entry("is", -0.25)]
    [sample] = read(body, ask(scored="Paris"), 0.1).samples
    assert (sample.text, sample.logprob, sample.tokens, sample.error) == ("Paris", -1.75, 3, None)


@pytest.mark.parametrize(
    "listed",
    [
        None,
        [],
        "x",
        [None],
        [entry("is")],
        [entry("xPar"), entry("is")],
        [entry("Par", None), entry("is")],
        [entry("Par", "-1"), entry("is")],
        [entry("Par", float("nan")), entry("is")],
        [{}, entry("is")],
        [{"7": 3}, entry("is")],
    ],
)
def test_tokens_that_are_not_the_text_score_nothing(listed: Any) -> None:
    body = completion({"role": "assistant", "content": "!"})
    body["prompt_logprobs"] = listed
    [sample] = read(body, ask(scored="Paris"), 0.1).samples
    assert sample.logprob is None
    assert sample.finish == "error"
