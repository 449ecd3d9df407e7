"""A task for real engines: write a paragraph; any whole one is right."""

from __future__ import annotations

from branchwise.models.protocol import OutputFormat
from branchwise.store.records import Constraints, Verdict, VerifiedBy
from branchwise.tasks.task import Task


def paragraph() -> Task:
    """Build the task."""
    return Task(
        name="paragraph",
        about="One paragraph.",
        instructions="{problem}",
        read_constraints=lambda problem: Constraints(source="program"),
        output_format=lambda constraints, text, grain: OutputFormat(max_tokens=1500, stop=("\n",)),
        check=lambda constraints, text, complete: Verdict(
            score=100, accepted=complete, feedback="", verified_by=VerifiedBy.PROGRAM, verifier="program"
        ),
    )
