"""Shared parts of tasks with one question and one final answer."""

from __future__ import annotations

import re
from collections.abc import Callable

from branchwise.models.protocol import OutputFormat
from branchwise.store.errors import BadInput
from branchwise.store.records import Constraints, Grain
from branchwise.tasks.domains.answer_forms import final_answer
from branchwise.tasks.domains.instances import Instance
from branchwise.tasks.domains.mathematics import same_answer
from branchwise.tasks.task import Task

_LONGEST = 50_000
_ENDED = re.compile(r"\\boxed\{(?:(?!\\boxed)[^\n])*\}|^[ \t*]{0,4}####[ \t]*\S", re.MULTILINE)


def question_task(
    name: str,
    about: str,
    instructions: str,
    answer: Callable[[str], str | None] = final_answer,
) -> Task:
    """Build a task without a checker: only a model can judge its answers during the search.

    Answers are equal where `same_answer` proves it.
    """
    return Task(
        name=name,
        about=about,
        instructions=instructions,
        constraint_types="the concepts needed; what is given; the form and the unit of the answer",
        validate=_validate,
        output_format=_shape,
        is_complete=lambda text: _ENDED.search(text) is not None,
        answer=answer,
        same=same_answer,
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


def right_answer(instance: Instance, answer: str | None) -> bool:
    """Whether an answer is proven equal to the reference; if a per cent is requested its sign may be omitted.

    An undecided answer counts as wrong, so that a right answer may fail and a wrong one cannot pass.
    """
    gold = str(instance.gold)
    if answer is None:
        return False
    if re.search(r"percent|per cent|\\?%", instance.problem, re.IGNORECASE):
        answer, gold = (re.sub(r"(?<!\s)\s*+(?:\\?%|per ?cent$)", "", text) for text in (answer, gold))
    return same_answer(answer, gold)
