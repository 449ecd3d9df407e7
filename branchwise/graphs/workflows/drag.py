"""DRAG and IterDRAG: documents and demonstrations in a long context, and follow-up questions (arXiv 2410.04343)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from pydantic import BaseModel, ConfigDict, Field

from branchwise.graphs.runtime.context import Run
from branchwise.graphs.runtime.workflow import WorkflowInfo
from branchwise.graphs.workflows._corpus import check_corpus, corpus_modules, found
from branchwise.graphs.workflows._prompting import data, filled, required, text

FOLLOW, FINAL = "Follow up:", "So the final answer is:"
_INTERMEDIATE = "Intermediate answer:"


class SubQuestion(BaseModel):
    """A follow-up question with its answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    question: str
    answer: str


class Demonstration(BaseModel):
    """A solved question; its documents are retrieved like the question's own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    question: str
    answer: str
    steps: list[SubQuestion] = []


class DragInput(TypedDict, total=False):
    """What a run is given."""

    question: str
    documents: list[str]
    corpus: str
    demonstrations: list[Demonstration]
    k: Annotated[int, Field(ge=0, le=1_000)]
    """Documents of the question, of each demonstration and of each follow-up question."""
    shots: Annotated[int, Field(ge=0, le=256)]
    """Demonstrations that are shown, the first ones; all by default."""
    rounds: Annotated[int, Field(ge=1, le=5)]
    """1 is DRAG: one retrieval and one call. Each further one allows a follow-up question."""
    max_tokens: Annotated[int, Field(ge=1, le=100_000)]


class DragState(DragInput, total=False):
    """What the nodes read and write."""

    passages: list[str]
    shown: list[list[str]]
    """The documents of each demonstration."""
    steps: list[SubQuestion]
    ready: bool
    answer: str


def check(given: Mapping[str, Any]) -> None:
    """Refuse an input without a question or a corpus."""
    required(given, "question")
    check_corpus(given)


INFO = WorkflowInfo(
    paper="Inference Scaling for Long-Context RAG, arXiv 2410.04343, section 3",
    check=check,
    imports=corpus_modules,
)


async def retrieve(state: DragState, runtime: Runtime[Run]) -> DragState:
    """Find the documents of the question and of each demonstration."""
    examples = state.get("demonstrations", [])[: state.get("shots", 256)]
    wanted = [state["question"], *(example.question for example in examples)]
    own, *shown = await asyncio.gather(*(_passages(runtime.context, state, one) for one in wanted))
    return {"passages": own, "shown": shown, "steps": [], "ready": state.get("rounds", 1) == 1}


async def step(state: DragState, runtime: Runtime[Run]) -> DragState:
    """Choose whether to ask on; if so ask, retrieve and answer the follow-up question."""
    run, steps = runtime.context, state["steps"]
    steered = (FOLLOW, FINAL) if run.capabilities.choices else None
    if not (await _said(run, state, "choose", steered)).startswith(FOLLOW):
        return {"ready": True}
    question = (await _said(run, state, "follow")).removeprefix(FOLLOW).strip().partition("\n")[0]
    if not question:
        return {"ready": True}
    new = [one for one in await _passages(run, state, question) if one not in state["passages"]]
    more: DragState = {**state, "passages": [*state["passages"], *new]}
    more["steps"] = [*steps, SubQuestion(question=question, answer="")]
    answer = (await _said(run, more, "intermediate")).removeprefix(_INTERMEDIATE).strip().partition("\n")[0]
    steps = [*steps, SubQuestion(question=question, answer=answer)]
    return {"passages": more["passages"], "steps": steps, "ready": len(steps) >= state.get("rounds", 1) - 1}


async def finish(state: DragState, runtime: Runtime[Run]) -> DragState:
    """Answer."""
    return {"answer": (await _said(runtime.context, state, "final")).removeprefix(FINAL).strip()}


def drag() -> StateGraph[DragState, Run, DragInput, DragState]:
    """DRAG and IterDRAG: documents and demonstrations in a long context, and follow-up questions."""
    graph = StateGraph(DragState, context_schema=Run, input_schema=DragInput)
    for node in (retrieve, step, finish):
        graph.add_node(node)
    graph.add_edge(START, "retrieve")
    for node_name in ("retrieve", "step"):
        graph.add_conditional_edges(
            node_name, lambda state: "finish" if state["ready"] else "step", ["finish", "step"]
        )
    graph.add_edge("finish", END)
    return graph


async def _passages(run: Run, state: DragState, question: str) -> list[str]:
    """The documents of a question from the worst to the best, so that the best is next to the question."""
    return [passage.text for passage in reversed(await found(run, state, question, state.get("k", 5)))]


async def _said(run: Run, state: DragState, what: str, output: Sequence[str] | None = None) -> str:
    examples = state.get("demonstrations", [])[: len(state["shown"])]
    solved = zip(examples, state["shown"], strict=True)
    asked = filled(
        run,
        "drag",
        examples="\n\n".join(
            _context(shown, one.question, one.steps, f"{FINAL} {one.answer}") for one, shown in solved
        ),
        question=_context(state["passages"], state["question"], state["steps"], ""),
        then=filled(run, f"drag_{what}"),
    )
    reply = await run.sample(
        what, asked, output=output, temperature=0.0, max_tokens=state.get("max_tokens", 128)
    )
    return text(reply)


def _context(passages: Sequence[str], question: str, steps: Sequence[SubQuestion], end: str) -> str:
    """Documents, the question, and what has been found out on it; an answer may still be missing."""
    lines = [data("\n\n".join(passages), 1_200 * (len(passages) + 1)), f"Question: {question}"]
    for one in steps:
        lines += [f"{FOLLOW} {one.question}", *([f"{_INTERMEDIATE} {one.answer}"] if one.answer else [])]
    return "\n".join([line for line in [*lines, end] if line])
