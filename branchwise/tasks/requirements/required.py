"""Tasks with requirements: these are shown to the model, constrain decoding, judge answers and give feedback."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from branchwise.models.grammar import plain
from branchwise.models.protocol import Capabilities, OutputFormat
from branchwise.store.errors import Unsupported
from branchwise.store.records import Constraints, Grain, Verdict, VerifiedBy
from branchwise.tasks.requirements.protocol import Finding, Requirement
from branchwise.tasks.task import Task, not_judged

_WRITTEN = """{problem}

Requirements:
{constraints}"""
_BLANK = re.compile(r"\{([a-z_]+)\}")
_NAME = "requirements"
_PARAGRAPH = "\n\n"
OutputFormatOf: TypeAlias = Callable[[Constraints, str, Grain], OutputFormat]
"""The form of the next sample after a text."""


def required(task: Task, wanted: Sequence[Requirement], can: Capabilities | None = None) -> Task:
    """Add requirements to a task.

    The answer is then the whole reply, unchanged. The `text` task, which no program can check, becomes one that
    is checked soundly; a task with a checker of its own must pass that too.

    Args:
        task: The task.
        wanted: The requirements on a whole reply; none leaves the task unchanged.
        can: The engine's capabilities; without them decoding is not constrained.
    """
    if not wanted:
        return task
    words = tuple(one.words for one in wanted)
    own = task.check

    def read(problem: str) -> Constraints | None:
        known = task.read_constraints(problem)
        if known is None:
            return None if own is not None else Constraints(items=words, source="program")
        return replace(known, items=known.items + words)

    def check(constraints: Constraints, text: str, complete: bool) -> Verdict | None:
        mine = _judged(wanted, text.strip()) if complete else _begun(wanted, text)
        if own is None:
            return mine
        return _both(own(constraints, text, complete), mine)

    def ready() -> None:
        task.ready()
        for one in wanted:
            one.ready()

    more: dict[str, Any] = {
        "read_constraints": read,
        "check": check,
        # Equal answers share a verdict, so the requirements examine only the answer.
        "answer": lambda text: text.strip() or None,
        "same": lambda one, other: one == other,
        "ready": ready,
        "blocking": task.blocking or any(one.blocking for one in wanted),
        "output_format": _constrained_format(task, wanted, can),
    }
    if own is not None:
        said = "\n".join(f"- {_unblanked(line)}" for line in words)
        told = f"{task.instructions}\n\nThe whole reply must also keep these requirements:\n{said}"
        return replace(task, instructions=told, **more)
    return replace(
        task,
        instructions=_WRITTEN if task.name in {"text", "chat"} else task.instructions,
        is_complete=_ended,
        **more,
    )


def _unblanked(text: str) -> str:
    """The text for a template, in which `{word}` would be a blank."""
    return _BLANK.sub(r"{ \1 }", text)


def _ended(text: str) -> bool:
    """Whether a text written step by step is complete: the model added nothing to a finished paragraph."""
    return text.endswith(_PARAGRAPH)


def _judged(wanted: Sequence[Requirement], text: str) -> Verdict:
    """Judge a whole text: the score grows with the requirements met and the degree of the others."""
    found = [one.check(text) for one in wanted]
    if all(finding.kept for finding in found):
        return _verdict(100, True, "Every requirement is kept.")
    if not any(finding.kept is False for finding in found):
        unsure = [one.words for one, finding in zip(wanted, found, strict=True) if finding.kept is None]
        return not_judged(f"it cannot be told whether this is kept: {'; '.join(unsure)}.", _NAME)
    return _verdict(_score(found), False, _wrong(wanted, found))


def _begun(wanted: Sequence[Requirement], text: str) -> Verdict | None:
    """Judge the beginning of a text: refuted if no continuation can meet a requirement, else without a score."""
    broken = [one for one in wanted if one.refutes(text)]
    if not broken:
        return None
    return _verdict(-100, False, f"No text that begins so keeps: {'; '.join(one.words for one in broken)}.")


def _both(theirs: Verdict | None, mine: Verdict | None) -> Verdict | None:
    """The task's own verdict and that of the requirements together; both must accept."""
    if mine is None or mine.accepted:
        return theirs
    if theirs is None or theirs.accepted or theirs.score is None or mine.score is None:
        return mine
    proof = VerifiedBy.PROGRAM in {theirs.verified_by, mine.verified_by}
    return replace(
        mine,
        score=(theirs.score + mine.score) / 2,
        feedback=f"{theirs.feedback} {mine.feedback}",
        verified_by=VerifiedBy.PROGRAM if proof else theirs.verified_by,
    )


def _score(found: Sequence[Finding]) -> float:
    nearly = sum(1.0 if one.kept else min(max(one.degree, 0.0), 1.0) / 2 for one in found)
    return -100 + 190 * nearly / len(found)


def _wrong(wanted: Sequence[Requirement], found: Sequence[Finding]) -> str:
    said = (
        f"{one.words} ({finding.wrong})"
        for one, finding in zip(wanted, found, strict=True)
        if finding.kept is False
    )
    return f"Not kept: {'; '.join(said)}."


def _verdict(score: float, accepted: bool, feedback: str) -> Verdict:
    return Verdict(
        score=score,
        accepted=accepted,
        feedback=feedback,
        verified_by=VerifiedBy.PROGRAM,
        verifier=_NAME,
    )


def _constrained_format(
    task: Task, wanted: Sequence[Requirement], can: Capabilities | None
) -> OutputFormatOf:
    """The output format of samples: the task's, or for whole texts that of the one requirement with a format."""
    schemas = [one.schema for one in wanted if one.schema]
    patterns = [one.regex for one in wanted if one.regex is not None and _can_constrain(one.regex)]

    def output_format(constraints: Constraints, text: str, grain: Grain) -> OutputFormat:
        form = task.output_format(constraints, text, grain)
        if can is None or grain != "solution" or text or form.constrained:
            return form
        if schemas and can.schema:
            return replace(form, stop=(), schema=schemas[0])
        if patterns and can.regex and not schemas:
            return replace(form, stop=(), regex=patterns[0])
        return form

    return output_format


def _can_constrain(pattern: str) -> bool:
    try:
        plain(pattern)
    except Unsupported:
        return False
    return True
