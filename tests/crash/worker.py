"""A worker process as `branchwise worker` has it, with a deterministic engine and an oracle beside it."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from branchwise.graphs.runtime.answer import answer, open_questions
from branchwise.graphs.runtime.questions import Question
from branchwise.graphs.runtime.submit import submit_workflow
from branchwise.graphs.runtime.worker import WorkerLogLine, work
from branchwise.graphs.search.state import Options
from branchwise.graphs.search.submit import submit
from branchwise.models.codec import request_json
from branchwise.models.protocol import Reply, SampleRequest
from branchwise.models.scripted import Scripted, scripted
from branchwise.store.records import Budget
from branchwise.store.rows import Status
from branchwise.store.store import Store
from tests.crash import flow
from tests.crash.points import Doom, Oracle


@dataclass(frozen=True, kw_only=True, slots=True)
class Orders:
    """What a worker is told."""

    url: str
    oracle: str
    ttl: float
    doom: Doom | None = None
    worlds: str
    """The folder of the houses' worlds."""


def digest(request: object) -> str:
    """A short name for a request."""
    return hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()[:16]


def write(request: SampleRequest, seed: int) -> str:
    """Judges by what is shown, nothing ever good enough; calls tools twice; generates three steps, then an answer."""
    asked = request.messages[-1].content
    if "all tool calls that can be made now" in asked:  # of dta
        words = ([["one", "three"], ["four"], []])[asked.count("\nRound ")]
        calls = [{"tool": "look", "args": {"word": word}} for word in words]
        return json.dumps(calls or {"finish": f"{seed % 5}"})
    if "Action: NAME" in request.messages[0].content:  # of react
        seen = sum(message.content.count("\n| ") for message in request.messages[1:])
        call = f'Action: look {{"word": "{("one", "three")[seen % 2]}"}}'
        return f"Thought: {seed % 97}.\n{call if seen < 2 else f'Answer: {seed % 5}'}"
    if '"Score: "' in asked:
        return f"It could be better.\nScore: {int(digest(asked), 16) % 90}"
    if request.output_format.choices:  # an action of a web search
        return request.output_format.choices[seed % len(request.output_format.choices)]
    if "Status: " in asked:  # a judgement of a page
        return "Further on.\nStatus: failure\nOn the right track to success: yes"
    return f"Step {seed % 97}." if request.prefix.count("Step") < 3 else f"Answer: {seed % 5}"


MODEL = "scripted:script"
FLOW = flow.__name__
HOUSE: Mapping[str, Any] = {
    "environment": "scripted",
    "environment_spec": {"name": "scripted"},
    "options": {
        "depth": 3,
        "max_pages": 8,
        "samples": 4,
        "value_samples": 2,
        "pick_actions": True,
        "max_approvals": 0,
        "knobs": {"branching": 3},
    },
}
"""A web search in the scripted house, where nothing is written."""
SEARCHES: Sequence[Mapping[str, Any]] = (
    {"strategy": "auto", "options": Options(trials=2, probes=2, durability="sync", batch=3)},
    {"strategy": "step_beam", "options": Options(durability="sync")},
    {"strategy": "mcts", "knobs": {"simulations": 6}, "options": Options()},
    {"strategy": "best_of_n", "knobs": {"n": 12}, "options": Options(durability="sync", batch=1)},
    {"strategy": "mcts", "options": Options(durability="sync"), "budget": Budget(tokens=1500)},
)
"""Searches by chosen and fixed strategies, with checkpoints at every step and at the end only; the last ends with its
budget."""


def problems(seed: int, count: int, first: int = 0) -> list[dict[str, Any]]:
    """Runs of every kind: the searches, and seven workflows (see `_workflow`)."""
    made = []
    for number in range(first, first + count):
        kind, what = (seed + number) % (len(SEARCHES) + 7), f"question {seed}.{number}"
        common = {"model": MODEL, "seed": seed + number, "max_attempts": 1000}
        if kind < len(SEARCHES):
            made.append({"problem": f"What is the answer to {what}?", **common, **SEARCHES[kind]})
        else:
            made.append({**common, **_workflow(kind - len(SEARCHES), what)})
    return made


