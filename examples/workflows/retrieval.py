"""A model searches a small library twice, and answers.

branchwise run retrieval:graph -i '{"question": "Who wrote of the sea?"}'
"""

from __future__ import annotations

from typing import TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime

from branchwise import Run

LIBRARY = ("Melville wrote of the sea and a whale.", "Thoreau wrote of a pond.", "Dickinson wrote of bees.")


class State(TypedDict, total=False):
    """What the nodes read and write."""

    question: str
    notes: list[str]
    answer: str


def search(query: str) -> str:
    """The book that shares most words with the query."""
    return max(LIBRARY, key=lambda book: len({*query.lower().split()} & {*book.lower().strip(".").split()}))


async def look(state: State, runtime: Runtime[Run]) -> State:
    """Ask for a query, run it; each visit of this node has keys of its own."""
    run, notes = runtime.context, state.get("notes", [])
    asked = f"{state['question']}\nKnown: {notes}\nWords to search for:"
    query = (await run.sample("query", asked, max_tokens=12)).text
    return {"notes": [*notes, await run.effect("search", search, f"{state['question']} {query}")]}


async def answer(state: State, runtime: Runtime[Run]) -> State:
    """Answer from the notes."""
    asked = f"{state['notes']}\n{state['question']} Answer in five words."
    return {"answer": (await runtime.context.sample("answer", asked, max_tokens=20)).text}


graph = StateGraph(State, context_schema=Run)
graph.add_node(look)
graph.add_node(answer)
graph.add_edge(START, "look")
graph.add_conditional_edges("look", lambda s: "look" if len(s["notes"]) < 2 else "answer", ["look", "answer"])
graph.add_edge("answer", END)
