"""A model calls tools for several questions, at once where it can, and answers from what they returned.

branchwise run tools:graph -i '{"questions": ["How long is the word apple?", "Has it a double letter?"]}'

The rounds of calls are the workflow `dta`; `react` takes the same tools, calls one after another, and searches.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TypedDict

from langgraph.graph import START, StateGraph
from langgraph.runtime import Runtime

from branchwise import Run
from branchwise.tools import READ_ONLY, function_tool


def _length(word: str) -> int:
    """The number of letters of a word."""
    return len(word)


def _double(word: str) -> bool:
    """Whether a letter of a word stands twice in a row."""
    return any(one == other for one, other in pairwise(word))


length = function_tool(_length, name="length", hints=READ_ONLY)
double = function_tool(_double, name="double", hints=READ_ONLY)


class State(TypedDict, total=False):
    """What the nodes read and write."""

    questions: list[str]
    found: str | None
    answer: str


async def look_up(state: State, runtime: Runtime[Run]) -> State:
    """A sub-run: its calls are paid from this run's budget, and a resumed run does not make them again."""
    asked = {"task": "\n".join(state["questions"]), "tools": [f"{__name__}:length", f"{__name__}:double"]}
    return {"found": (await runtime.context.call("look_up", "dta", asked))["answer"]}


async def answer(state: State, runtime: Runtime[Run]) -> State:
    """Answer from what was found."""
    asked = f"Answer in one sentence: {' '.join(state['questions'])}\nFound: {state['found']}"
    return {"answer": (await runtime.context.sample("answer", asked, max_tokens=40)).text}


graph = StateGraph(State, context_schema=Run)
graph.add_sequence([look_up, answer])
graph.add_edge(START, "look_up")
