"""A workflow as an arm of a comparison: its input from an instance, and its answer from its output."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from branchwise.graphs.runtime.workflow import Workflow
from branchwise.graphs.search.pairs import Value
from branchwise.graphs.search.result import Result
from branchwise.graphs.search.state import Reason
from branchwise.store.errors import BadInput
from branchwise.store.records import ROOT, Json, Node, Usage
from branchwise.store.tree import Tree
from branchwise.tasks.domains.instances import Instance

_FIELDS = ("problem", "question", "input")
"""Names of the field that takes a problem's text, in this order."""
_SOLUTION = f"{ROOT}.0"
"""The node that stands for the answer of a workflow, which grows no tree."""


def input_of(workflow: Workflow, instance: Instance, more: Mapping[str, Value]) -> Json:
    """The input of a workflow for an instance.

    Args:
        workflow: The workflow.
        instance: The instance; its `input`, or its text in the field that takes it: `messages` as a user's
            message, `problem`, `question`, `input`, or the only field that is a text.
        more: Fields of the arm's own.

    Raises:
        BadInput: No field takes the text, or the input has no fields for `more`.
    """
    given = _placed(workflow, instance.problem) if instance.input is None else instance.input
    if not more:
        return given
    if not isinstance(given, Mapping):
        raise BadInput(
            f"The input of `{workflow.name}` has no fields, so an arm cannot set {', '.join(more)}."
        )
    return {**given, **more}


def _placed(workflow: Workflow, text: str) -> Json:
    fields: Mapping[str, Any] = (workflow.schema or {}).get("properties") or {}
    if not fields:
        return text
    if "messages" in fields:
        return {"messages": [{"role": "user", "content": text}]}
    texts = [
        name for name, kind in fields.items() if isinstance(kind, Mapping) and kind.get("type") == "string"
    ]
    named = [name for name in _FIELDS if name in fields] or (texts if len(texts) == 1 else [])
    if not named:
        raise BadInput(
            f"No field of the input of `{workflow.name}` takes a problem's text ({', '.join(fields)}): name one "
            "`problem`, or write the whole input as the `problem` of each line of the file."
        )
    return {named[0]: text}


def answer_of(output: Any) -> str:
    """The answer in an output: a text itself, the field `answer`, the last of `messages`, else all of it as JSON."""
    if isinstance(output, str):
        return output
    if isinstance(output, Mapping):
        if "answer" in output:
            return answer_of(output["answer"])
        messages = output.get("messages")
        if isinstance(messages, Sequence) and messages and isinstance(messages[-1], Mapping):
            return answer_of(messages[-1].get("content", ""))
    return json.dumps(output, ensure_ascii=False)


def result_of_run(
    run_id: str, answer: str | None, usage: Usage, seconds: float, reason: Reason
) -> tuple[Result, Tree]:
    """A workflow's run in the form of a search's: its answer is the only solution, which nothing has verified.

    Args:
        run_id: The run.
        answer: None if it gave none: its budget is spent, or it waits for a person.
        usage: What it spent, its sub-runs included.
        seconds: Seconds of work.
        reason: Why it ended.
    """
    nodes = []
    if answer is not None:
        nodes.append(
            Node(
                id=_SOLUTION,
                parent=ROOT,
                depth=1,
                text=answer,
                complete=True,
                answer=answer,
                tokens=usage.completion_tokens,
            )
        )
    result = Result(
        run_id=run_id,
        solved=False,
        reason=reason,
        answer=answer,
        text=answer or "",
        score=None,
        node=_SOLUTION if nodes else None,
        nodes=len(nodes),
        rounds=0,
        usage=usage,
        seconds=seconds,
    )
    return result, Tree(nodes)
