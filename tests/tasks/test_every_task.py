from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from branchwise import tasks
from branchwise.store.errors import BadInput, UnknownName
from branchwise.store.records import Constraints
from branchwise.tasks.task import Task
from branchwise.tasks.text import text as text_task


@pytest.mark.parametrize("name", tasks.names())
def test_every_task_is_named_like_its_file(name: str) -> None:
    task = tasks.load(name)
    assert task.name == name
    assert task.about.endswith(".")
    assert "{problem}" in task.instructions


@pytest.mark.parametrize("name", tasks.names())
def test_every_task_refuses_an_empty_problem(name: str) -> None:
    with pytest.raises(BadInput):
        tasks.load(name).validate(" \n")


@pytest.mark.parametrize("name", tasks.names())
@given(reply=st.text(max_size=120))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_every_task_survives_any_text(name: str, reply: str) -> None:
    task = tasks.load(name)
    task.is_complete(reply)
    answer = task.answer(reply)
    assert answer is None or answer
    assert task.read_constraints(reply) is None or not task.constraint_types
    assert task.type_constraints(reply) is None
    for output_format in (
        task.output_format(Constraints(), reply, "step"),
        task.output_format(Constraints(), reply, "solution"),
    ):
        assert output_format.max_tokens > 0
        assert (
            sum(
                (
                    bool(output_format.choices),
                    output_format.regex is not None,
                    output_format.schema is not None,
                )
            )
            <= 1
        )


def test_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="calendar"):
        tasks.load("calender")


def test_a_function_elsewhere_makes_a_task() -> None:
    assert tasks.load(f"{__name__}:mine").name == "mine"
    for wrong in (
        "no_such_module:mine",
        f"{__name__}:nothing",
        f"{__name__}:number",
        f"{__name__}:junk",
        ":",
    ):
        with pytest.raises(BadInput):
            tasks.load(wrong)


def test_knobs_reach_the_task() -> None:
    assert tasks.load("calendar", constrain="form").output_format(Constraints(), "", "solution").regex
    assert (
        not tasks.load("calendar", constrain="none").output_format(Constraints(), "", "solution").constrained
    )


def test_a_task_without_data_is_no_benchmark() -> None:
    assert tasks.benchmark("calendar").task.name == "calendar"
    with pytest.raises(UnknownName):
        tasks.benchmark("text")


def test_text_answers() -> None:
    task = text_task()
    assert task.check is None
    assert task.answer("First.\n\n**Answer:** Forty  Two.") == "Forty Two"
    assert task.same("Forty Two", "forty two")
    assert not task.same("n", "N")
    assert task.answer("a\n\nb c") == "b c"
    assert task.is_complete("so\nAnswer: 3")
    assert not task.is_complete("The answer: is near")
    assert task.answer(" ") is None


number = 3


def mine() -> Task:
    return Task(name="mine", about="Mine.", instructions="{problem}")


def junk() -> int:
    return 3
