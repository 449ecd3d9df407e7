from __future__ import annotations

from dataclasses import replace
from typing import Any

from branchwise import tasks
from branchwise.agents.verifiers.program import program
from branchwise.agents.verifiers.protocol import VerifierState
from branchwise.store.records import Constraints, Verdict, VerifiedBy

STATE: VerifierState = {
    "problem": "p",
    "path": "t1/r2/0.1",
    "constraints": Constraints(source="program"),
    "plan": "plan",
    "complete": True,
}


async def judged(check: Any, complete: bool = True) -> Verdict:
    task = replace(tasks.load("text"), name="mine", check=check)
    return (await program(task)({**STATE, "complete": complete}))["verdict"]


async def test_a_check_that_cannot_tell_refutes_nothing() -> None:
    whole = await judged(lambda constraints, text, complete: None)
    beginning = await judged(lambda constraints, text, complete: None, complete=False)
    assert (whole.accepted, whole.score, whole.verified_by) == (False, None, VerifiedBy.NONE)
    assert beginning.accepted
