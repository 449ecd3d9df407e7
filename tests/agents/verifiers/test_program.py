"""The verifier that is a program: its word, whose constraints it goes by, and who waits for it."""

from __future__ import annotations

import asyncio
import time

import pytest

from branchwise import tasks
from branchwise.agents.verifiers.program import program
from branchwise.agents.verifiers.protocol import VerifierState
from branchwise.store.records import Constraints, Verdict, VerifiedBy
from branchwise.tasks.task import Task

RIGHT = Verdict(score=100, accepted=True, feedback="", verified_by=VerifiedBy.PROGRAM, verifier="program")


def state(source: str = "program") -> VerifierState:
    return {
        "problem": "p",
        "path": "t1/r1/x",
        "constraints": Constraints(source=source),
        "plan": "a plan",
        "complete": True,
    }


def task(pause: float = 0.0, *, blocking: bool = False, verdict: Verdict | None = RIGHT) -> Task:
    def check(constraints: Constraints, text: str, complete: bool) -> Verdict | None:
        time.sleep(pause)
        return verdict

    return Task(name="t", about="", instructions="", check=check, blocking=blocking)


async def test_it_vouches_only_for_constraints_that_a_program_read() -> None:
    assert (await program(task())(state()))["verdict"].verified_by is VerifiedBy.PROGRAM
    assert (await program(task())(state("model")))["verdict"].verified_by is VerifiedBy.MODEL
    unknown = (await program(task(verdict=None))(state()))["verdict"]
    assert (unknown.score, unknown.verified_by) == (None, VerifiedBy.NONE)


async def test_others_go_on_while_a_check_runs_a_program() -> None:
    judge = asyncio.create_task(program(task(0.3, blocking=True))(state()))
    ticks = 0
    while not judge.done():
        await asyncio.sleep(0.01)
        ticks += 1
    assert ticks > 1
    assert (await judge)["verdict"].accepted


def test_programs_are_run_off_the_event_loop() -> None:
    assert tasks.load("humaneval").blocking


def test_a_task_without_a_checker_is_refused() -> None:
    with pytest.raises(ValueError, match="no checker"):
        program(Task(name="t", about="", instructions=""))
