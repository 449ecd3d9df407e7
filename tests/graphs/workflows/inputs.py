"""Small inputs of the workflows of papers, and what a scripted model says to them, for tests of all of them."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from branchwise.models.protocol import Message, SampleRequest
from branchwise.tools.function import function_tool
from branchwise.tools.protocol import READ_ONLY


def _length(word: str) -> int:
    if outbox := os.environ.get("OUTBOX"):  # of a test that counts calls over processes
        with Path(outbox).open("a", encoding="utf-8") as file:
            file.write(f"{word}\n")
    return len(word)


def _broken(word: str) -> int:
    raise ValueError(f"no {word}")


length = function_tool(_length, name="length", description="Letters of a word.", hints=READ_ONLY)
broken = function_tool(_broken, name="broken", description="Fails.", hints=READ_ONLY)
needs_optuna = pytest.mark.skipif(
    find_spec("optuna") is None and not os.environ.get("CI"), reason="the extra `tuning` is not installed"
)
QUESTION = "Which of these is a fruit?"
CHOICES = ["stone", "apple", "chair", "cloud"]
DOCUMENTS = [
    "Melville wrote a book of a whale.",
    "Melville was born in New York.",
    "Thoreau wrote of a pond.",
]
INPUTS: dict[str, Any] = {
    "archon": {
        "problem": "What is 2 + 3?",
        "layers": [
            [{"type": "generator", "samples": 2}, {"type": "generator"}],
            [{"type": "critic"}],
            [{"type": "ranker", "top_k": 2}],
            [{"type": "verifier"}],
            [{"type": "unit_test_generator", "tests": 2}],
            [{"type": "unit_test_evaluator", "top_k": 2}],
            [{"type": "fuser"}],
        ],
    },
    "archon_search": {
        "problems": [{"problem": "What is 2 + 3?", "expected": "5"}],
        "held_out": [{"problem": "What is 2 + 4?", "expected": "6"}],
        "calls": 2,
        "trials": 2,
    },
    "medprompt": {
        "question": QUESTION,
        "choices": CHOICES,
        "examples": [{"question": "Which is an animal?", "choices": ["dog", "wall"], "answer": "dog"}],
        "orders": 3,
    },
    "medprompt_examples": {
        "questions": [{"question": QUESTION, "choices": CHOICES, "answer": choice} for choice in CHOICES[:2]]
    },
    "preflexor": {"question": "What is 2 + 3?", "rounds": 2},
    "drag": {
        "question": "Where was the author of the whale book born?",
        "documents": DOCUMENTS,
        "demonstrations": [{"question": "Who wrote of a pond?", "answer": "Thoreau"}],
        "k": 2,
        "rounds": 2,
    },
    "rerank": {
        "question": "Who wrote of a whale?",
        "documents": DOCUMENTS,
        "k": 3,
        "paragraphs": 2,
        "samples": 2,
        "score": "noisy_channel",
    },
    "prompt_router": {
        "problem": "What is 2 + 3?",
        "prompts": {"plain": "{problem}", "steps": "Think step by step. {problem}"},
        "rule": "likelihood",
    },
    "dta": {"task": "How long are two words?", "tools": [f"{__name__}:length", f"{__name__}:broken"]},
    "start": {"problem": "What is 6 * 7?", "hints": 2, "kind": "calculation"},
}
"""One input for each workflow: as few calls as reach all of its nodes."""


def plan(asked: str) -> str:
    """Two rounds of calls, of which one fails where there is such a tool, and the answer."""
    done = asked.count("\nRound ")
    if done == 2:
        return json.dumps({"finish": "3 and 5"})
    words = ["one", "three"] if done == 0 else ["four"]
    calls = [{"tool": "length", "args": {"word": word}} for word in words]
    failing = [{"tool": "broken", "args": {"word": "x"}}] if '"broken"' in asked else []
    return json.dumps([*calls, *failing])


def step(messages: Sequence[Message]) -> str:
    """Two calls of `react`, one after the other, and the answer."""
    seen = sum(message.content.count("\n| ") for message in messages[1:])
    words = ["one", "three"]
    if seen < len(words):
        return f'Thought: I look.\nAction: length {{"word": "{words[seen]}"}}'
    return "Thought: I know.\nAnswer: 3 and 5"


def write(request: SampleRequest, seed: int) -> str | None:
    """What a workflow needs to come to its end; None where any text will do."""
    last = request.messages[-1].content
    if "all tool calls that can be made now" in last:
        return plan(last)
    if "Action: NAME" in request.messages[0].content:
        return step(request.messages)
    if "in Python:" in request.prefix and "```output" not in request.prefix:
        return "```python\nprint(6 * 7)\n```\nIt is 42."
    return None
