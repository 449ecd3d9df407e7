"""A model picks a tool for each question, all tools run in parallel, and the model answers from what they found.

branchwise run tools:graph -i '{"questions": ["How long is this text?", "How many words?"]}'
"""

from __future__ import annotations

import operator
from typing import Annotated, TypedDict

from langgraph.graph import START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import Send

from branchwise import Run

TOOLS = {"length": len, "words": lambda text: len(text.split()), "upper": str.upper}


class State(TypedDict, total=False):
    """What the nodes read and write; `question` is one parallel branch's own."""

    questions: list[str]
    question: str
    found: Annotated[list[str], operator.add]
    answer: str


async def call(state: State, runtime: Runtime[Run]) -> State:
    """One branch: the i-th of `Send` has the keys `call.i/1/...`."""
    run, question = runtime.context, state["question"]
    chosen = await run.sample("pick", f"Which tool answers: {question}", output=list(TOOLS))
    result = await run.effect("use", TOOLS[chosen.text], question)
    return {"found": [f"{question} {chosen.text}: {result}"]}


async def answer(state: State, runtime: Runtime[Run]) -> State:
    """Answer from all that was found."""
    found = "\n".join(sorted(state["found"]))
    return {"answer": (await runtime.context.sample("answer", f"Sum up:\n{found}", max_tokens=40)).text}


graph = StateGraph(State, context_schema=Run)
graph.add_node(call)
graph.add_node(answer)
graph.add_conditional_edges(
    START, lambda state: [Send("call", {"question": one}) for one in state["questions"]], ["call"]
)
graph.add_edge("call", "answer")