def _workflow(kind: int, what: str) -> dict[str, Any]:
    """A graph that ends with its budget, one that does not, web search, letter, web search that writes, `dta`, `react`.

    The letter has sub-runs, asks a person, and is mailed at most once; the last search asks before it writes.
    """
    bridge = {"name": f"{FLOW}:house", "options": {"world": what.replace(" ", "-")}}
    options = {**HOUSE["options"], "max_approvals": 2}
    made: Sequence[dict[str, Any]] = (
        {"workflow": f"{FLOW}:graph", "input": {"question": what}, "budget": Budget(calls=5)},
        {"workflow": f"{FLOW}:graph", "input": {"question": what}},
        {"workflow": "web", "input": {"goal": f"the room of {what}", **HOUSE}},
        {"workflow": f"{FLOW}:letter", "input": {"question": what}},
        {
            "workflow": "web",
            "input": {
                **HOUSE,
                "goal": f"the garden of {what}",
                "environment_spec": bridge,
                "options": options,
            },
        },
        {"workflow": "dta", "input": {"task": what, "tools": [f"{FLOW}:look"]}},
        {"workflow": "react", "input": {"question": what, "tools": [f"{FLOW}:look"], "knobs": {"n": 3}}},
    )
    return made[kind]


async def answered(store: Store) -> int:
    """Answer the open questions of all runs, as a person would who finds each mail sent and each door as it was."""
    count = 0
    for run in await store.runs(status=Status.WAITING):
        for question in open_questions(run):
            await answer(run.id, _said(question), key=question.key, store=store)
            count += 1
    return count


def _said(question: Question) -> object:
    if "/outcome." not in question.key:
        return True
    asked = question.question
    return {"done": f"mailed {asked['args'][0]}"} if "args" in asked else {"again": True}


async def enqueue(asked: Sequence[Mapping[str, Any]], store: str | Store) -> list[str]:
    """Put runs of every kind into the queue; gives their ids in that order."""
    ids = []
    for given in asked:
        more = {name: value for name, value in given.items() if name not in {"workflow", "input"}}
        if "workflow" in given:
            ids += await submit_workflow(given["workflow"], [given["input"]], store=store, **more)
        else:
            ids += await submit([given], store=store)
    return ids


class Witnessed:
    """The scripted model; it tells the oracle of each request before it answers."""

    def __init__(self, oracle: Oracle) -> None:
        self._model: Scripted = scripted(write, latency=0.004)
        self._oracle = oracle
        self.name, self.capabilities = self._model.name, self._model.capabilities

    async def sample(self, request: SampleRequest) -> Reply:
        """Note the request, then answer."""
        self._oracle.at("before send")
        self._oracle.say(f"send {digest(request_json(request))}")
        reply = await self._model.sample(request)
        self._oracle.at("after send")
        return reply

    async def aclose(self) -> None:
        """Nothing to let go."""


def serve(orders: Orders) -> None:
    """Work until the queue is empty."""
    asyncio.run(_serve(orders))


async def _serve(orders: Orders) -> None:
    oracle = Oracle(orders.oracle, orders.doom)
    flow.worlds.set(Path(orders.worlds))

    def witness(what: str) -> None:
        oracle.at("before an effect")
        oracle.say(f"did {what}")
        oracle.at("after an effect")

    flow.witness = witness

    def watch(report: WorkerLogLine) -> None:
        if report.kind == "claimed":
            oracle.at("claimed, before the first checkpoint")

    async with Store.opened(orders.url, ttl=orders.ttl) as store:
        oracle.watch(store.database.engine)
        await work(
            store=store, model=Witnessed(oracle), concurrency=2, until_empty=True, watch=watch, imports=[FLOW]
        )
