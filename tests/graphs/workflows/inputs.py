"""Small inputs of the workflows of papers, and what a scripted model says to them, for tests of all of them."""

from __future__ import annotations

from typing import Any

from branchwise.models.protocol import SampleRequest

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
    "start": {"problem": "What is 6 * 7?", "hints": 2, "kind": "calculation"},
}
"""One input for each workflow: as few calls as reach all of its nodes."""


def write(request: SampleRequest, seed: int) -> str | None:
    """What a workflow needs to come to its end; None where any text will do."""
    if "in Python:" in request.prefix and "```output" not in request.prefix:
        return "```python\nprint(6 * 7)\n```\nIt is 42."
    return None
