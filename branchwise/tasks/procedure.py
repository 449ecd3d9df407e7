"""Procedure following: carry out steps on a text, as in ProcBench (Fujisawa et al. 2024, arXiv 2410.03117)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from branchwise.models.protocol import OutputFormat
from branchwise.renamed import new_names
from branchwise.store.errors import BadInput
from branchwise.store.records import Constraints, Grain, Json, Verdict, VerifiedBy
from branchwise.tasks.domains.instances import Grades, Instance
from branchwise.tasks.domains.procedures import Measures, draw_procedure, measures, run_procedure
from branchwise.tasks.domains.reading import plain
from branchwise.tasks.task import Task, not_judged

_INSTRUCTIONS = """{problem}

Letters are counted from 1. Write only the text after each step, one a line."""

_PROBLEM = re.compile(r"Start with the text (?P<text>[a-z]{1,100})\.\n(?P<steps>(?:\d+\. .+(?:\n|$))+)")
_LONGEST = 50_000
_NAME = "procedure runner"
_DONE = re.compile(r"\W*(?:done|the end)\W*", re.IGNORECASE)
_STATE = re.compile(
    r"\W*+(?:(?:step )?\d{1,3}\W++)?"
    r"(?:[A-Z][^\n:→=>]{1,60}(?::|→|=>?|->)\s*+)?[\"'`*]*+(?P<state>[a-z]{1,200})[\"'`*]*[.;,]?",
)


@new_names(steer="constrain")
def procedure(constrain: Literal["none", "form"] = "form") -> Task:
    """Build the procedure task.

    Args:
        constrain: "none" samples free text; "form" fixes the form: small letters, one line a step.

    Raises:
        BadInput: `constrain` is neither.
    """
    if constrain not in {"none", "form"}:
        raise BadInput(f"`constrain` is `none` or `form`, not `{constrain}`.")

    def output_format(constraints: Constraints, text: str, grain: Grain) -> OutputFormat:
        steps = max(1, len(_steps(constraints)))
        line = "[a-z]{1,20}\n"
        if constrain == "none":
            return (
                OutputFormat(max_tokens=24 * steps)
                if grain == "solution"
                else OutputFormat(max_tokens=24, stop=("\n",))
            )
        if grain == "step":
            return OutputFormat(max_tokens=24, regex=f"{line}|done" if text.strip() else line)
        return OutputFormat(max_tokens=24 * steps + 8, regex=f"({line}){{{steps}}}done")

    return Task(
        name="procedure",
        about="Carry out a procedure on a text step by step (in the manner of ProcBench).",
        instructions=_INSTRUCTIONS,
        validate=_validate,
        read_constraints=_read_constraints,
        output_format=output_format,
        is_complete=lambda text: re.search(r"^[^\w\n]*done[^\w\n]*$", text, re.MULTILINE) is not None,
        answer=lambda text: "\n".join(_states(text) or ()) or None,
        check=_check,
        checks_steps=True,
    )


def instances(folder: Path | None = None) -> Iterator[Instance]:
    """Draw 20 procedures of each length from 2 to 10, from fixed seeds and without a data file."""
    for length in range(2, 11):
        for seed in range(20):
            text, steps = draw_procedure(length, seed)
            listed = "\n".join(f"{number}. {step}" for number, step in enumerate(steps, start=1))
            problem = f"Start with the text {text}.\n{listed}"
            yield Instance(id=f"{length}/{seed}", problem=problem, meta={"length": length})


def grade(instance: Instance, text: str) -> Grades:
    """Grade by the two yes-or-no measures: all states right (SM), and the last one right (FM)."""
    found = measure(instance, text)
    return {"sequential match": found.sequential_match, "final match": found.final_match}


def measure(instance: Instance, text: str) -> Measures:
    """All four measures of ProcBench."""
    constraints = _read_constraints(instance.problem)
    return measures(_states(text) or (), _right(constraints) if constraints else ())


def _validate(problem: str) -> None:
    if not problem.strip():
        raise BadInput("The problem is empty.")
    if len(problem) > _LONGEST or _read_constraints(problem) is None:
        raise BadInput(
            "A procedure reads `Start with the text abc.` and then numbered steps that are possible."
        )


def _read_constraints(problem: str) -> Constraints | None:
    found = _PROBLEM.fullmatch(problem.strip()) if len(problem) <= _LONGEST else None
    if found is None:
        return None
    steps = [line.partition(". ")[2].strip() for line in found["steps"].strip().splitlines()]
    if run_procedure(found["text"], steps) is None:
        return None
    data: dict[str, Json] = {"text": found["text"], "steps": list(steps)}
    return Constraints(items=tuple(steps), data=data, source="program")


def _steps(constraints: Constraints) -> list[str]:
    given = constraints.data.get("steps")
    return [str(each) for each in given] if isinstance(given, list) else []


def _right(constraints: Constraints) -> list[str]:
    return run_procedure(str(constraints.data.get("text", "")), _steps(constraints)) or []


def _states(text: str) -> list[str] | None:
    """The states in a text, one per line, without numbers and remarks; None if a line is unreadable.

    A line may repeat its step before the state: `1. Reverse the text: cba`. A line that ends with a colon is a heading.
    """
    states: list[str] = []
    for line in plain(text).split("\n"):
        if not re.search(r"\w", line) or line.endswith(":") or _DONE.fullmatch(line):
            continue
        found = _STATE.fullmatch(line)
        if found is None:
            return None
        states.append(found["state"])
    return states


def _check(constraints: Constraints, text: str, complete: bool) -> Verdict | None:
    """Judge by carrying the procedure out.

    All right gives 100, else the prefix accuracy gives up to 90; an unreadable text is not judged.
    A beginning that is right so far gets the share
    of the procedure that is done, up to 90; a wrong state cannot be corrected later and gives -100.
    """
    right = _right(constraints)
    if not right:
        return None
    states = _states(text)
    if states is None or (complete and not states and re.search(r"\w", text)):
        return not_judged("A line is no text in small letters.", _NAME, complete=complete)
    found = measures(states, right)
    done = found.prefix_match_length
    if complete and found.sequential_match:
        return _verdict(100, True, "Every step is right.")
    if done < len(states):
        return _verdict(
            -100 + 190 * found.prefix_accuracy if complete else -100, False, f"Line {done + 1} is wrong."
        )
    score = 90 * done / len(right)
    return _verdict(score, not complete, f"{done} of {len(right)} steps are done, all of them right.")


def _verdict(score: float, accepted: bool, feedback: str) -> Verdict:
    return Verdict(
        score=score, accepted=accepted, feedback=feedback, verified_by=VerifiedBy.PROGRAM, verifier=_NAME
    )
