"""A node that retrieves: IterDRAG (docs/papers.md) searches a small library as a run of its own, and the model sums up.

branchwise run retrieval:graph -i '{"question": "Where was the writer of the whale born?"}'
"""

from __future__ import annotations

from typing import TypedDict

from langgraph.graph import START, StateGraph
from langgraph.runtime import Runtime

from branchwise import Run

LIBRARY = [
    "Melville wrote of the sea and a whale.",
    "Melville was born in New York.",
    "Thoreau wrote of a pond.",
    "Dickinson wrote of bees.",
]


class State(TypedDict, total=False):
    """What the nodes read and write."""

    question: str
    notes: list[str]
    found: str
    answer: str


async def look(state: State, runtime: Runtime[Run]) -> State:
    """Have the question answered from the library, with a follow-up question if the model wants one."""
    given = {"question": state["question"], "documents": LIBRARY, "k": 1, "rounds": 2, "max_tokens": 20}
    ended = await runtime.context.call("look", "drag", given)
    return {"notes": ended["passages"], "found": ended["answer"]}


async def answer(state: State, runtime: Runtime[Run]) -> State:
    """Sum up in a sentence."""
    asked = f"{state['question']} By {state['notes']} it is {state['found']}. Say so in one sentence."
    return {"answer": (await runtime.context.sample("answer", asked, max_tokens=30)).text}


graph = StateGraph(State, context_schema=Run)
graph.add_sequence([look, answer])
graph.add_edge(START, "look")
