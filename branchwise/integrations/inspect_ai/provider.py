"""`--model branchwise/STRATEGY`: each of Inspect's generate calls is a search and a recorded run."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

from inspect_ai.model import (
    ChatMessage,
    GenerateConfig,
    ModelAPI,
    ModelCall,
    ModelOutput,
    messages_to_openai,
    modelapi,
)
from inspect_ai.tool import ToolChoice, ToolFunction, ToolInfo

from branchwise.integrations.chat_search import ChatRequest, ChatSearch, OpenSearch, opened_search
from branchwise.integrations.inspect_ai.limits import left
from branchwise.integrations.inspect_ai.outputs import output_of
from branchwise.models.model_options import model_options
from branchwise.store.errors import BadInput


class BranchwiseAPI(ModelAPI):
    """Inspect's model `branchwise/STRATEGY` or `branchwise/STRATEGY@TASK`.

    A search's budget is at most what the sample's limits of tokens, time and cost leave; its whole usage counts for
    them. The output's metadata has the run's id.

    Args:
        model_name: The strategy, and the task after an `@`; `auto` lets the planner choose.
        base_url: URL of the model that is sampled.
        api_key: Not used: keys come from the environment (docs/models.md).
        config: Inspect's options of generation.
        **model_args: `upstream` (what is sampled, as for `branchwise solve`), `tokens` (the budget of a call),
            `knobs`, `store`, and `model_options`; `-M upstream=... -M tokens=20000`.
    """

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig = GenerateConfig(),  # noqa: B008 - Inspect's own default
        **model_args: Any,
    ) -> None:
        super().__init__(model_name, base_url, api_key, [], config)
        strategy, _, task = model_name.partition("@")
        unknown = set(model_args) - {"upstream", "tokens", "knobs", "store", "model_options"}
        if unknown:
            raise BadInput(
                f"There is no model argument {', '.join(sorted(unknown))} of branchwise's provider."
            )
        self._search = ChatSearch(
            model=model_args.get("upstream", "embedded"),
            base_url=base_url,
            model_options=model_options(model_args.get("model_options")),
            strategy=strategy or "auto",
            task=task or "chat",
            knobs=model_args.get("knobs", {}),
            tokens=int(model_args.get("tokens", 50_000)),
            store=model_args.get("store"),
        )
        self._opening = asyncio.Lock()
        self._opened: OpenSearch | None = None
        self._open = AsyncExitStack()

    async def generate(
        self,
        input: list[ChatMessage],  # noqa: A002 - Inspect's word
        tools: list[ToolInfo],
        tool_choice: ToolChoice,
        config: GenerateConfig,
    ) -> ModelOutput | tuple[ModelOutput, ModelCall]:
        """Search for an answer."""
        limits = left()
        patience: list[float | None] = [config.timeout, config.attempt_timeout, limits.seconds]
        messages: list[Any] = list(await messages_to_openai(input))
        request = ChatRequest(
            messages=messages,
            tools=[{"type": "function", "function": one.model_dump(exclude_none=True)} for one in tools],
            tool_choice=_choice(tool_choice),
            response_format=_format(config),
            max_tokens=config.max_tokens,
            stop=config.stop_seqs,
            temperature=config.temperature,
            top_p=config.top_p,
            seed=config.seed,
            n=config.num_choices or 1,
            tokens=limits.tokens,
            seconds=min((one for one in patience if one is not None), default=None),
            cost=limits.cost,
        )
        opened = await self._ready()
        answer = await opened.ask(request)
        asked = {"strategy": self._search.strategy, "task": self._search.task, "messages": messages}
        return await output_of(answer, f"branchwise/{self.model_name}"), ModelCall.create(asked, answer.about)

    async def aclose(self) -> None:
        """Close the model and the store."""
        self._opened = None
        await self._open.aclose()

    def connection_key(self) -> str:
        """Searches with different models do not share a limit of connections."""
        return f"{self._search.model}@{self.base_url}"

    async def _ready(self) -> OpenSearch:
        async with self._opening:
            if self._opened is None:
                self._opened = await self._open.enter_async_context(opened_search(self._search))
            return self._opened


def _choice(choice: ToolChoice) -> str | dict[str, Any]:
    if isinstance(choice, ToolFunction):
        return {"type": "function", "function": {"name": choice.name}}
    return "required" if choice == "any" else choice


def _format(config: GenerateConfig) -> dict[str, Any] | None:
    if config.response_schema is None:
        return None
    schema = config.response_schema.json_schema.model_dump(exclude_none=True)
    return {"type": "json_schema", "json_schema": {"name": config.response_schema.name, "schema": schema}}


@modelapi(name="branchwise")
def branchwise_api() -> type[ModelAPI]:
    """The provider, as Inspect registers it."""
    return BranchwiseAPI
