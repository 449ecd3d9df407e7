"""GSM8K: grade school word problems (Cobbe et al. 2021, arXiv 2110.14168)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from branchwise.tasks.domains.answer_forms import final_number
from branchwise.tasks.domains.instances import Grades, Instance, read_records
from branchwise.tasks.domains.questions import question_task, right_answer
from branchwise.tasks.task import Task

_FILES = ("gsm8k/test.jsonl.gz", "gsm8k/test.jsonl", "gsm8k/main/test-*.parquet")
_INSTRUCTIONS = """{problem}

Think step by step, one short paragraph a step. End with a line "#### " and the number alone."""


def gsm8k() -> Task:
    """Build the GSM8K task."""
    return question_task(
        "gsm8k",
        "Grade school word problems with a number as answer (GSM8K).",
        _INSTRUCTIONS,
        answer=final_number,
    )


def instances(folder: Path | None = None) -> Iterator[Instance]:
    """Read the test part of GSM8K."""
    for number, row in enumerate(read_records(folder, *_FILES)):
        gold = str(row["answer"]).rpartition("####")[2].strip()
        yield Instance(id=f"test/{number}", problem=str(row["question"]), gold=gold)


def grade(instance: Instance, text: str) -> Grades:
    """Grade by the final number of the text."""
    return {"number": right_answer(instance, final_number(text))}
