"""Archon: layers of generators, critics, rankers, fusers, verifiers and unit tests (arXiv 2409.15254)."""

from __future__ import annotations

import asyncio
import operator
from collections.abc import Awaitable, Callable, Mapping, Sequence
from random import Random
from typing import Any, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime

from branchwise.agents.generator import derived_seed
from branchwise.graphs.runtime.context import Run
from branchwise.graphs.runtime.outputs import Output, TypedReply
from branchwise.graphs.runtime.workflow import WorkflowInfo
from branchwise.graphs.workflows._archon_layers import USUAL, Component, NothingWritten, check
from branchwise.graphs.workflows._prompting import data, filled, judged_until, numbered, texts
from branchwise.graphs.workflows._reading import RIGHT, WRONG, listed, passes, ranked, sections, verdict

_TRIES = 11
"""Times that a verdict is asked for: once, and ten more times after unreadable replies."""


class ArchonInput(TypedDict, total=False):
    """What a run is given."""

    problem: str
    layers: list[list[Component]]


class ArchonState(ArchonInput, total=False):
    """What the layers read and write."""

    at: int
    candidates: list[str]
    critiques: list[str] | None
    tests: list[str]
    answer: str
    chosen: int


INFO = WorkflowInfo(paper="Archon, arXiv 2409.15254, section 3", check=check)


async def _generator(run: Run, state: ArchonState, layer: Sequence[Component]) -> ArchonState:
    written = await _written(run, layer, "archon_generator", problem=state["problem"])
    return {"candidates": written, "critiques": None}


async def _fuser(run: Run, state: ArchonState, layer: Sequence[Component]) -> ArchonState:
    answers = _answers(state, critiques=True)
    written = await _written(run, layer, "archon_fuser", problem=state["problem"], answers=answers)
    return {"candidates": written, "critiques": None}


async def _written(run: Run, layer: Sequence[Component], prompt: str, **blanks: str) -> list[str]:
    """The answers of all components of a layer, in their order."""
    asking = [_ask(run, f"{i}", part, prompt, None, **blanks) for i, part in enumerate(layer)]
    found = [answer for reply in await asyncio.gather(*asking) for answer in texts(reply)]
    if not found:
        raise NothingWritten(
            "No component of the layer wrote an answer; fork the run with another model or seed."
        )
    return found


async def _critic(run: Run, state: ArchonState, layer: Sequence[Component]) -> ArchonState:
    shown = {"problem": state["problem"], "answers": numbered(state["candidates"])}
    reply = await _ask(run, "critic", layer[0], "archon_critic", None, **shown)
    return {"critiques": sections(reply.text, len(state["candidates"]))}


async def _ranker(run: Run, state: ArchonState, layer: Sequence[Component]) -> ArchonState:
    part, n = layer[0], len(state["candidates"])
    one = "|".join(rf"\[{number}\]" for number in range(1, n + 1))
    form = rf"({one})( > ({one})){{0,{n - 1}}}" if n > 1 and _steered(run, part, "regex") else None
    shown = {"problem": state["problem"], "answers": _answers(state, critiques=part.use_critiques)}
    reply = await _ask(run, "rank", part, "archon_ranker", form, **shown)
    return _kept(state, [number - 1 for number in ranked(reply.text, n)][: part.top_k])


async def _verifier(run: Run, state: ArchonState, layer: Sequence[Component]) -> ArchonState:
    part, order = layer[0], range(len(state["candidates"]))

    async def is_right(i: int) -> bool | None:
        shown = {"problem": state["problem"], "answer": data(state["candidates"][i])}
        why = await _ask(run, f"{i}/reason", part, "archon_reason", None, **shown)
        shown["reason"] = data(why.text)
        form = (RIGHT, WRONG) if _steered(run, part, "choices") else None
        for attempt in range(_TRIES):
            reply = await _ask(run, f"{i}/verdict/{attempt}", part, "archon_verdict", form, **shown)
            if (found := verdict(reply.text)) is not None:
                return found
        return None

    judged = await judged_until(order, is_right, lambda right: right is True, part.first_k)
    return _kept(state, [i for i, right in judged if right] or order)


