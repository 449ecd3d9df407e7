"""MATH-500: competition mathematics (Hendrycks et al. 2021, arXiv 2103.03874; the split of arXiv 2305.20050)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from branchwise.tasks.domains.answer_forms import final_answer
from branchwise.tasks.domains.instances import Grades, Instance, read_records
from branchwise.tasks.domains.questions import question_task, right_answer
from branchwise.tasks.task import Task

_FILES = ("math500/test500.jsonl.gz", "math500/test.jsonl", "MATH-500/test.jsonl")
_INSTRUCTIONS = r"""{problem}

Reason step by step, one paragraph a step. End with the answer alone in \boxed{}."""


def math500() -> Task:
    """Build the MATH-500 task."""
    return question_task("math500", "Competition mathematics with a short answer (MATH-500).", _INSTRUCTIONS)


def instances(folder: Path | None = None) -> Iterator[Instance]:
    """Read MATH-500."""
    for row in read_records(folder, *_FILES):
        meta = {"level": row["level"], "subject": row["subject"]}
        yield Instance(id=str(row["unique_id"]), problem=str(row["problem"]), gold=row["answer"], meta=meta)


def grade(instance: Instance, text: str) -> Grades:
    """Grade by the final answer; one that is not proven equal counts as wrong."""
    return {"answer": right_answer(instance, final_answer(text))}
