"""What tasks with a question in and one final answer out have in common."""

from __future__ import annotations

import re

from branchwise.models.protocol import OutputFormat
from branchwise.store.errors import BadInput
from branchwise.store.records import Constraints, Grain
from branchwise.tasks.domains.mathematics import final_answer
from branchwise.tasks.task import Task

_LONGEST = 50_000
_ENDED = re.compile(r"\\boxed\{.*\}|^####\s*\S", re.MULTILINE)


def question_task(name: str, about: str, instructions: str) -> Task:
    """Build a task whose answers only a model can judge while the search runs: it has no checker."""
    return Task(
        name=name,
        about=about,
        instructions=instructions,
        constraint_types="the concepts needed; what is given; the form and the unit of the answer",
        validate=_validate,
        output_format=_shape,
        is_complete=lambda text: _ENDED.search(text) is not None,
        answer=final_answer,
    )


def _validate(problem: str) -> None:
    if not problem.strip():
        raise BadInput("The problem is empty.")
    if len(problem) > _LONGEST:
        raise BadInput(f"The problem has {len(problem)} characters; at most {_LONGEST} are taken.")


def _shape(constraints: Constraints, text: str, grain: Grain) -> OutputFormat:
    return (
        OutputFormat(max_tokens=1024) if grain == "solution" else OutputFormat(max_tokens=200, stop=("\n\n",))
    )
