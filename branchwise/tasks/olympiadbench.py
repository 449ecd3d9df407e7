"""OlympiadBench, the text-only English mathematics part (He et al. 2024, arXiv 2402.14008)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from branchwise.tasks.domains.answer_forms import final_answer
from branchwise.tasks.domains.instances import Grades, Instance, read_records
from branchwise.tasks.domains.questions import question_task, right_answer
from branchwise.tasks.task import Task

_FILES = (
    "olympiadbench_textmath_en/test.jsonl.gz",
    "OlympiadBench/**/OE_TO_maths_en_COMP.parquet",
    "OlympiadBench/**/OE_TO_maths_en_COMP.json",
)
_INSTRUCTIONS = r"""{problem}

Reason step by step, one paragraph a step. End with the answer alone in \boxed{}; several answers with commas."""


def olympiadbench() -> Task:
    """Build the OlympiadBench task."""
    return question_task("olympiadbench", "Olympiad mathematics in English without figures.", _INSTRUCTIONS)


def instances(folder: Path | None = None) -> Iterator[Instance]:
    """Read the open-ended, text-only, English mathematics problems."""
    for row in read_records(folder, *_FILES):
        parts = (row["context"], row["question"])
        answers = row["final_answer"] if isinstance(row["final_answer"], list) else []
        yield Instance(
            id=str(row["id"]),
            problem="\n\n".join(str(part) for part in parts if part),
            gold=", ".join(str(answer) for answer in answers),
            meta={"subfield": row["subfield"], "type": row["answer_type"], "tolerance": row["error"]},
        )


def grade(instance: Instance, text: str) -> Grades:
    """Grade by the final answer.

    The official judge also compares numbers within a tolerance; this one does not, so that it can fail a right answer.
    """
    return {"answer": right_answer(instance, final_answer(text))}
