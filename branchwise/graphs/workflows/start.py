"""START: hints that invite a reasoning model to use Python, and the output of its code (arXiv 2503.04625)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from random import Random
from typing import Annotated, Any, Literal, TypedDict, get_args

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from pydantic import Field

from branchwise.agents.generator import derived_seed
from branchwise.environments.sandbox.limits import Limits
from branchwise.graphs.runtime.context import Run
from branchwise.graphs.runtime.outputs import TypedReply
from branchwise.graphs.runtime.workflow import WorkflowInfo
from branchwise.graphs.workflows._prompting import data, filled, required
from branchwise.models.protocol import Message, OutputFormat, SampleRequest, Tool
from branchwise.tools.python import PythonTool

HintKind = Literal["calculation", "reflection", "logic", "alternative", "tools", "depth"]
_END = "</think>"
_TURN = re.compile(r"\b(?:wait|alternatively)\b", re.IGNORECASE)
_OPEN = re.compile(r"^```(?:python|py)[ \t]*$", re.MULTILINE)
_CLOSED = "\n```"
_BLOCKS = 8
"""Code blocks that are run behind one hint."""
_OUTPUT = 2_000
"""Characters of a program's output."""
_SECONDS = 10.0
"""Of a program, with the earlier code."""


class StartInput(TypedDict, total=False):
    """What a run is given."""

    problem: str
    hints: Annotated[int, Field(ge=0, le=16)]
    """Hints, one behind the other; each buys more thought."""
    kind: HintKind | None
    """Of the hints; drawn by the run's seed by default."""
    temperature: Annotated[float, Field(ge=0, le=2)]
    max_tokens: Annotated[int, Field(ge=1, le=100_000)]


class StartState(StartInput, total=False):
    """What the nodes read and write."""

    text: str
    """The whole reply so far, with hints and outputs."""
    last: int
    """Where the last continuation begins in it."""
    hinted: int
    cells: list[str]
    """The code that was run; later code sees its variables."""
    pending: str | None
    """Code that is to be run."""
    behind: int
    """Code blocks run behind the last hint."""
    before: str
    """The answer before the first hint."""
    answer: str


INFO = WorkflowInfo(
    paper="START, arXiv 2503.04625, section 3.1 (Hint-infer)",
    needs=frozenset({"prefix", "sandbox"}),
    check=lambda given: required(given, "problem"),
)


def cut(text: str) -> str:
    """The thoughts of a reply: up to the mark of their end, else up to the last "wait" or "alternatively"."""
    at = text.rfind(_END)
    if at >= 0:
        return text[:at].rstrip()
    turns = list(_TURN.finditer(text))
    return text[: turns[-1].start()].rstrip() if turns else text.rstrip()


def answer_of(continuation: str) -> str:
    """What a continuation says behind its thoughts; all of it where no end of thoughts is marked."""
    return continuation.rpartition(_END)[2].strip()


def code_in(continuation: str) -> tuple[str, int] | None:
    """The first Python block of a continuation and where it ends; None without a closed one that holds code."""
    opened = _OPEN.search(continuation)
    if opened is None:
        return None
    closed = continuation.find(_CLOSED, opened.end())
    code = continuation[opened.end() : closed].strip("\n") if closed >= 0 else ""
    return (code, closed + len(_CLOSED)) if code.strip() else None


def hint_row(output: Mapping[str, Any], right: Callable[[str], bool]) -> dict[str, str] | None:
    """A row for training (Hint-RFT): a run whose answer was wrong before its hints and right after; else None."""
    if right(output["before"]) or not right(output["answer"]):
        return None
    return {"problem": output["problem"], "completion": output["text"]}


async def begin(state: StartState, runtime: Runtime[Run]) -> StartState:
    """Think and answer without a hint."""
    reply = await _continued(runtime.context, state, "begin", "")
    said = reply.samples[0]
    text = f"<think>\n{said.reasoning}\n{_END}\n{said.text}" if said.reasoning else said.text
    answer = answer_of(text)
    return {"text": text, "last": 0, "hinted": 0, "cells": [], "before": answer, "answer": answer}


async def hint(state: StartState, runtime: Runtime[Run]) -> StartState:
    """Take back the end of the last continuation, add a hint, and have it continued."""
    run, number = runtime.context, state["hinted"]
    drawn = Random(derived_seed(run.seed, f"hint/{number}")).choice(get_args(HintKind))  # noqa: S311
    said = filled(run, f"start_{state.get('kind') or drawn}")
    kept = state["text"][: state["last"]] + cut(state["text"][state["last"] :])
    update = await _on(run, state, f"{kept}\n\n{said}\n")
    return {**update, "hinted": number + 1, "behind": 0}


async def execute(state: StartState, runtime: Runtime[Run]) -> StartState:
    """Run the code in the sandbox, after the earlier code, and have the reply continued behind the output."""
    run, code = runtime.context, state["pending"] or ""
    tool = PythonTool(limits=Limits(seconds=_SECONDS), output=_OUTPUT, spec=Tool(name="python"))
    earlier = [({"code": cell}, "") for cell in state["cells"]]
    result = await run.tool_caller()("python", tool, tool.carried(earlier, {"code": code}))
    output = data(result.text, _OUTPUT)
    update = await _on(run, state, f"{state['text']}\n```output\n{output}\n```\n")
    cells = state["cells"] if result.error else [*state["cells"], code]
    return {**update, "cells": cells, "behind": state["behind"] + 1}


async def _on(run: Run, state: StartState, text: str) -> StartState:
    """Continue a text; a closed block of code ends the continuation there."""
    reply = await _continued(run, state, "continue", text)
    sample = reply.samples[0]
    said = sample.text if sample.error is None else ""
    found = code_in(said)
    if found is not None:
        said = said[: found[1]]
    pending = found[0] if found is not None else None
    return {"text": text + said, "last": len(text), "pending": pending, "answer": answer_of(said)}


async def _continued(run: Run, state: StartState, name: str, text: str) -> TypedReply[Any]:
    request = SampleRequest(
        messages=(Message(role="user", content=filled(run, "start", problem=state["problem"])),),
        prefix=text,
        temperature=state.get("temperature", 0.6),
        # Models that were trained with tools would write the output themselves.
        output_format=OutputFormat(max_tokens=state.get("max_tokens", 2_048), stop=("```output",)),
        seed=derived_seed(run.seed, f"{len(text)}"),
    )
    return await run.sample(name, request)


def _next(state: StartState) -> str:
    if state.get("pending") and state["behind"] < _BLOCKS:
        return "execute"
    return "hint" if state["hinted"] < state.get("hints", 1) else END


def start() -> StateGraph[StartState, Run, StartInput, StartState]:
    """START: hints that invite a reasoning model to use Python, and the output of its code."""
    graph = StateGraph(StartState, context_schema=Run, input_schema=StartInput)
    for node in (begin, hint, execute):
        graph.add_node(node)
    graph.add_edge(START, "begin")
    for name in ("begin", "hint", "execute"):
        graph.add_conditional_edges(name, _next, ["hint", "execute", END])
    return graph
