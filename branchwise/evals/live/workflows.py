"""A workflow as an arm of a comparison: its input from an instance, and its answer from its output."""

from __future__ import annotations

from collections.abc import Mapping

from branchwise.graphs.runtime.posing import posed
from branchwise.graphs.runtime.workflow import Workflow
from branchwise.graphs.search.pairs import Value
from branchwise.graphs.search.result import Result
from branchwise.graphs.search.state import Reason
from branchwise.store.errors import BadInput
from branchwise.store.records import ROOT, Json, Node, Usage
from branchwise.store.tree import Tree
from branchwise.tasks.domains.instances import Instance

_SOLUTION = f"{ROOT}.0"
"""The node that stands for the answer of a workflow, which grows no tree."""


def input_of(workflow: Workflow, instance: Instance, more: Mapping[str, Value]) -> Json:
    """The input of a workflow for an instance.

    Args:
        workflow: The workflow.
        instance: The instance; its `input`, or its text in the field that takes it.
        more: Fields of the arm's own.

    Raises:
        BadInput: No field takes the text, or the input has no fields for `more`.
    """
    given = posed(workflow, instance.problem) if instance.input is None else instance.input
    if not more:
        return given
    if not isinstance(given, Mapping):
        raise BadInput(
            f"The input of `{workflow.name}` has no fields, so an arm cannot set {', '.join(more)}."
        )
    return {**given, **more}


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
