"""Chat: the next reply of a conversation; the whole reply is the answer."""

from __future__ import annotations

from branchwise.models.protocol import OutputFormat
from branchwise.store.errors import BadInput
from branchwise.store.records import Constraints, Grain
from branchwise.tasks.task import Task

_PARAGRAPH = "\n\n"
"""A reply written step by step is complete when the model adds nothing to a finished paragraph."""


def chat() -> Task:
    """Build the chat task; the user's messages are sent unchanged, and a model judges the replies."""
    return Task(
        name="chat",
        about="The next reply of a conversation, as the model writes it; a model judges the replies.",
        instructions="{problem}",
        validate=_validate,
        read_constraints=lambda problem: Constraints(),
        output_format=_form,
        is_complete=lambda written: written.endswith(_PARAGRAPH),
        answer=lambda written: written if written.strip() else None,
    )


def _validate(problem: str) -> None:
    if not problem.strip():
        raise BadInput("The problem is empty.")


def _form(constraints: Constraints, written: str, grain: Grain) -> OutputFormat:
    if grain == "solution":
        return OutputFormat(max_tokens=2048)
    return OutputFormat(max_tokens=512, stop=(_PARAGRAPH,))
