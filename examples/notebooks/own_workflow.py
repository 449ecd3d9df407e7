# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A workflow that waits, and a fork of it
# A workflow is a LangGraph graph in a module, so that any process can resume it. This cell writes the module; the scripted model
# stands in for a real one.

# %%
from pathlib import Path

Path("story.py").write_text(
    """
from typing import TypedDict

from langgraph.graph import START, StateGraph
from langgraph.runtime import Runtime

from branchwise import Run


class State(TypedDict, total=False):
    outline: str
    text: str
    good: bool


async def plan(state: State, runtime: Runtime[Run]) -> State:
    return {"outline": (await runtime.context.sample("plan", "Outline a story.")).text}


async def write(state: State, runtime: Runtime[Run]) -> State:
    return {"text": (await runtime.context.sample("write", f"Write: {state['outline']}")).text}


async def review(state: State, runtime: Runtime[Run]) -> State:
    return {"good": await runtime.context.ask("good", {"is it good?": state["text"]}, answer=bool)}


graph = StateGraph(State, context_schema=Run)
graph.add_sequence([plan, write, review]).add_edge(START, "plan")
"""
)

# %%
import branchwise
from branchwise.models.scripted import scripted

STORE = "sqlite:///notebook.sqlite"
model = scripted(["A fox crosses a river.", "Once a fox came to a river."])
waiting = await branchwise.run("story:graph", {}, model=model, store=STORE)
print(waiting.waiting[0].question)

# %% [markdown]
# The run waits in the database. The kernel may be restarted here: only the run's id is needed.

# %%
await branchwise.answer(waiting.run_id, False, store=STORE)
ended = await branchwise.resume(waiting.run_id, model=model, store=STORE)
print(ended.output, "| model calls:", model.calls)

# %% [markdown]
# ## Fork
# The story was not good. A fork shares the calls before `write` and makes the others anew, here with another model.

# %%
other = scripted(["The fox could not swim, and that was the story."])
fork = await branchwise.fork(waiting.run_id, at="write/1", store=STORE)
again = await branchwise.resume(fork.id, model=other, store=STORE)
print(again.waiting[0].question, "| model calls:", other.calls)
