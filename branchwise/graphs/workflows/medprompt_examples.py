"""Solved examples for Medprompt: the model's own explanations, kept where they reached the right answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any, TypedDict

from langgraph.graph import START, StateGraph
from langgraph.runtime import Runtime
from pydantic import Field

from branchwise.graphs.runtime.context import Run
from branchwise.graphs.runtime.workflow import WorkflowInfo
from branchwise.graphs.workflows._prompting import required
from branchwise.graphs.workflows._reading import plain
from branchwise.graphs.workflows.medprompt import SolvedExample, check_example, explained, shots_of


class ExamplesInput(TypedDict, total=False):
    """What a run is given: solved questions, whose explanations are not read."""

    questions: list[SolvedExample]
    temperature: Annotated[float, Field(ge=0, le=2)]
    max_tokens: Annotated[int, Field(ge=1, le=100_000)]


class ExamplesState(ExamplesInput, total=False):
    """What the node reads and writes."""

    examples: list[SolvedExample]


def check(given: Mapping[str, Any]) -> None:
    """Refuse a question that cannot be used."""
    required(given, "questions")
    for example in given["questions"]:
        check_example(example)


INFO = WorkflowInfo(paper="Medprompt, arXiv 2311.16452, section 4.2", check=check)


async def explain(state: ExamplesState, runtime: Runtime[Run]) -> ExamplesState:
    """Two calls a question: explain, answer; what reached a wrong answer is dropped."""
    run = runtime.context
    before = shots_of(run, [])

    async def own(i: int, example: SolvedExample) -> SolvedExample | None:
        why, said = await explained(run, f"{i}", before, example.question, example.choices, state)
        answer = example.choices[said] if isinstance(said, int) else said or ""
        right = plain(answer) == plain(example.answer) and why.strip()
        return example.model_copy(update={"reasoning": why.strip()}) if right else None

    found = await asyncio.gather(*(own(i, example) for i, example in enumerate(state["questions"])))
    return {"examples": [example for example in found if example is not None]}


def medprompt_examples() -> StateGraph[ExamplesState, Run, ExamplesInput, ExamplesState]:
    """Solved examples for Medprompt: the model's own explanations, kept where they reached the right answer."""
    graph = StateGraph(ExamplesState, context_schema=Run, input_schema=ExamplesInput)
    graph.add_node(explain)
    graph.add_edge(START, "explain")
    return graph
