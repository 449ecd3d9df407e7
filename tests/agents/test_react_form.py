"""The form of a ReAct step: what it allows is a call that can be read, or an answer; the embedded model keeps to it."""

from __future__ import annotations

import re
from typing import Annotated, Literal

import pytest
from pydantic import Field

import branchwise
from branchwise.agents.react_form import step_form
from branchwise.graphs.search.state import Options
from branchwise.models.grammar import regex_grammar
from branchwise.store.store import Store
from branchwise.tools import READ_ONLY, function_tool
from branchwise.tools.python import python

HERE = "tests.agents.test_react_form"


def seek(
    word: Annotated[str, Field(max_length=20)], most: int, where: Literal["a.b", "c"], share: float = 1.0
) -> str:
    """Seek a word."""
    return f"{word} is at {where}"


def listed(words: list[str]) -> str:
    """Take a list."""
    return " ".join(words)


SEEK = function_tool(seek, hints=READ_ONLY)
FORM = step_form([SEEK, function_tool(listed), python()])


@pytest.mark.parametrize(
    "step",
    [
        'Thought: x.\nAction: seek {"word": "an \\"owl\\"", "most": -3, "where": "a.b"}',
        'Thought: x.\nAction: listed {"words": ["a", "b"]}',
        'Thought: x.\nAction: python {"code": "a = 1\\nprint(a)"}',
        "Thought: x.\nAnswer: 42",
        "Thought: x.\nAnswer: def f():\n    return 1",
    ],
)
def test_what_can_be_read_is_allowed(step: str) -> None:
    assert re.fullmatch(FORM, step)


@pytest.mark.parametrize(
    "step",
    [
        'Action: seek {"word": "owl", "most": 3, "where": "c"}',
        'Thought: x.\nAction: seek {"word": "owl", "most": 3, "where": "axb"}',
        'Thought: x.\nAction: seek {"word": "owl"}',
        'Thought: x.\nAction: seek {"word": "' + "o" * 21 + '", "most": 3, "where": "c"}',
        'Thought: x.\nAction: other {"word": "owl"}',
        "Thought: x.",
    ],
)
def test_what_cannot_be_used_is_not(step: str) -> None:
    assert not re.fullmatch(FORM, step)


def test_the_engines_read_the_form() -> None:
    assert regex_grammar(FORM)


@pytest.mark.embedded
async def test_every_step_of_the_embedded_model_is_a_call_or_an_answer() -> None:
    async with Store.opened("sqlite://") as store:
        await branchwise.solve(
            "Where is the owl?",
            strategy="best_of_n",
            knobs={"n": 1},
            model="embedded",
            store=store,
            budget=900,
            options=Options(tools=(f"{HERE}:SEEK",), verifier="chance"),
        )
        [run] = await store.runs()
        texts = [node.text for node in await store.nodes(run.id) if node.text]
    assert texts
    for text in texts:
        assert re.match(r"Thought: [^\n]+\n(Answer: |Action: seek \{.*\}\nObservation:\n\| )", text), text
        assert "| Error: the arguments are no JSON object" not in text
