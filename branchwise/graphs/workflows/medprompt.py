"""Medprompt: nearest solved examples, own explanations, and a vote over orders of the choices (arXiv 2311.16452)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypedDict

from langgraph.graph import START, StateGraph
from langgraph.runtime import Runtime
from pydantic import BaseModel, ConfigDict, Field

from branchwise.graphs.runtime.context import Run
from branchwise.graphs.runtime.workflow import WorkflowInfo
from branchwise.graphs.workflows._prompting import filled, required
from branchwise.graphs.workflows._reading import chosen, majority, plain
from branchwise.graphs.workflows._similar import nearest
from branchwise.models.protocol import Message
from branchwise.store.errors import BadInput


class SolvedExample(BaseModel):
    """A solved question, as an example."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    question: str
    choices: list[str] = []
    answer: str
    """The right choice's text; without choices the answer."""
    reasoning: str = ""
    """The model's own explanation that led to the right answer, as `medprompt_examples` writes it."""


class MedpromptInput(TypedDict, total=False):
    """What a run is given."""

    question: str
    choices: list[str]
    examples: list[SolvedExample]
    shots: Annotated[int, Field(ge=0, le=100)]
    orders: Annotated[int, Field(ge=1, le=100)]
    temperature: Annotated[float, Field(ge=0, le=2)]
    max_tokens: Annotated[int, Field(ge=1, le=100_000)]


class MedpromptState(MedpromptInput, total=False):
    """What the nodes read and write."""

    nearest: list[int]
    answers: list[str]
    answer: str | None
    votes: int


def check(given: Mapping[str, Any]) -> None:
    """Refuse a question or an example that cannot be used."""
    required(given, "question")
    check_choices(given["question"], given.get("choices", []))
    for example in given.get("examples", []):
        check_example(example)


def check_example(example: SolvedExample) -> None:
    """Refuse an example whose answer is none of its choices."""
    check_choices(example.question, example.choices)
    if example.choices and example.answer not in example.choices:
        raise BadInput(
            f"The answer {example.answer!r:.100} of {example.question!r:.100} is none of its choices."
        )


def check_choices(question: str, choices: Sequence[str]) -> None:
    """Refuse choices that are one, or not different."""
    if len(choices) == 1 or len(set(choices)) < len(choices):
        raise BadInput(f"The choices of {question!r:.100} are two or more different texts, or none.")


INFO = WorkflowInfo(paper="Medprompt, arXiv 2311.16452, section 4; microsoft/promptbase", check=check)


def plain_hunt(n: int, orders: int) -> list[tuple[int, ...]]:
    """Orders of `n` choices: from the identity, neighbours at even and at odd positions are swapped in turns."""
    order, found = list(range(n)), [tuple(range(n))]
    while len(found) < orders:
        for left in range((len(found) - 1) % 2, n - 1, 2):
            order[left], order[left + 1] = order[left + 1], order[left]
        found.append(tuple(order))
    return found


def mapped_back(orders: Sequence[Sequence[int]], positions: Sequence[int | None]) -> list[int]:
    """The original choices that were selected at these positions of their orders; None is no vote."""
    return [order[at] for order, at in zip(orders, positions, strict=True) if at is not None]


def turns(run: Run, question: str, choices: Sequence[str]) -> tuple[Message, Message]:
    """The user's two messages: the question, and after the explanation the request for the answer."""
    if not choices:
        return _user(question), _user(filled(run, "medprompt_answer"))
    shown = "\n".join(f"{number}. {choice}" for number, choice in enumerate(choices, 1))
    return _user(f"{question}\n\n{shown}"), _user(filled(run, "medprompt_choice"))


def shots_of(run: Run, examples: Sequence[SolvedExample]) -> list[Message]:
    """The system's message and the examples as earlier turns; one without an explanation has only its answer."""
    said = [Message(role="system", content=filled(run, "medprompt_system"))]
    for example in examples:
        asked, then = turns(run, example.question, example.choices)
        number = example.choices.index(example.answer) + 1 if example.choices else 0
        answer = Message(role="assistant", content=str(number) if number else example.answer)
        if example.reasoning:
            said += [asked, Message(role="assistant", content=example.reasoning), then, answer]
        else:
            said += [_user(f"{asked.content}\n\n{then.content}"), answer]
    return said


async def explained(
    run: Run,
    name: str,
    before: Sequence[Message],
    question: str,
    choices: Sequence[str],
    given: Mapping[str, Any],
) -> tuple[str, int | str | None]:
    """Two calls: the explanation, then the choice's position or, without choices, the answer; None if unreadable."""
    asked, then = turns(run, question, choices)
    how = {"temperature": given.get("temperature", 0.7)}
    why = await run.sample(
        f"{name}/explain", [*before, asked], max_tokens=given.get("max_tokens", 512), **how
    )
    talk = [*before, asked, Message(role="assistant", content=why.text), then]
    numbers = [str(number) for number in range(1, len(choices) + 1)]
    steered = numbers if choices and run.capabilities.choices else None
    reply = await run.sample(f"{name}/answer", talk, output=steered, max_tokens=64, **how)
    return why.text, chosen(reply.text, len(choices)) if choices else reply.text.strip() or None


async def select(state: MedpromptState) -> MedpromptState:
    """Choose the examples nearest to the question, by the cosine of TF-IDF."""
    questions = [example.question for example in state.get("examples", [])]
    return {"nearest": nearest(state["question"], questions, state.get("shots", 5))}


async def vote(state: MedpromptState, runtime: Runtime[Run]) -> MedpromptState:
    """Explain and answer once for each order of the choices, all at once, and take the vote."""
    run, choices = runtime.context, state.get("choices", [])
    before = shots_of(run, [state["examples"][i] for i in reversed(state["nearest"])])
    orders = plain_hunt(len(choices), state.get("orders", 5))
    answers = await asyncio.gather(
        *(
            explained(run, f"{i}", before, state["question"], [choices[at] for at in order], state)
            for i, order in enumerate(orders)
        )
    )
    said = [answer for _, answer in answers]
    if not choices:
        written = [answer for answer in said if isinstance(answer, str)]
        best = majority([plain(answer) for answer in written]) if written else ("", 0)
        shown = next((answer for answer in written if plain(answer) == best[0]), None)
        return {"answers": written, "answer": shown, "votes": best[1]}
    votes = mapped_back(orders, [answer if isinstance(answer, int) else None for answer in said])
    if not votes:
        return {"answers": [], "answer": None, "votes": 0}
    position, count = majority(votes)
    return {"answers": [choices[at] for at in votes], "answer": choices[position], "votes": count}


def medprompt() -> StateGraph[MedpromptState, Run, MedpromptInput, MedpromptState]:
    """Medprompt: nearest solved examples, own explanations, and a vote over orders of the choices."""
    graph = StateGraph(MedpromptState, context_schema=Run, input_schema=MedpromptInput)
    graph.add_node(select)
    graph.add_node(vote)
    graph.add_edge(START, "select")
    graph.add_edge("select", "vote")
    return graph


def _user(said: str) -> Message:
    return Message(role="user", content=said)