async def _unit_test_generator(run: Run, state: ArchonState, layer: Sequence[Component]) -> ArchonState:
    part = layer[0]
    reply = await _ask(run, "tests", part, "archon_tests", None, problem=state["problem"], n=str(part.tests))
    return {"tests": listed(reply.text, part.tests)}


async def _unit_test_evaluator(run: Run, state: ArchonState, layer: Sequence[Component]) -> ArchonState:
    part, tests = layer[0], state["tests"]
    order = range(len(state["candidates"]))
    if not tests:
        return _kept(state, order)

    async def passed(i: int) -> int:
        shown = {
            "problem": state["problem"],
            "answer": data(state["candidates"][i]),
            "tests": numbered(tests),
        }
        return passes((await _ask(run, f"{i}", part, "archon_evaluate", None, **shown)).text, len(tests))

    scores = await judged_until(order, passed, lambda score: score == len(tests), part.first_k)
    best = sorted(scores, key=operator.itemgetter(1), reverse=True)  # stable: ties keep their order
    return _kept(state, [i for i, _ in best][: part.top_k])


async def _ask(
    run: Run, name: str, part: Component, prompt: str, output: Output, **blanks: str
) -> TypedReply[Any]:
    return await run.sample(
        name,
        filled(run, prompt, **blanks),
        n=part.samples,
        output=output,
        model=part.model,
        temperature=part.temperature,
        max_tokens=part.max_tokens,
    )


def _steered(run: Run, part: Component, ability: str) -> bool:
    """Whether decoding can be constrained; of another model than the run's that is not known."""
    return part.model is None and bool(getattr(run.capabilities, ability))


def _answers(state: ArchonState, *, critiques: bool) -> str:
    notes = (state.get("critiques") if critiques else None) or [""] * len(state["candidates"])
    pairs = zip(state["candidates"], notes, strict=True)
    return numbered([f"{answer}\n\nReview: {note}" if note else answer for answer, note in pairs])


def _kept(state: ArchonState, order: Sequence[int]) -> ArchonState:
    """The candidates of these positions, with their critiques."""
    critiques = state.get("critiques")
    return {
        "candidates": [state["candidates"][i] for i in order],
        "critiques": None if critiques is None else [critiques[i] for i in order],
    }


_STEPS: Mapping[str, Callable[[Run, ArchonState, Sequence[Component]], Awaitable[ArchonState]]] = {
    "generator": _generator,
    "critic": _critic,
    "ranker": _ranker,
    "fuser": _fuser,
    "verifier": _verifier,
    "unit_test_generator": _unit_test_generator,
    "unit_test_evaluator": _unit_test_evaluator,
}


async def layer(state: ArchonState, runtime: Runtime[Run]) -> ArchonState:
    """Work off the next layer."""
    at = state.get("at", 0)
    parts = state.get("layers", USUAL)[at]
    return {**await _STEPS[parts[0].type](runtime.context, state, parts), "at": at + 1}


async def choose(state: ArchonState, runtime: Runtime[Run]) -> ArchonState:
    """One answer: of several that are left, one drawn by the run's seed."""
    drawn = Random(derived_seed(runtime.context.seed, "choose")).randrange(len(state["candidates"]))  # noqa: S311
    return {"answer": state["candidates"][drawn], "chosen": drawn}


def archon() -> StateGraph[ArchonState, Run, ArchonInput, ArchonState]:
    """Archon: layers of generators, critics, rankers, fusers, verifiers and unit tests."""
    graph = StateGraph(ArchonState, context_schema=Run, input_schema=ArchonInput)
    graph.add_node(layer)
    graph.add_node(choose)
    graph.add_edge(START, "layer")
    graph.add_conditional_edges(
        "layer",
        lambda state: "layer" if state["at"] < len(state.get("layers", USUAL)) else "choose",
        ["layer", "choose"],
    )
    graph.add_edge("choose", END)
    return graph
