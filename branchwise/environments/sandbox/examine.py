"""Test a function of an untrusted program: its results are compared as data in another process."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from branchwise.environments.sandbox.limits import Limits, SandboxError
from branchwise.environments.sandbox.running import Job, run_jobs

_LONGEST = 300
"""Maximum characters of a case's error."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Examined:
    """Result of each case, in order: the empty string if it passed, otherwise the error."""

    errors: tuple[str, ...]

    @property
    def passed(self) -> int:
        """The number of cases that passed."""
        return sum(not error for error in self.errors)


def examine(
    program: Sequence[str],
    name: str,
    cases: Sequence[Sequence[str]],
    *,
    known: Sequence[str] = (),
    tests: Sequence[str] = (),
    limits: Limits | None = None,
) -> Examined:
    """Run a program and call its function `name` from another process; blocks.

    Both are sandboxed. Arguments and results cross a pipe as plain data, so that no object, patch or forged
    report of the program takes part in the comparison, and the program never sees what is expected.

    Args:
        program: Source texts of the untrusted program, run one after another in one module.
        name: The function under examination; the cases call it by this name, or as `candidate`.
        cases: `[statement]`, which must not raise, or `[expression, expected expression]`, which must be equal.
        known: Trusted source texts that run before the cases, for example helpers of the problem.
        tests: Trusted source texts that run when `name` and `candidate` are there.
        limits: What each of the two may use; the time is for both.

    Raises:
        SandboxError: Untrusted programs cannot be run here; it says what to install.
    """
    asking, asked = os.pipe()
    answering, answered = os.pipe()
    candidate = Job(
        order={"part": "candidate", "sources": list(program), "calls": asking, "replies": answered},
        fds=(asking, answered),
    )
    order = {
        "name": name,
        "cases": [list(case) for case in cases],
        "sources": list(known),
        "tests": list(tests),
    }
    examiner = Job(
        order={"part": "examiner", "calls": asked, "replies": answering, **order}, fds=(asked, answering)
    )
    run_jobs([candidate, examiner], limits or Limits())
    if candidate.outcome is None or examiner.outcome is None:
        raise SandboxError("The sandbox did not start.")
    ended = (
        candidate.outcome
        if candidate.outcome.end in {"output", "memory", "processes", "files"}
        else examiner.outcome
    )
    verdicts = {said["case"]: str(said["error"]) for said in examiner.facts if "case" in said}
    reason = ended.error or "It was not examined."
    return Examined(errors=tuple(verdicts.get(number, reason)[:_LONGEST] for number in range(len(cases))))
