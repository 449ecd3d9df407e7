"""Tools as text, for engines that write text only."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from branchwise.models import hermes
from branchwise.models.protocol import Message, OutputFormat, Reply, Sample, SampleRequest, Tool, ToolCall
from branchwise.store.records import Usage

ADD = Tool(
    name="add", parameters={"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
)
ASK = SampleRequest(messages=(Message(role="user", content="add 1"),), tools=(ADD,))


def read(text: str, request: SampleRequest = ASK) -> Sample:
    [sample] = hermes.read(Reply(samples=(Sample(text=text, tokens=3),), usage=Usage()), request).samples
    return sample


def test_tools_are_told_in_the_system_message_and_the_rest_is_left_alone() -> None:
    plain = hermes.plain(ASK)
    assert [message.role for message in plain.messages] == ["system", "user"]
    assert (
        json.dumps({"name": "add", "description": "", "parameters": ADD.parameters})
        in plain.messages[0].content
    )
    assert (plain.tools, plain.output_format, plain.prefix) == ((), OutputFormat(), "")
    without = SampleRequest(messages=ASK.messages)
    assert hermes.plain(without) == without


def test_calls_and_results_of_a_conversation_become_text() -> None:
    call = ToolCall(id="c1", name="add", arguments='{"a": 1}')
    said = (
        Message(role="system", content="Be brief."),
        Message(role="assistant", content="Well.", tool_calls=(call,)),
        Message(role="tool", content="1", tool_call_id="c1"),
    )
    system, assistant, result = hermes.plain(SampleRequest(messages=said, tools=(ADD,))).messages
    assert system.content.startswith("Be brief.\n\n")
    assert assistant.content == 'Well.\n<tool_call>\n{"name": "add", "arguments": {"a": 1}}\n</tool_call>'
    assert (result.role, result.content) == ("user", "<tool_response>\n1\n</tool_response>")


def test_a_call_is_found_with_the_text_around_it_and_named_by_its_place_in_the_conversation() -> None:
    text = 'I add.\n<tool_call>\n{"name": "add", "arguments": {"a": 1}}\n</tool_call>'
    sample = read(text)
    assert (sample.text, sample.finish) == ("I add.", "tool_calls")
    assert sample.tool_calls == (ToolCall(id="call_0", name="add", arguments='{"a": 1}'),)


@pytest.mark.parametrize(
    "text",
    [
        "no call",
        "<tool_call>{broken</tool_call>",
        '<tool_call>{"name": "rm", "arguments": {}}</tool_call>',
        '<tool_call>{"name": ["add"]}</tool_call>',
        "<tool_call>7</tool_call>",
    ],
)
def test_what_is_no_call_of_an_offered_tool_is_text(text: str) -> None:
    assert (read(text).text, read(text).finish, read(text).tool_calls) == (text, "stop", ())


@given(st.text(alphabet='<tool_call>/{}":, adn', max_size=80))
def test_whatever_a_model_writes_is_read(text: str) -> None:
    assert isinstance(read(text), Sample)


@pytest.mark.parametrize("choice", ["required", "add"])
def test_where_a_call_is_required_decoding_is_held_to_one(choice: str) -> None:
    request = SampleRequest(messages=ASK.messages, tools=(ADD, Tool(name="sub")), tool_choice=choice)
    plain = hermes.plain(request)
    assert plain.prefix == "<tool_call>\n"
    assert plain.output_format.schema is not None
    assert ("anyOf" in plain.output_format.schema) == (choice == "required")
    assert read('{"name": "add", "arguments": {"a": 1}}', request).finish == "tool_calls"
