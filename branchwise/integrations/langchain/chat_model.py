"""ChatBranchwise, a LangChain chat model: each call is a search and a recorded run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.messages.utils import convert_to_openai_messages
from langchain_core.output_parsers.openai_tools import make_invalid_tool_call, parse_tool_call
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import ConfigDict, Field

from branchwise.graphs.runtime.sync import waited
from branchwise.graphs.search.finalists import Finalist
from branchwise.integrations.chat_search import ChatAnswer, ChatRequest, ChatSearch, opened_search
from branchwise.integrations.langchain.structured import parsed, response_format
from branchwise.models.model_options import model_options


class ChatBranchwise(BaseChatModel):
    """A chat model that searches: strategy, budget and verification behind LangChain's interface.

    The usage of a message is the whole search's, and its `response_metadata` has the run's id, strategy, score, and on
    whose word the answer was accepted. `with_structured_output(method="json_schema")` is a requirement that a program
    checks.

    Example:
        ``ChatBranchwise(model="openai-compatible:NAME", base_url=URL, strategy="best_of_n", knobs={"n": 8})``
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    model: Any = "embedded"
    """The model that is sampled: a name as for `branchwise.solve`, or an open Model."""
    base_url: str | None = None
    model_options: Mapping[str, Any] = Field(default_factory=dict)
    """Limits, connection and price of the model: the fields of `ModelOptions`."""
    strategy: str = "auto"
    task: str = "chat"
    knobs: Mapping[str, int | float | str | bool] = Field(default_factory=dict)
    budget_tokens: int = Field(default=50_000, ge=1)
    """Token budget of one call's search."""
    store: Any = None
    """A database URL, or an open Store; by default the SQLite file of `branchwise where`."""
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    """Length of the answer."""
    stop: list[str] | None = None
    seed: int | None = None
    timeout: float | None = None
    """Seconds of one call's search; it then answers with the best so far."""

    @property
    def _llm_type(self) -> str:
        return "branchwise"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        model = self.model if isinstance(self.model, str) else self.model.name
        return {"model": model, "strategy": self.strategy, "task": self.task, "knobs": dict(self.knobs)}

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | dict[str, Any] | bool | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """The model with tools that its answers may call.

        Args:
            tools: Functions, pydantic models, tools of LangChain's, or OpenAI's objects.
            tool_choice: "auto", "none", "any" or True for at least one, or a tool's name.
            **kwargs: Further arguments of the call.
        """
        chosen: str | dict[str, Any] | None = None if isinstance(tool_choice, bool) else tool_choice
        if tool_choice is True or tool_choice == "any":
            chosen = "required"
        elif isinstance(chosen, str) and chosen not in {"auto", "none", "required"}:
            chosen = {"type": "function", "function": {"name": chosen}}
        formatted = [convert_to_openai_tool(tool) for tool in tools]
        return self.bind(tools=formatted, tool_choice=chosen, **kwargs)

    def with_structured_output(
        self,
        schema: dict[str, Any] | type,
        *,
        include_raw: bool = False,
        method: Literal["json_schema", "json_mode", "function_calling"] = "json_schema",
        strict: bool | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, Any]:
        """The model with answers of a schema; only one that keeps it is given, else the search has no answer.

        Args:
            schema: A pydantic model, a TypedDict, or a JSON schema.
            include_raw: Whether to give the message, too.
            method: "json_schema" checks the schema, "json_mode" that it is JSON; "function_calling" has the model call
                a tool of that schema.
            strict: Not used: a schema is always kept.
            **kwargs: Further arguments of the call.
        """
        if method == "function_calling":
            return super().with_structured_output(schema, include_raw=include_raw, **kwargs)
        form = {"type": "json_object"} if method == "json_mode" else response_format(schema)
        bound = self.bind(
            response_format=form,
            ls_structured_output_format={"kwargs": {"method": method}, "schema": schema},
            **kwargs,
        )
        return parsed(bound, schema, include_raw=include_raw)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return waited(self._searched(messages, stop, kwargs))

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return await self._searched(messages, stop, kwargs)

    async def _searched(
        self, messages: list[BaseMessage], stop: list[str] | None, more: dict[str, Any]
    ) -> ChatResult:
        request = ChatRequest(
            messages=convert_to_openai_messages(messages),
            tools=more.get("tools") or (),
            tool_choice=more.get("tool_choice"),
            response_format=more.get("response_format"),
            max_tokens=more.get("max_tokens", self.max_tokens),
            stop=stop if stop is not None else self.stop,
            temperature=more.get("temperature", self.temperature),
            top_p=more.get("top_p", self.top_p),
            seed=more.get("seed", self.seed),
            n=more.get("n", 1),
            seconds=more.get("timeout", self.timeout),
        )
        search = ChatSearch(
            model=more.get("model", self.model),
            base_url=self.base_url,
            model_options=model_options(self.model_options),
            strategy=more.get("strategy", self.strategy),
            task=self.task,
            knobs=more.get("knobs", self.knobs),
            tokens=more.get("budget_tokens", self.budget_tokens),
            store=self.store,
        )
        async with opened_search(search) as opened:
            return _result(await opened.ask(request))


def _result(answer: ChatAnswer) -> ChatResult:
    made = [_generation(answer, one, first=at == 0) for at, one in enumerate(answer.answers)]
    return ChatResult(generations=made, llm_output=dict(answer.about))


def _generation(answer: ChatAnswer, one: Finalist, *, first: bool) -> ChatGeneration:
    about = {**answer.about, "finish_reason": one.finish, "model_provider": "branchwise"}
    calls, invalid = [], []
    for raw in one.tool_calls:
        try:
            calls.append(parse_tool_call(raw, return_id=True))
        except ValueError as error:  # the arguments are no JSON
            invalid.append(make_invalid_tool_call(raw, str(error)))
    message = AIMessage(
        content=one.text,
        tool_calls=[call for call in calls if call is not None],
        invalid_tool_calls=invalid,
        response_metadata=about,
        usage_metadata=_usage(answer) if first else None,  # of several answers the first carries the bill
    )
    return ChatGeneration(message=message, generation_info={"finish_reason": one.finish})


def _usage(answer: ChatAnswer) -> UsageMetadata:
    usage, given = answer.result.usage, sum(one.tokens for one in answer.answers)
    return UsageMetadata(
        input_tokens=usage.prompt_tokens,
        output_tokens=usage.completion_tokens,
        total_tokens=usage.prompt_tokens + usage.completion_tokens,
        input_token_details={"cache_read": usage.cached_tokens},
        output_token_details={"reasoning": max(0, usage.completion_tokens - given)},
    )
