"""Tools on a real vLLM that parses calls itself (`--tool-call-parser`), which the shared one does not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from branchwise.models.endpoint import endpoint
from branchwise.models.protocol import Message, OutputFormat, SampleRequest, Tool, ToolCall
from tests.conftest import PROFILE, pool_up

pytestmark = pytest.mark.vllm

ADD = Tool(
    name="add",
    description="Add two whole numbers.",
    parameters={
        "type": "object",
        "properties": {"a": {"type": "integer", "maximum": 9}, "b": {"type": "integer", "maximum": 9}},
        "required": ["a", "b"],
        "additionalProperties": False,
    },
)
ASK = (Message(role="user", content="What is 2 + 3?"),)


@pytest.fixture(scope="module")
def parsing_vllm(smollm2: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of a vLLM with a parser of tool calls."""
    home = tmp_path_factory.mktemp("tools")
    profile = home / "tools.toml"
    begin, found, rest = PROFILE.read_text(encoding="utf-8").partition("arguments = [")
    assert found
    flags = '"--enable-auto-tool-choice", "--tool-call-parser", "hermes", '
    profile.write_text(begin + found + flags + rest, encoding="utf-8")
    with pool_up(home, "--profile", str(profile), "--model", str(smollm2)) as pool:
        yield pool.url()


async def test_calls_are_parsed_by_the_server_and_conversations_with_results_go_on(parsing_vllm: str) -> None:
    model = endpoint("smollm2", base_url=parsing_vllm)
    await model.check()
    assert model.capabilities.tools
    for choice in ("required", "add", "auto"):
        request = SampleRequest(
            messages=ASK,
            tools=(ADD,),
            tool_choice=choice,
            n=2,
            seed=1,
            output_format=OutputFormat(max_tokens=96),
        )
        for sample in (await model.sample(request)).samples:
            assert sample.error is None or sample.finish == "length", sample
            for call in sample.tool_calls:
                assert call.name == "add"
                # vLLM 0.32 holds a required call to its name and to JSON, and not to the parameters' schema.
                assert json.loads(call.arguments) is not None
            assert choice == "auto" or sample.tool_calls or sample.finish == "length"
    assert not model._tools_as_text, "the server's own parser was used"
    called = ToolCall(id="c1", name="add", arguments='{"a": 2, "b": 3}')
    talk = (
        *ASK,
        Message(role="assistant", content="", tool_calls=(called,)),
        Message(role="tool", content="5", tool_call_id="c1"),
    )
    [sample] = (await model.sample(SampleRequest(messages=talk, tools=(ADD,)))).samples
    assert sample.error is None
    await model.aclose()
