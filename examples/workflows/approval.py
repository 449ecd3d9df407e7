"""A letter is drafted, a person approves it, and it is mailed at most once.

branchwise run approval:graph -i '{"topic": "the picnic"}'; branchwise answer last true; branchwise resume last
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypedDict

from langgraph.graph import START, StateGraph
from langgraph.runtime import Runtime

import branchwise
from branchwise import Run


class State(TypedDict, total=False):
    """What the nodes read and write."""

    topic: str
    letter: str
    sent: str


def send_mail(text: str, idempotency_key: str) -> str:
    """Stand in for a mail server: a line in a file. A real one would be given the key, too."""
    with Path(os.environ.get("OUTBOX", "outbox.txt")).open("a", encoding="utf-8") as outbox:
        outbox.write(f"{idempotency_key} {text!r}\n")
    return "sent"


async def draft(state: State, runtime: Runtime[Run]) -> State:
    """Write the letter."""
    reply = await runtime.context.sample("draft", f"Invite a friend to {state['topic']} in one line.")
    return {"letter": reply.text.strip() or "Come!"}


async def mail(state: State, runtime: Runtime[Run]) -> State:
    """Ask a person, then send; nobody knows what became of a mail whose process died, so a person is asked again."""
    run = runtime.context
    if not await run.ask("approve", {"send?": state["letter"]}, answer=bool):
        return {"sent": "no"}
    return {"sent": await run.effect("mail", send_mail, state["letter"], at_most_once=True)}


graph = StateGraph(State, context_schema=Run)
graph.add_sequence([draft, mail])
graph.add_edge(START, "draft")

if __name__ == "__main__":
    waiting = branchwise.run_sync("approval:graph", {"topic": "the picnic"}, budget=2_000)
    print(f"question: {waiting.waiting[0].question}")
    branchwise.answer_sync(waiting.run_id, True)
    print(f"sent: {branchwise.resume_sync(waiting.run_id).output['sent']}")
