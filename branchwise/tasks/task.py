"""A task: how a domain's problems are put, cut into steps, answered and checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from branchwise.models.conversation import Conversation
from branchwise.models.protocol import OutputFormat
from branchwise.store.records import Constraints, Grain, Json, Verdict, VerifiedBy


@dataclass(frozen=True, kw_only=True)
class Task:
    """A domain: how its problems are put, cut into steps, answered and checked. One file builds one."""

    name: str
    about: str
    """One line for `branchwise tasks`."""
    instructions: str
    """How the generator is asked: a template with `{problem}` and `{constraints}`."""
    constraint_types: str = ""
    """Kinds of constraints to look for, for the constraint agent's prompt."""
    constraint_schema: Mapping[str, object] | None = None
    """JSON schema of the typed constraints; None where words are all there is."""
    validate: Callable[[str], None] = lambda problem: None
    """Raise BadInput when the text cannot be a problem of this task."""
    read_constraints: Callable[[str], Constraints | None] = lambda problem: None
    """Read the constraints by program, or None when the text is not in a known form."""
    type_constraints: Callable[[Json], Constraints | None] = lambda reply: None
    """Type a model's JSON reply to `constraint_schema`, or None when it makes no sense."""
    output_format: Callable[[Constraints, str, Grain], OutputFormat] = lambda constraints, text, grain: (
        OutputFormat()
    )
    """The form of the next sample after `text`; `constraints` may steer it."""
    is_complete: Callable[[str], bool] = lambda text: False
    """Whether the text holds a whole solution. A sample of grain "solution" that ended by itself always does."""
    answer: Callable[[str], str | None] = lambda text: text.strip() or None
    """The normalised answer in a whole solution, or None when there is none."""
    same: Callable[[str, str], bool] = lambda one, other: one == other
    """Whether two answers are equal: what votes and duplicates are counted by. It may take seconds."""
    check: Callable[[Constraints, str, bool], Verdict | None] | None = None
    """`check(constraints, text, complete)`: a sound verdict on a plan or, with complete=False, on its beginning.

    None where there is no program that can tell; the LLM verifier judges then. A check that does not understand a
    text returns `not_judged`: a program's verdict is a proof, in either direction.
    """
    ready: Callable[[], None] = lambda: None
    """Raise when this machine lacks what `check` needs; called before the first token of a run is spent."""
    checks_steps: bool = False
    """Whether `check` also judges beginnings, so that a strategy that goes step by step has scores to go by."""
    state: Callable[[Constraints, str], str | None] = lambda constraints, text: None
    """What a text has come to, where all texts that come to it can be continued alike and with the same verdicts: what
    is refuted after one of them is refuted after all. None where only equal texts are known to be alike."""
    conversation: Conversation | None = None
    """What the problem is part of, where it is more than a text; set for a run, not by a task's file."""
    blocking: bool = False
    """Whether `check` waits for other programs, so that it belongs in a thread of its own."""


def not_judged(why: str, verifier: str, *, complete: bool = True) -> Verdict:
    """The verdict of a check that did not understand a text: no score, and nothing stands behind it.

    Args:
        why: A sentence about what could not be read, for the one who improves the text.
        verifier: The check's name.
        complete: Whether the text is a whole solution; a beginning may still lead to one.
    """
    return Verdict(
        score=None,
        accepted=not complete,
        feedback=f"Not judged: {why}",
        verified_by=VerifiedBy.NONE,
        verifier=verifier,
    )
