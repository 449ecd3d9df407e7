"""The Task record: a domain's prompt, output formats, answer parser and checker."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from branchwise.models.conversation import Conversation
from branchwise.models.protocol import OutputFormat
from branchwise.models.turn import Turn
from branchwise.store.records import Constraints, Grain, Json, Verdict, VerifiedBy
from branchwise.tools.protocol import AgentTool


@dataclass(frozen=True, kw_only=True)
class Task:
    """A domain: its prompt, output formats, answer parser and checker. Each task's file builds one."""

    name: str
    about: str
    """One line for `branchwise tasks`."""
    instructions: str
    """The generator's prompt: a template with `{problem}` and `{constraints}`."""
    constraint_types: str = ""
    """Kinds of constraints to look for, for the constraint agent's prompt."""
    constraint_schema: Mapping[str, object] | None = None
    """JSON schema of the typed constraints; None if constraints are only words."""
    validate: Callable[[str], None] = lambda problem: None
    """Raise BadInput if the text is not a problem of this task."""
    read_constraints: Callable[[str], Constraints | None] = lambda problem: None
    """Read the constraints by program, or None when the text is not in a known form."""
    type_constraints: Callable[[Json], Constraints | None] = lambda reply: None
    """Type a model's JSON reply to `constraint_schema`, or None if it is invalid."""
    output_format: Callable[[Constraints, str, Grain], OutputFormat] = lambda constraints, text, grain: (
        OutputFormat()
    )
    """The output format of the next sample after `text`; it may depend on `constraints`."""
    is_complete: Callable[[str], bool] = lambda text: False
    """Whether the text holds a whole solution. A sample of grain "solution" that ended by itself always does."""
    answer: Callable[[str], str | None] = lambda text: text.strip() or None
    """The normalised answer in a whole solution; None without one."""
    same: Callable[[str, str], bool] = lambda one, other: one == other
    """Whether two answers are equal, for votes and duplicates. It may take seconds."""
    check: Callable[[Constraints, str, bool], Verdict | None] | None = None
    """`check(constraints, text, complete)`: a sound verdict on a plan or, with complete=False, on its beginning.

    None without a program; the LLM verifier judges then. A check that cannot parse a text returns
    `not_judged`: a program's verdict is a proof, in either direction.
    """
    ready: Callable[[], None] = lambda: None
    """Raise if this machine lacks a dependency of `check`; called before the first token of a run is spent."""
    checks_steps: bool = False
    """Whether `check` also judges beginnings, so that strategies of steps have scores."""
    state: Callable[[Constraints, str], str | None] = lambda constraints, text: None
    """The state that a text leads to; all texts of one state have the same continuations with the same verdicts, so
    a refutation after one holds after all. None if only equal texts are known to be equivalent."""
    conversation: Conversation | None = None
    """The conversation that the problem belongs to, if any; set for a run, not by a task's file."""
    turn: Turn | None = None
    """What the caller asks of the conversation's next message; set for a run, not by a task's file."""
    tools: tuple[AgentTool, ...] = ()
    """The tools that its steps may call; set for a run, not by a task's file."""
    blocking: bool = False
    """Whether `check` waits for other programs, so that it runs in a thread."""


def not_judged(why: str, verifier: str, *, complete: bool = True) -> Verdict:
    """The verdict of a check that could not parse a text: no score, verified by "none".

    Args:
        why: A sentence on what could not be parsed, as feedback.
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
