"""Every agent is a valid LangGraph node on its own: a graph of nothing else runs it and keeps what it returns."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, TypedDict, get_type_hints

import pytest
from langgraph.graph import START, StateGraph

from branchwise import agents, tasks
from branchwise.agents import planning, verifiers
from branchwise.agents.actor import actor
from branchwise.agents.constraint import constraint
from branchwise.agents.generator import generator
from branchwise.agents.planning.planner import planner
from branchwise.agents.planning.prior import prior
from branchwise.agents.planning.selector import selector
from branchwise.agents.planning.ucb import Record
from branchwise.agents.proposer import proposer
from branchwise.agents.react import react
from branchwise.agents.value import value
from branchwise.agents.verifiers.chance import chance
from branchwise.agents.verifiers.llm import llm
from branchwise.agents.verifiers.pass_share import pass_share
from branchwise.agents.verifiers.program import program
from branchwise.agents.verifiers.reward import reward
from branchwise.agents.verifiers.vote import vote
from branchwise.agents.verifiers.yes_no import yes_no
from branchwise.environments.scripted import scripted as house
from branchwise.models.direct import direct
from branchwise.models.scripted import scripted
from branchwise.store.records import Constraints
from branchwise.tools.direct import direct as no_run

TEXT, GAME = tasks.load("text"), tasks.load("game24")
PROBLEM: Mapping[str, Any] = {"problem": "Which?", "path": "t0"}
NUMBERS = Constraints(data={"numbers": [4, 6, 1, 1]}, source="program")
JUDGED = {**PROBLEM, "constraints": Constraints(), "plan": "A plan.", "complete": True}
ASKED = {**PROBLEM, "constraints": Constraints(), "text": "", "n": 2, "grain": "solution"}
PAGE: Mapping[str, Any] = {"goal": "the garden", "path": "w/0", "history": []}

Case = tuple[Callable[..., Any], Mapping[str, Any], str, str]
CASES: Mapping[str, Case] = {
    "actor": (actor, {**PAGE, "n": 1}, "Action: go to kitchen", "candidates"),
    "constraint": (lambda s: constraint(s, TEXT), PROBLEM, "- Be brief.", "constraints"),
    "generator": (
        lambda s: generator(s, TEXT),
        {**ASKED, "previous": "", "feedback": ""},
        "Answer: 4",
        "samples",
    ),
    "planner": (lambda s: planner(("rebase",)), {"probes": (), "tokens_left": None}, "", "plan"),
    "prior": (
        lambda s: prior(s, TEXT, {"rebase": ""}),
        {**PROBLEM, "previous": "", "feedback": ""},
        "?",
        "prior",
    ),
    "proposer": (
        lambda s: proposer(s, TEXT),
        {**ASKED, "grain": "step", "previous": "", "feedback": ""},
        "1. One step.",
        "samples",
    ),
    "react": (
        lambda s: react(s, TEXT, call=no_run()),
        {**ASKED, "grain": "step", "previous": "", "feedback": ""},
        "Answer: 4",
        "samples",
    ),
    "selector": (lambda s: selector(("rebase",)), {"record": Record(), "prior": {}}, "", "selection"),
    "value": (value, PAGE, "Hm.\nStatus: success", "value"),
    "verifiers.chance": (lambda s: chance(), JUDGED, "", "verdict"),
    "verifiers.llm": (lambda s: llm(s, TEXT), JUDGED, "Good.\nScore: 96", "verdict"),
    "verifiers.pass_share": (lambda s: pass_share(s, TEXT), JUDGED, "Good.\nVerdict: pass", "verdict"),
    "verifiers.program": (lambda s: program(GAME), {**JUDGED, "constraints": NUMBERS}, "", "verdict"),
    "verifiers.reward": (lambda s: reward(s, TEXT), JUDGED, "0.5", "verdict"),
    "verifiers.vote": (lambda s: vote(s, TEXT), JUDGED, "Compared.\nBest: 1", "verdict"),
    "verifiers.yes_no": (lambda s: yes_no(s, TEXT), JUDGED, "Yes", "verdict"),
}
"""How each agent is made of a sampler, the state that it reads, what the model says, and what it adds."""


def _named(package: Any) -> set[str]:
    """The modules of a package that hold a function of their own name which makes a node."""
    found = set()
    for module in pkgutil.iter_modules(package.__path__):
        made = getattr(import_module(f"{package.__name__}.{module.name}"), module.name, None)
        if inspect.isfunction(made) and not module.ispkg:
            returned = str(get_type_hints(made).get("return"))
            if "Agent[" in returned or "Verifier" in returned:
                found.add(module.name)
    return found


def test_no_agent_is_forgotten() -> None:
    assert set(CASES) == _named(agents) | _named(planning) | {
        f"verifiers.{name}" for name in _named(verifiers)
    }


@pytest.mark.parametrize("name", CASES)
async def test_a_graph_of_this_agent_alone(name: str) -> None:
    make, given, said, adds = CASES[name]
    if name in {"actor", "value"}:
        session = await house().reset()
        given = {**given, "session": session, "observation": await session.observe()}
    node = make(direct(scripted([said])))
    reads = get_type_hints(get_type_hints(node)["state"])
    given = {name: value for name, value in given.items() if name in reads}
    fields: Any = {**reads, adds: Any}
    graph: Any = StateGraph(TypedDict("Both", fields))  # type: ignore[operator]
    graph.add_node("agent", node)
    graph.add_edge(START, "agent")
    ended = await graph.compile().ainvoke(given)
    alone = await node(given)
    assert adds in get_type_hints(get_type_hints(node)["return"])
    assert ended[adds] == alone[adds]
    assert ended.keys() >= given.keys()
