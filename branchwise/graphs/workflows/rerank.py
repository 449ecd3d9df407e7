"""Answers from many paragraphs, reranked by probabilities (internet-augmented models, arXiv 2203.05115)."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, TypedDict

from langgraph.graph import START, StateGraph
from langgraph.runtime import Runtime
from pydantic import BaseModel, ConfigDict, Field

from branchwise.agents.likelihood import likelihood
from branchwise.graphs.runtime.context import Run
from branchwise.graphs.runtime.workflow import WorkflowInfo
from branchwise.graphs.workflows._corpus import check_corpus, corpus_modules, found
from branchwise.graphs.workflows._prompting import data, filled, required, texts
from branchwise.graphs.workflows._reading import plain
from branchwise.graphs.workflows._scores import NEEDS, Kind, Logs, scored
from branchwise.graphs.workflows._similar import cosines

_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_SENTENCES = 6
"""Sentences of a paragraph."""
_PROMPTS: Mapping[Kind, str] = {
    "a_qp": "rerank_answer",
    "q_ap": "rerank_question",
    "a_p": "rerank_blind",
    "q_p": "rerank_ask",
}


class EvidenceExample(BaseModel):
    """A solved question with the paragraph that answers it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    evidence: str
    question: str
    answer: str


class RerankInput(TypedDict, total=False):
    """What a run is given."""

    question: str
    documents: list[str]
    corpus: str
    examples: list[EvidenceExample]
    """Shown before the question; the paper uses 15."""
    k: Annotated[int, Field(ge=1, le=1_000)]
    """Documents that are retrieved."""
    paragraphs: Annotated[int, Field(ge=1, le=1_000)]
    """Paragraphs that are answered from: those most similar to the question; the paper uses 50."""
    samples: Annotated[int, Field(ge=1, le=64)]
    score: Literal["direct", "rag", "noisy_channel", "experts", "vote"]
    weights: Annotated[list[float], Field(min_length=3, max_length=3)]
    """Of the three experts: p(a|q,p), p(q|a,p), and the paragraph's similarity."""
    temperature: Annotated[float, Field(ge=0, le=2)]


class RerankState(RerankInput, total=False):
    """What the nodes read and write."""

    evidence: list[str]
    shares: list[float]
    """The share of each paragraph in the similarity of all."""
    answers: list[list[str]]
    """The answers from each paragraph."""
    scored_by: str
    scores: dict[str, float]
    """Logarithms; of a vote shares."""
    answer: str | None


def check(given: Mapping[str, Any]) -> None:
    """Refuse an input without a question or a corpus."""
    required(given, "question")
    check_corpus(given)


INFO = WorkflowInfo(
    paper="Internet-augmented language models, arXiv 2203.05115, section 3",
    check=check,
    imports=corpus_modules,
)


def split(document: str) -> list[str]:
    """A document in paragraphs of six sentences."""
    sentences = _SENTENCE.split(document.strip())
    cut = [" ".join(sentences[at : at + _SENTENCES]) for at in range(0, len(sentences), _SENTENCES)]
    return [paragraph for paragraph in cut if paragraph]


async def retrieve(state: RerankState, runtime: Runtime[Run]) -> RerankState:
    """Find documents, and their paragraphs most similar to the question."""
    question = state["question"]
    documents = await found(runtime.context, state, question, state.get("k", 20))
    paragraphs = list(dict.fromkeys(one for document in documents for one in split(document.text)))
    similar = cosines(question, paragraphs)
    best = sorted(range(len(paragraphs)), key=lambda i: -similar[i])[: state.get("paragraphs", 50)]
    total = sum(similar[i] for i in best)
    shares = [similar[i] / total if total else 1 / len(best) for i in best]
    return {"evidence": [paragraphs[i] for i in best], "shares": shares}


async def propose(state: RerankState, runtime: Runtime[Run]) -> RerankState:
    """Answer from each paragraph alone."""
    run = runtime.context
    replies = await asyncio.gather(
        *(
            run.sample(
                f"{i}",
                _prompt(run, state, "rerank_answer", paragraph),
                n=state.get("samples", 4),
                temperature=state.get("temperature", 0.7),
                max_tokens=64,
            )
            for i, paragraph in enumerate(state["evidence"])
        )
    )
    return {"answers": [[one.partition("\n")[0] for one in texts(reply)] for reply in replies]}


async def score(state: RerankState, runtime: Runtime[Run]) -> RerankState:
    """Score the answers, by a vote where the model gives no probabilities of texts, and take the best."""
    run, method = runtime.context, state.get("score", "experts")
    said: dict[str, str] = {}
    for answer in (one for answers in state["answers"] for one in answers):
        said.setdefault(plain(answer), answer)
    if method == "vote" or not run.capabilities.scores:
        method, scores = "vote", dict.fromkeys(said, 0.0)
        for share, answers in zip(state["shares"], state["answers"], strict=True):
            for answer in answers:
                scores[plain(answer)] += share
    else:
        logs = await _logs(run, state, said, NEEDS[method], everywhere=method == "rag")
        scores = scored(method, logs, list(said), state["shares"], state.get("weights", (1, 1, 1)))
    kept = {said[one]: value for one, value in scores.items() if math.isfinite(value)}
    best = max(kept, key=lambda one: kept[one], default=None)
    return {"scored_by": method, "scores": kept, "answer": best}


async def _logs(
    run: Run, state: RerankState, said: Mapping[str, str], kinds: Sequence[Kind], *, everywhere: bool
) -> Logs:
    """The log-probabilities: of each answer with the paragraphs that it came from, or with all."""
    own = {(plain(one), at) for at, answers in enumerate(state["answers"]) for one in answers}
    pairs = [
        (one, at) for one in said for at in range(len(state["evidence"])) if everywhere or (one, at) in own
    ]
    wanted = dict.fromkeys((kind, "" if kind == "q_p" else one, at) for kind in kinds for one, at in pairs)
    numbers, sampler = {one: number for number, one in enumerate(["", *said])}, run.sampler()

    async def log(kind: Kind, one: str, at: int) -> float | None:
        answer = said.get(one, "")
        prompt = _prompt(run, state, _PROMPTS[kind], state["evidence"][at], answer)
        forced = state["question"] if kind.startswith("q") else answer
        return await likelihood(sampler, f"{kind}/{numbers[one]}/{at}", prompt, forced)

    values = await asyncio.gather(*(log(*key) for key in wanted))
    return {key: value for key, value in zip(wanted, values, strict=True) if value is not None}


def _prompt(run: Run, state: RerankState, prompt: str, paragraph: str, answer: str = "") -> str:
    """A prompt behind the solved examples, which are shown in its form with what it asks for."""
    asks_question = prompt in {"rerank_question", "rerank_ask"}
    shown = []
    for one in state.get("examples", []):
        posed = filled(run, prompt, evidence=data(one.evidence), question=one.question, answer=one.answer)
        shown.append(f"{posed}\n{one.question if asks_question else one.answer}")
    asked = filled(run, prompt, evidence=data(paragraph), question=state["question"], answer=answer)
    return "\n\n".join([*shown, asked])


def rerank() -> StateGraph[RerankState, Run, RerankInput, RerankState]:
    """Answers from many paragraphs, reranked by probabilities of texts."""
    graph = StateGraph(RerankState, context_schema=Run, input_schema=RerankInput)
    graph.add_node(retrieve)
    graph.add_node(propose)
    graph.add_node("rank", score)
    graph.add_edge(START, "retrieve")
    graph.add_edge("retrieve", "propose")
    graph.add_edge("propose", "rank")
    return graph
