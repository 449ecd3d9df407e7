"""LangChain adapters: the run's model as a chat model and functions as tools, recorded in the ledger."""

from __future__ import annotations

import asyncio
import hashlib
import inspect
import json
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool, StructuredTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import Field, SkipValidation

from branchwise.agents.generator import derived_seed
from branchwise.graphs.runtime import effects
from branchwise.graphs.runtime.messages import from_reply, to_choice, to_messages, to_tools
from branchwise.graphs.runtime.places import NodeVisit
from branchwise.graphs.runtime.services import RunServices
from branchwise.models.codec import request_json
from branchwise.models.protocol import OutputFormat, SampleRequest
from branchwise.store.errors import BadInput
from branchwise.store.json_text import to_json
from branchwise.store.records import Json

T = TypeVar("T")


class RecordedChatModel(BaseChatModel):
    """A chat model whose calls are rows of the run's ledger, paid from its budget."""

    services: SkipValidation[RunServices] = Field(exclude=True, repr=False)
    asked: str = ""
    """Name of the model; empty for the run's own."""
    temperature: float = 0.7
    max_tokens: int = 1024

    @property
    def _llm_type(self) -> str:
        return "branchwise"

    def bind_tools(
        self, tools: Sequence[Any], *, tool_choice: str | dict[str, Any] | bool | None = None, **kwargs: Any
    ) -> Runnable[Any, AIMessage]:
        """Pass tools with every call."""
        offered = [convert_to_openai_tool(tool) for tool in tools]
        return self.bind(tools=offered, tool_choice=tool_choice, **kwargs)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return from_thread(self.services, lambda visit: self._ask(visit, messages, stop, kwargs))

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return await self._ask(self.services.visit(), messages, stop, kwargs)

    async def _ask(
        self, visit: NodeVisit, messages: list[BaseMessage], stop: list[str] | None, options: dict[str, Any]
    ) -> ChatResult:
        services = self.services
        tools = to_tools(options.get("tools") or ())
        request = SampleRequest(
            messages=to_messages(messages),
            output_format=OutputFormat(
                max_tokens=int(options.get("max_tokens") or self.max_tokens), stop=tuple(stop or ())
            ),
            temperature=float(options.get("temperature", self.temperature)),
            tools=tools,
            tool_choice=to_choice(options.get("tool_choice")) if tools else "auto",
        )
        name = _hash([self.asked, request_json(request)])
        ordinal = visit.ordinal(name)
        key = f"{visit.place}/chat.{name}.{ordinal}"
        sampler = await services.sampler(self.asked or None)
        seeded = replace(request, seed=derived_seed(services.spec.seed, key))
        reply = await services.guarded(visit, sampler(key, seeded))
        message = from_reply(reply.samples[0], reply.usage)
        return ChatResult(generations=[ChatGeneration(message=message)])


def recorded_tool(
    services: RunServices, function: Callable[..., Any], *, name: str = "", at_most_once: bool = False
) -> BaseTool:
    """A function as a tool, each call of which is a recorded effect.

    Raises:
        BadInput: It is already a LangChain tool, whose calls cannot be recorded.
    """
    if isinstance(function, BaseTool):
        raise BadInput("`run.tool` takes the function itself, not a tool that was made of it.")
    shown = name or str(getattr(function, "__name__", "tool"))

    async def do(visit: NodeVisit, options: dict[str, Any]) -> Any:
        what = f"{shown}.{_hash([effects.named(function), json.loads(json.dumps(options, default=str))])}"
        key = f"{visit.place}/tool.{what}.{visit.ordinal(what)}"
        doing = effects.effect(services, key, function, (), options, at_most_once=at_most_once)
        return await services.guarded(visit, doing)

    async def acted(**options: Any) -> Any:
        return await do(services.visit(), options)

    def called(**options: Any) -> Any:
        return from_thread(services, lambda visit: do(visit, options))

    told = StructuredTool.from_function(function, name=shown, description=inspect.getdoc(function) or shown)
    return StructuredTool(
        name=told.name,
        description=told.description,
        args_schema=told.args_schema,
        func=called,
        coroutine=acted,
    )


def from_thread(services: RunServices, work: Callable[[NodeVisit], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine of the run from synchronous code, in a node that LangGraph runs in a thread.

    Raises:
        BadInput: It is called in the event loop's own thread, which it would block.
    """
    visit = services.visit()
    try:
        here = asyncio.get_running_loop()
    except RuntimeError:
        here = None
    if here is services.loop:
        raise BadInput("In an `async def` node await `ainvoke`: `invoke` would wait for itself.")
    return asyncio.run_coroutine_threadsafe(work(visit), services.loop).result()


def _hash(asked: Json) -> str:
    return hashlib.sha256(to_json(asked).encode()).hexdigest()[:16]
