"""An agent of your own in a workflow: one node drafts, a critic picks. The scripted model stands in for a real one."""

from __future__ import annotations

from typing import TypedDict

from langgraph.graph import START, StateGraph
from langgraph.runtime import Runtime

import branchwise
from branchwise import Run
from branchwise.models.protocol import Message, OutputFormat, Sampler, SampleRequest
from branchwise.models.scripted import scripted


class State(TypedDict, total=False):
    """What the nodes read and write."""

    topic: str
    drafts: list[str]
    best: str


async def critic(sample: Sampler, drafts: list[str]) -> str | None:
    """The agent: asks for a number that the engine must choose; what cannot be read is no result."""
    numbers = tuple(str(i + 1) for i in range(len(drafts)))
    listed = "\n".join(f"{number}. {draft}" for number, draft in zip(numbers, drafts, strict=True))
    request = SampleRequest(
        messages=(Message(role="user", content=f"{listed}\nWhich line is the clearest? Its number:"),),
        temperature=0.0,
        output_format=OutputFormat(choices=numbers),
    )
    said = (await sample("critic", request)).samples[0].text.strip()
    return drafts[int(said) - 1] if said in numbers else None


async def draft(state: State, runtime: Runtime[Run]) -> State:
    """Write three lines in one request."""
    reply = await runtime.context.sample("draft", f"Write a line about {state['topic']}.", n=3)
    return {"drafts": [sample.text for sample in reply.samples]}


async def choose(state: State, runtime: Runtime[Run]) -> State:
    """Call the agent with a sampler that records, so that a resumed run does not ask again."""
    return {"best": await critic(runtime.context.sampler(), state["drafts"]) or state["drafts"][0]}


graph = StateGraph(State, context_schema=Run)
graph.add_sequence([draft, choose])
graph.add_edge(START, "draft")

if __name__ == "__main__":
    model = scripted(
        lambda request, seed: "2" if request.output_format.choices else f"Tea is warm, {seed % 7}."
    )
    ended = branchwise.run_sync("own_agent:graph", {"topic": "tea"}, model=model, budget=2_000)
    print(*ended.output["drafts"], f"best: {ended.output['best']}", sep="\n")
    print(f"calls: {ended.usage.calls}")
