"""PRefLexOR: think, criticise or reflect, think again with the better thought forced (arXiv 2410.12375)."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from pydantic import Field

from branchwise.graphs.runtime.context import Run
from branchwise.graphs.runtime.outputs import TypedReply
from branchwise.graphs.runtime.workflow import WorkflowInfo
from branchwise.graphs.workflows._prompting import data, filled, numbered, required, text
from branchwise.graphs.workflows._reading import between, majority, plain
from branchwise.models.protocol import Message, OutputFormat, SampleRequest
from branchwise.models.reasoning import split

_MARKS = (("<reflect>", "</reflect>"), ("<|reflect|>", "<|/reflect|>"))


class PreflexorInput(TypedDict, total=False):
    """What a run is given."""

    question: str
    variant: Literal["critic", "reflect"]
    rounds: Annotated[int, Field(ge=1, le=50)]
    """Answers of the variant `critic`; improvements after the first answer of the variant `reflect`."""
    combine: Literal["integrate", "majority"]
    critic_model: str | None
    temperature: Annotated[float, Field(ge=0, le=2)]
    max_tokens: Annotated[int, Field(ge=1, le=100_000)]


class PreflexorState(PreflexorInput, total=False):
    """What the nodes read and write."""

    thought: str
    answers: list[str]
    answer: str


INFO = WorkflowInfo(
    paper="PRefLexOR, arXiv 2410.12375; lamm-mit/PRefLexOR, inference.py",
    check=lambda given: required(given, "question"),
)


def more_rounds(state: PreflexorState) -> bool:
    """Whether another thought is improved: `rounds` answers of the critic's variant, one more of the other."""
    rounds = state.get("rounds", 3)
    wanted = rounds if state.get("variant", "critic") == "critic" else rounds + 1
    return len(state["answers"]) < wanted


async def reason(state: PreflexorState, runtime: Runtime[Run]) -> PreflexorState:
    """Think and answer; with a thought of the critic only answer, the thought being the reply's forced beginning."""
    run, thought = runtime.context, state.get("thought")
    if thought is None:
        reflected = state.get("variant", "critic") == "reflect"
        prompt = "preflexor_reflect" if reflected else "preflexor_think"
        reply = await _sampled(run, state, "reason", filled(run, prompt, question=state["question"]))
        thought, answer = _parts(reply)
    elif run.capabilities.prefix:
        asked = filled(run, "preflexor_think", question=state["question"])
        reply = await _sampled(run, state, "answer", asked, prefix=f"<think>\n{thought}\n</think>\n")
        answer = text(reply)
    else:
        asked = filled(run, "preflexor_given", question=state["question"], thought=data(thought))
        answer = text(await _sampled(run, state, "answer", asked))
    return {"thought": thought, "answers": [*state.get("answers", []), answer]}


async def improve(state: PreflexorState, runtime: Runtime[Run]) -> PreflexorState:
    """Have the thought criticised, or read its own reflection, and have it improved."""
    run, shown = runtime.context, {"question": state["question"], "thought": data(state["thought"])}
    if state.get("variant", "critic") == "critic":
        asked = filled(run, "preflexor_feedback", **shown)
        feedback = text(await _sampled(run, state, "feedback", asked, model=state.get("critic_model")))
    else:
        feedback = next((found for marks in _MARKS if (found := between(state["thought"], *marks))), "none")
    asked = filled(run, "preflexor_improve", feedback=data(feedback), **shown)
    better = await _sampled(run, state, "improve", asked, model=state.get("critic_model"))
    return {"thought": text(better)}


async def conclude(state: PreflexorState, runtime: Runtime[Run]) -> PreflexorState:
    """One answer: integrated from all by the critic, or the most frequent one, which costs no call."""
    answers = state["answers"]
    if state.get("combine", "integrate") == "majority":
        best, _ = majority([plain(answer) for answer in answers])
        return {"answer": next(answer for answer in answers if plain(answer) == best)}
    run = runtime.context
    asked = filled(run, "preflexor_integrate", question=state["question"], answers=numbered(answers))
    return {"answer": text(await _sampled(run, state, "integrate", asked, model=state.get("critic_model")))}


async def _sampled(
    run: Run, state: PreflexorState, name: str, asked: str, *, prefix: str = "", model: str | None = None
) -> TypedReply[Any]:
    """One call at the workflow's own temperature and length."""
    temperature, most = state.get("temperature", 0.1), state.get("max_tokens", 3_000)
    if not prefix:
        return await run.sample(name, asked, model=model, temperature=temperature, max_tokens=most)
    request = SampleRequest(
        messages=(Message(role="user", content=asked),),
        prefix=prefix,
        temperature=temperature,
        output_format=OutputFormat(max_tokens=most),
        seed=run.seed,
    )
    return await run.sample(name, request, model=model)


def _parts(reply: TypedReply[Any]) -> tuple[str, str]:
    """The thought and the answer; a reply without marks is both."""
    written, sample = text(reply), reply.samples[0]
    thought, answer = (sample.reasoning, written) if sample.reasoning else split(written)
    return thought or written, answer.strip() or written


def preflexor() -> StateGraph[PreflexorState, Run, PreflexorInput, PreflexorState]:
    """PRefLexOR: think, criticise or reflect, and answer again with the better thought forced."""
    graph = StateGraph(PreflexorState, context_schema=Run, input_schema=PreflexorInput)
    for node in (reason, improve, conclude):
        graph.add_node(node)
    graph.add_edge(START, "reason")
    graph.add_conditional_edges(
        "reason", lambda state: "improve" if more_rounds(state) else "conclude", ["improve", "conclude"]
    )
    graph.add_edge("improve", "reason")
    graph.add_edge("conclude", END)
    return graph
