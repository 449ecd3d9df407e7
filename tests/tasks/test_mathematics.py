from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from branchwise import tasks
from branchwise.tasks.domains.answer_forms import final_answer, normal_form
from branchwise.tasks.domains.instances import read_records
from branchwise.tasks.domains.mathematics import same_answer


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (r"\frac{1}{2}", "0.5"),
        (r"\dfrac12", "1/2"),
        ("$1,234.50", "1234.5"),
        (r"11,\! 111,\! 111,\! 100", "11,111,111,100"),
        (r"\left( 3, \frac{\pi}{2} \right)", r"(3,\frac{\pi}{2})"),
        ("x=5", "5"),
        (r"90^\circ", "90"),
        (r"50\%", "0.5"),
        (r"100\text{ square units}", "100"),
        (r"\text{Evelyn}", "evelyn"),
        ("1,-2", "-2, 1"),
        (r"11\sqrt2", r"11\sqrt{2}"),
        ("-.5", r"-\frac{1}{2}"),
        ("12.00", "12"),
    ],
)
def test_equal_answers(one: str, other: str) -> None:
    assert same_answer(one, other)
    assert same_answer(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("(1,2)", "(2,1)"),
        ("(3,4]", "(3,4)"),
        ("1,2", "1,2,2"),
        ("1,1,2", "1,2,2"),
        ("12", "1,2"),
        ("1/0", "0"),
        ("5", "-5"),
        ("40_9", "40"),
        ("", ""),
        ("2^10", "2^{11}"),
        ("1234", "123.4"),
    ],
)
def test_different_answers(one: str, other: str) -> None:
    assert not same_answer(one, other)
    assert not same_answer(other, one)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (r"First \boxed{3}. No: \boxed{\frac{1}{\sqrt{2}}}.", r"\frac{1}{\sqrt{2}}"),
        ("It is 7.\n#### 1,200", "1200"),
        ("The answer is: 42.", "42"),
        ("The answer is 12 (twelve).", "12"),
        ("She has 5 and then 18 eggs", "18"),
        (r"\boxed{open", None),
        ("none", None),
        ("", None),
    ],
)
def test_final_answers(text: str, answer: str | None) -> None:
    assert final_answer(text) == answer


@given(st.text(max_size=200))
def test_any_text_is_survived_and_equals_itself(text: str) -> None:
    final_answer(text)
    assert same_answer(text, text) is bool(normal_form(text))


def test_labels_of_logged_samples(data: Path) -> None:
    agreed = labels = 0
    for row in read_records(data, "math_qwen25_rm/math_cot_100.jsonl.gz"):
        rows: Any = row
        for text, label in zip(rows["code"], rows["score"], strict=True):
            labels += 1
            agreed += same_answer(final_answer(text) or "", rows["gt"]) is label
    assert agreed == labels == 536


@pytest.mark.parametrize(
    ("name", "file", "number"), [("gsm8k", "gsm8k/test", 1319), ("math500", "math500/test500", 500)]
)
def test_reference_solutions_pass(data: Path, name: str, file: str, number: int) -> None:
    benchmark = tasks.benchmark(name)
    rows = list(read_records(data, f"{file}.jsonl.gz"))
    every = list(benchmark.instances(data))
    solutions = [str(row.get("solution", row["answer"])) for row in rows]
    passed = [all(benchmark.grade(i, s).values()) for i, s in zip(every, solutions, strict=True)]
    assert (len(passed), sum(passed)) == (number, number)
    golds = [str(i.gold) for i in every]
    swapped = [
        all(benchmark.grade(i, g).values()) for i, g in zip(every, [*golds[1:], golds[0]], strict=True)
    ]
    assert sum(swapped) < number / 10


def test_gold_answers_of_olympiadbench_pass(data: Path) -> None:
    benchmark = tasks.benchmark("olympiadbench")
    every = list(benchmark.instances(data))
    assert len(every) == 675
    for instance in every:
        assert benchmark.grade(instance, rf"Thus \boxed{{{instance.gold}}}.") == {"answer": True}
