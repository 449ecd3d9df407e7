"""Workflows of a user's for the campaign, and a house where what is written stays when a worker dies."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, Any, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import Send

from branchwise.environments.protocol import Environment
from branchwise.environments.scripted import Door, scripted
from branchwise.graphs.runtime.context import Run
from branchwise.tools.function import function_tool
from branchwise.tools.protocol import READ_ONLY

worlds: ContextVar[Path] = ContextVar("worlds")
"""The folder of the houses' worlds."""


def unseen(what: str) -> None:
    """Nobody watches."""


witness: Callable[[str], None] = unseen
"""Told of each note, call of a tool, mail that is sent and door that writes; a worker's may kill it there."""


class State(TypedDict, total=False):
    question: str
    number: int
    rounds: int
    parts: Annotated[list[str], operator.add]
    noted: str


async def part(state: State, runtime: Runtime[Run]) -> State:
    reply = await runtime.context.sample("part", f"Part {state['number']} of: {state['question']}", n=2)
    return {"parts": [sample.text for sample in reply.samples]}


async def fuse(state: State, runtime: Runtime[Run]) -> State:
    rounds = state.get("rounds", 0) + 1
    asked = f"Round {rounds} on {state['question']}: {sorted(state['parts'])}"
    reply = await runtime.context.sample("fuse", asked)
    return {"parts": [reply.text], "rounds": rounds}


async def note(state: State, runtime: Runtime[Run]) -> State:
    return {"noted": await runtime.context.effect("note", _noted, state["question"], len(state["parts"]))}


async def _noted(question: str, parts: int) -> str:
    witness(f"note {question}")
    return f"{question} {parts}"


def _parts(state: State) -> list[Send]:
    return [Send("part", {"question": state["question"], "number": number}) for number in range(4)]


graph = StateGraph(State, context_schema=Run)
for node in (part, fuse, note):
    graph.add_node(node.__name__, node)
graph.add_conditional_edges(START, _parts, ["part"])
graph.add_edge("part", "fuse")
graph.add_conditional_edges("fuse", lambda state: "fuse" if state["rounds"] < 3 else "note", ["fuse", "note"])
graph.add_edge("note", END)


async def draft(state: State, runtime: Runtime[Run]) -> State:
    run = runtime.context
    text = (await run.sample("draft", f"A letter on {state['question']}")).text
    found = await run.solve(
        "best", f"What is best in {state['question']}?", strategy="best_of_n", knobs={"n": 3}
    )
    below = await run.call("below", f"{__name__}:graph", {"question": f"the letter on {state['question']}"})
    return {"parts": [text, found.text, below["noted"]]}


async def approve(state: State, runtime: Runtime[Run]) -> State:
    yes = await runtime.context.ask("approve", {"send?": state["parts"]}, answer=bool)
    return {"rounds": int(yes)}


async def send(state: State, runtime: Runtime[Run]) -> State:
    return {"noted": await runtime.context.effect("mail", mailed, state["question"], at_most_once=True)}


def mailed(question: str) -> str:
    """Send the mail."""
    witness(f"mail {question}")
    return f"mailed {question}"


def _look(word: str) -> str:
    witness(f"look {word}")
    return f"{len(word)} letters"


look = function_tool(_look, name="look", description="Letters of a word.", hints=READ_ONLY)


letter = StateGraph(State, context_schema=Run)
letter.add_sequence([draft, approve, send])
letter.add_edge(START, "draft")

_BRIDGE = {
    "hall": {"go to bank": Door(to="bank"), "go to library": Door(to="library")},
    "library": {"go to hall": Door(to="hall")},
    "bank": {"burn the bridge": Door(to="garden", writes="bridge burnt"), "go to hall": Door(to="hall")},
    "garden": {},
}


class _Written:
    """What is written in a world: lines of a file, each once."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __iter__(self) -> Iterator[str]:
        return iter(self._file.read_text().splitlines() if self._file.exists() else [])

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def append(self, line: str) -> None:
        """Write a line."""
        witness(f"door {self._file.name}")
        if line not in list(self):
            with self._file.open("a") as file:
                file.write(f"{line}\n")


def house(world: str) -> Environment:
    """A house whose garden is behind a bridge that can be burnt once for all."""
    made: Any = scripted(_BRIDGE, snapshots=False)
    made.shared.written = _Written(worlds.get() / world)
    return made  # type: ignore[no-any-return]
