"""The constraint agent: extract the constraints of a problem (PlanGEN, arXiv 2502.16111, section 2.1.1)."""

from __future__ import annotations

import json
import re
from typing import TypedDict

from branchwise.agents.prompts import Prompts, fill
from branchwise.agents.protocol import Agent, ProblemState
from branchwise.models.protocol import Message, OutputFormat, Reply, Sampler, SampleRequest
from branchwise.store.records import Constraints
from branchwise.tasks.task import Task

_BULLET = re.compile(r"^[ \t]*(?:[-*•]|\d{1,9}[.)])[ \t]+(?P<words>\S.*)$", re.MULTILINE)
_MOST = 40
"""Most constraints; a longer list is a model repeating itself."""


class ConstraintUpdate(TypedDict):
    """State update of the constraint agent."""

    constraints: Constraints


def constraint(
    sample: Sampler, task: Task, prompts: Prompts | None = None
) -> Agent[ProblemState, ConstraintUpdate]:
    """Make the constraint agent, a LangGraph node that runs once a problem.

    If the task can parse the constraints by program, no model is called. Otherwise the model writes them: as
    JSON by the task's schema if the engine can constrain decoding to one, else as a list of sentences.
    """
    template = (prompts or Prompts()).load("constraint", task.name)

    async def constraint_node(state: ProblemState) -> ConstraintUpdate:
        known = task.read_constraints(state["problem"])
        if known is not None:
            return {"constraints": known}
        typed = task.constraint_schema is not None and sample.capabilities.schema
        asked = fill(template, problem=state["problem"], constraint_types=_types(task))
        request = SampleRequest(
            messages=(Message(role="user", content=asked),),
            temperature=0.0,
            output_format=OutputFormat(max_tokens=512, schema=task.constraint_schema if typed else None),
        )
        reply = await sample(f"{state['path']}/constraints", request)
        return {"constraints": (_typed(reply, task) if typed else None) or _listed(reply)}

    return constraint_node


def _types(task: Task) -> str:
    return f"These constraints may include: {task.constraint_types}" if task.constraint_types else ""


def _typed(reply: Reply, task: Task) -> Constraints | None:
    try:
        return task.type_constraints(json.loads(reply.samples[0].text))
    except (json.JSONDecodeError, RecursionError):
        return None


def _listed(reply: Reply) -> Constraints:
    words = dict.fromkeys(bullet["words"].strip() for bullet in _BULLET.finditer(reply.samples[0].text))
    return Constraints(items=tuple(words)[:_MOST], source="model" if words else "none")
