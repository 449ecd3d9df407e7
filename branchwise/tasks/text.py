"""Free text: any question, answered in text and judged by a model."""

from __future__ import annotations

import re

from branchwise.models.protocol import OutputFormat
from branchwise.store.errors import BadInput
from branchwise.store.records import Constraints, Grain
from branchwise.tasks.task import Task

_INSTRUCTIONS = """{problem}

Keep to these requirements:
{constraints}

Think step by step. Write each step as one paragraph. End with a line that begins with "Answer:"."""

_FINAL = re.compile(r"^[^\w\n]*(?:final )?answer[^\w\n]*:[^\w\n]*", re.IGNORECASE | re.MULTILINE)
_LONGEST = 400_000


def text() -> Task:
    """Build the free text task; no program can check its answers, so the LLM verifier judges them."""
    return Task(
        name="text",
        about="Any question in words; a model judges the answers.",
        instructions=_INSTRUCTIONS,
        validate=_validate,
        output_format=_shape,
        is_complete=lambda written: _FINAL.search(written) is not None,
        answer=_answer,
        same=_same,
    )


def _validate(problem: str) -> None:
    if not problem.strip():
        raise BadInput("The problem is empty.")
    if len(problem) > _LONGEST:
        raise BadInput(f"The problem has {len(problem)} characters; at most {_LONGEST} are taken.")


def _shape(constraints: Constraints, written: str, grain: Grain) -> OutputFormat:
    return (
        OutputFormat(max_tokens=1024) if grain == "solution" else OutputFormat(max_tokens=256, stop=("\n\n",))
    )


def _answer(written: str) -> str | None:
    """The text after the last `Answer:`, else the last paragraph, without emphasis and layout."""
    found = list(_FINAL.finditer(written))
    tail = written[found[-1].end() :] if found else written.strip().rpartition("\n\n")[2]
    return " ".join(tail.replace("**", "").split()).rstrip(" .") or None


def _same(one: str, other: str) -> bool:
    """Whether two answers differ in the case of words at most; a single letter is a name and case-sensitive."""
    return one == other or (min(len(one), len(other)) > 1 and one.casefold() == other.casefold())
