"""A task with tools: observations are left out wherever the task reads an answer or a program checks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from branchwise.models.protocol import OutputFormat
from branchwise.store.errors import BadInput
from branchwise.store.records import Constraints, Verdict
from branchwise.tasks.task import Task, not_judged
from branchwise.tools import transcript
from branchwise.tools.loading import unique
from branchwise.tools.protocol import AgentTool

_FINAL = re.compile(r"^[ \t]*\**(?:Final )?Answer\**:", re.MULTILINE | re.IGNORECASE)
_STEP = OutputFormat(max_tokens=512)


def with_tools(task: Task, tools: Sequence[AgentTool]) -> Task:
    """The task whose steps may call tools.

    A solution is complete with an answer (by the task's rule, or a line that begins with `Answer:`), or with a call of
    a tool that acts: its answer is then the call, `NAME {"ARGUMENT": VALUE}`, which nobody has made. Answers, ends and
    checks are read from what the model wrote, never from what a tool returned.

    Raises:
        BadInput: Two tools have one name, or the problem is a turn with the caller's own tools.
    """
    if task.turn is not None and task.turn.tools:
        raise BadInput("A conversation's own tools are called by the caller; leave out one of the two.")
    acting = {tool.spec.name for tool in unique(tools) if not tool.hints.read_only}
    check = task.check

    def proposed(text: str) -> transcript.ToolRequest | None:
        """The acting call that the text ends with."""
        asked = transcript.last_action(text)
        return asked if asked is not None and asked.name in acting and asked.arguments is not None else None

    def complete(text: str) -> bool:
        own = transcript.own(text)
        return proposed(text) is not None or _FINAL.search(own) is not None or task.is_complete(own)

    def answer(text: str) -> str | None:
        asked = proposed(text)
        return task.answer(transcript.own(text)) if asked is None else asked.line

    def judged(constraints: Constraints, text: str, whole: bool) -> Verdict | None:
        if check is None or (whole and proposed(text) is not None):
            return not_judged("the answer is a call of a tool that acts.", "tools")
        return check(constraints, transcript.own(text), whole)

    return replace(
        task,
        tools=tuple(tools),
        output_format=lambda constraints, text, grain: _STEP,
        is_complete=complete,
        answer=answer,
        check=None if check is None else judged,
        state=lambda constraints, text: None,
    )
