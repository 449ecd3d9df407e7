"""Searches for the chat models of other frameworks: their messages in OpenAI's form, an answer, and its run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from branchwise import models
from branchwise.graphs.runtime.resources import opened_engine, opened_store
from branchwise.graphs.runtime.run import start
from branchwise.graphs.runtime.spec import RunSpec
from branchwise.graphs.search import policies
from branchwise.graphs.search.finalists import Finalist, finalists
from branchwise.graphs.search.request import SearchInput, options_of, put, search_spec
from branchwise.graphs.search.result import Result
from branchwise.graphs.search.turns import format_required, turn_of
from branchwise.models.model_options import ModelOptions
from branchwise.models.protocol import Model
from branchwise.store.records import Budget, Json
from branchwise.store.store import Store
from branchwise.tasks.requirements import requirements


@dataclass(frozen=True, kw_only=True, slots=True)
class ChatSearch:
    """How a framework's requests are searched."""

    model: str | Model = "embedded"
    """The model that is sampled, as for `solve`."""
    base_url: str | None = None
    model_options: ModelOptions = field(default_factory=ModelOptions)
    strategy: str = "auto"
    task: str = "chat"
    knobs: Mapping[str, int | float | str | bool] = field(default_factory=dict)
    tokens: int = 50_000
    """Token budget of one request."""
    store: str | Store | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ChatRequest:
    """One request of a framework, in OpenAI's terms."""

    messages: Iterable[Mapping[str, Any]]
    tools: Iterable[Mapping[str, Any]] = ()
    tool_choice: str | Mapping[str, Any] | None = None
    response_format: Mapping[str, Any] | None = None
    max_tokens: int | None = None
    stop: Iterable[str] | None = None
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    n: int = 1
    """Answers at most; one search has them all."""
    tokens: int | None = None
    """Token budget, where it is smaller than the search's own."""
    seconds: float | None = None
    cost: float | None = None
    """US dollars."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChatAnswer:
    """The answers of one search, the best first."""

    result: Result
    answers: list[Finalist]
    strategy: str
    """The strategy that found the first."""

    @property
    def about(self) -> dict[str, Json]:
        """What became of the search."""
        usage = self.result.usage
        return {
            "run_id": self.result.run_id,
            "strategy": self.strategy,
            "solved": self.result.solved,
            "reason": self.result.reason,
            "verified_by": str(self.result.verified_by),
            "score": self.result.score,
            "confidence": self.result.confidence,
            "calls": usage.calls,
            "samples": usage.samples,
            "cost": None if usage.unpriced else usage.cost,
        }


@asynccontextmanager
async def opened_search(search: ChatSearch) -> AsyncIterator[OpenSearch]:
    """Open a search's model and store in a context, for any number of requests.

    Raises:
        BadInput: One of them cannot be found.
    """
    if isinstance(search.model, str):
        models.trust(search.model, search.base_url, search.model_options.api_key_env)
    async with (
        opened_store(search.store) as store,
        opened_engine(search.model, search.base_url, search.model_options) as engine,
    ):
        yield OpenSearch(search, engine, store)


class OpenSearch:
    """A search whose model and store are open.

    Args:
        search: How requests are searched.
        engine: The open model.
        store: The open store.
    """

    def __init__(self, search: ChatSearch, engine: Model, store: Store) -> None:
        self._search = search
        self._engine, self._store = engine, store

    async def ask(self, request: ChatRequest) -> ChatAnswer:
        """Search for an answer.

        Raises:
            BadInput: The request cannot be searched; nothing was spent.
            NoAnswer: The search found none that may be given.
            ModelError: The model cannot be used.
        """
        asked, spec = self._request(request)
        ended = await start(spec, model=self._engine, store=self._store)
        result: Result = ended.output
        tree = await self._store.nodes(result.run_id)
        found = finalists(asked, result, tree, request.n)
        strategy = tree[found[0].node].strategy or asked.options.strategy
        return ChatAnswer(result=result, answers=found, strategy=strategy)

    def _request(self, request: ChatRequest) -> tuple[SearchInput, RunSpec]:
        search, name = self._search, self._engine.name
        words, messages = put(list(request.messages), None, search.task)
        options: dict[str, Any] = {"strategy": search.strategy, "knobs": search.knobs}
        if request.temperature is not None:
            options["temperature"] = request.temperature
        if request.n > 1:
            options["exhaustive"] = search.strategy != "auto"
        tokens = search.tokens if request.tokens is None else min(request.tokens, search.tokens)
        asked = SearchInput(
            problem=words,
            messages=messages,
            turn=turn_of(
                request.tools,
                tool_choice=request.tool_choice,
                max_tokens=request.max_tokens,
                stop=request.stop,
                top_p=request.top_p,
            ),
            task=search.task,
            policy=policies.policy(None, search.task, name),
            require=tuple(one.stored for one in requirements(format_required(request.response_format))),
            options=options_of(options),
        )
        return asked, search_spec(
            asked,
            model=name,
            base_url=search.base_url,
            model_options=search.model_options,
            seed=request.seed or 0,
            budget=Budget(tokens=tokens, seconds=request.seconds, cost=request.cost),
        )
