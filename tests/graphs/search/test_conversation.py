"""Problems that are conversations."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from branchwise import Budget, solve, submit
from branchwise.graphs.runtime.spec import spec_of
from branchwise.graphs.search.request import input_of
from branchwise.models.capabilities import COMMON
from branchwise.models.protocol import Message, SampleRequest, ToolCall
from branchwise.models.scripted import scripted
from branchwise.store.errors import BadInput, BranchwiseError
from branchwise.store.store import Store

DOT = "data:image/png;base64,iVBORw0KGgo="
TALK: list[dict[str, Any]] = [
    {"role": "user", "content": "What is 17 * 23?"},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {
                "id": "c1",
                "type": "function",
                "function": {"name": "multiply", "arguments": '{"a": 17, "b": 23}'},
            }
        ],
    },
    {"role": "tool", "tool_call_id": "c1", "content": "391"},
    {"role": "assistant", "content": "It is 391."},
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "And this?"},
            {"type": "image_url", "image_url": {"url": DOT}},
        ],
    },
]
SAID = (
    Message(role="system", content="Be brief."),
    Message(role="user", content="What is 17 * 23?"),
    Message(
        role="assistant",
        content="",
        tool_calls=(ToolCall(id="c1", name="multiply", arguments='{"a": 17, "b": 23}'),),
    ),
    Message(role="tool", content="391", tool_call_id="c1"),
    Message(role="assistant", content="It is 391."),
    Message(role="user", content="And this?", pictures=(DOT,)),
)


def answers(request: SampleRequest, seed: int) -> str:
    judging = "verify" in request.messages[-1].content.lower()
    return "Fine.\nScore: 98" if judging else f"  A dot.\n\nNothing else. ({seed % 7})\n"


async def asked(problem: Any, tmp_path: Path, **more: Any) -> tuple[Any, list[SampleRequest]]:
    model = scripted(answers)
    result = await solve(
        problem,
        **{"task": "chat", "strategy": "best_of_n", "knobs": {"n": 2}, **more},
        model=model,
        store=str(tmp_path / "s.sqlite"),
        budget=Budget(calls=20),
    )
    return result, model.requests


async def test_a_conversation_reaches_the_model_as_it_is_and_the_reply_is_the_answer_as_written(
    tmp_path: Path,
) -> None:
    result, requests = await asked(TALK, tmp_path, system="Be brief.")
    assert result.answer is not None
    assert result.answer.startswith("  A dot.\n\nNothing else.")
    assert result.answer.endswith("\n")
    [generated, *judged] = requests
    assert generated.messages == SAID
    told = judged[0].messages[0].content
    assert "System: Be brief." in told
    assert 'Assistant: [calls multiply({"a": 17, "b": 23})]' in told
    assert "[picture]" in told
    assert DOT not in told


async def test_records_are_taken_like_openai_s_form_and_a_text_may_have_a_system_message(
    tmp_path: Path,
) -> None:
    _, requests = await asked(SAID, tmp_path)
    assert requests[0].messages == SAID
    _, requests = await asked("Which way?", tmp_path, system="Speak like a pirate.", task="text")
    question = next(request for request in requests if len(request.messages) == 2).messages
    assert question[0] == Message(role="system", content="Speak like a pirate.")
    assert question[1].content.startswith("Which way?")


async def test_what_ends_with_a_tool_s_result_is_asked_nothing_more(tmp_path: Path) -> None:
    _, requests = await asked(TALK[:3], tmp_path)
    assert requests[0].messages == SAID[1:4]


async def test_a_task_that_reads_its_problem_by_program_gets_what_was_asked(tmp_path: Path) -> None:
    model = scripted(["1 + 3 = 4 (left: 4 6 8)"])
    await solve(
        "1 3 6 8",
        system="Play fair.",
        task="game24",
        strategy="best_of_n",
        knobs={"n": 1},
        model=model,
        store=str(tmp_path / "s.sqlite"),
        budget=Budget(calls=2),
    )
    assert [message.role for message in model.requests[0].messages] == ["system", "user"]


async def test_a_queue_takes_conversations_and_keeps_what_it_needs(tmp_path: Path) -> None:
    store = str(tmp_path / "s.sqlite")
    ids = await submit(
        [TALK, {"problem": TALK, "system": "Be brief.", "task": "chat"}, "a text"], store=store, task="chat"
    )
    async with Store.opened(store) as db:
        specs = [(await db.run(run)).spec for run in ids]
    assert isinstance(specs[2], dict)
    assert "messages" not in specs[2], "what older versions read is as they wrote it"
    kept = input_of(spec_of(json.loads(json.dumps(specs[1]))))
    assert [message["role"] for message in kept.messages] == [message.role for message in SAID]


WRONG: list[tuple[Any, str]] = [
    ([], "1 to 1000 messages"),
    (7, "a text or a list of messages"),
    ({"role": "user", "content": "x"}, "a text or a list of messages"),
    ([7], "Message 1 is not an object"),
    ([{"role": "wizard", "content": "x"}], "Message 1: A message's role is one of"),
    ([{"role": "user"}], "Message 1: A message's content is a text"),
    ([{"role": "user", "content": [{"type": "input_audio"}]}], "Message 1: A message's content"),
    (
        [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "/etc/passwd"}}]}],
        "A picture within",
    ),
    ([{"role": "assistant", "content": "x"}], "ends with the user's or a tool's"),
    ([{"role": "tool", "content": "x"}], "names by `tool_call_id`"),
    ([{"role": "tool", "content": "x", "tool_call_id": "c9"}], "answers the call `c9`, which nobody made"),
    ([{"role": "user", "content": "x", "tool_calls": [{}]}], "`tool_calls` is a list"),
    ([{"role": "user", "content": "x" * 400_001}], "400000 characters"),
    ([{"role": "user", "content": "\ud800"}], "no valid Unicode"),
]


@pytest.mark.parametrize(("problem", "words"), WRONG)
async def test_what_is_no_conversation_is_bad_input(problem: Any, words: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=words):
        await asked(problem, tmp_path)
    if isinstance(problem, list):
        with pytest.raises(BadInput, match=words):
            await submit([problem], store=str(tmp_path / "q.sqlite"), task="chat")


async def test_an_engine_without_pictures_or_tools_is_refused_before_anything_is_spent(
    tmp_path: Path,
) -> None:
    for lacking, words in (("pictures", "needs pictures"), ("tools", "needs tools")):
        model = scripted(answers, capabilities=replace(COMMON, **{lacking: False}))
        with pytest.raises(BranchwiseError, match=words):
            await solve(TALK, task="chat", model=model, store=str(tmp_path / "s.sqlite"))
        assert not model.requests
