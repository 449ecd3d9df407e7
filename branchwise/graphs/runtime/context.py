"""The Run object of a node: calls, effects, questions and sub-runs that are named, recorded and budgeted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from branchwise.agents.generator import derived_seed
from branchwise.agents.prompts import Prompts
from branchwise.graphs.runtime import effects
from branchwise.graphs.runtime.asking import answered
from branchwise.graphs.runtime.outputs import Output, TypedReply, adapted, typed
from branchwise.graphs.runtime.places import Places
from branchwise.graphs.runtime.prompting import check_sizes, prompt_messages
from branchwise.graphs.runtime.questions import Question
from branchwise.graphs.runtime.sampling import PlacedSampler
from branchwise.graphs.runtime.services import RunServices
from branchwise.graphs.runtime.spec import BudgetLike, RunSpec, budget_of, jsonable
from branchwise.graphs.runtime.tools import RecordedTools
from branchwise.models.budget import BudgetTracker
from branchwise.models.codec import request_json
from branchwise.models.protocol import Capabilities, Sampler, SampleRequest
from branchwise.store.as_fields import as_fields
from branchwise.store.errors import BadInput
from branchwise.store.records import Json
from branchwise.tools.protocol import ToolCaller

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.tools import BaseTool

    from branchwise.tasks.task import Task

Prompt = str | Sequence[Any] | SampleRequest
"""A text, messages (branchwise's, LangChain's, or those of a request in OpenAI's form), or a whole request."""
_NOBODY = object()


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Run:
    """A workflow node's `runtime.context`; made by branchwise, not stored.

    Every call has a name, unique within one visit of one node: `run.sample("draft", ...)`. Its key in the record is
    `NODE/VISIT/NAME`, so that a resumed run finds it whatever else has changed. The same name twice with the same
    request is one call.
    """

    services: RunServices = field(repr=False)

    @property
    def id(self) -> str:
        """The run's id."""
        return self.services.run_id

    @property
    def seed(self) -> int:
        """The run's seed."""
        return self.services.spec.seed

    @property
    def budget(self) -> BudgetTracker:
        """The run's budget: spent and left."""
        return self.services.tracker

    @property
    def prompts(self) -> Prompts:
        """The run's prompts."""
        return self.services.prompts

    @property
    def capabilities(self) -> Capabilities:
        """The capabilities of the run's model."""
        return self.services.engine.capabilities

    @property
    def places(self) -> Places:
        """Names of the places of nodes; internal to the runtime."""
        return self.services.places

    def stopped(self, namespace: str) -> Exception | None:
        """The exception that must stop the node of a namespace; internal to the runtime."""
        return self.services.stopped(namespace)

    async def sample(
        self,
        name: str,
        prompt: Prompt,
        *,
        n: int = 1,
        output: Output = None,
        model: str | None = None,
        temperature: float = 0.7,
        max_tokens: int = 256,
    ) -> TypedReply[Any]:
        """Sample from a model.

        Args:
            name: The call's name, unique within one visit of a node.
            prompt: A text, messages, also LangChain's, or a whole SampleRequest, which says all that follows itself.
            n: Samples to draw.
            output: The type of each sample: choices, a regular expression, a JSON schema, or a type that pydantic
                knows, whose value is the reply's `value`.
            model: Another model than the run's, by its name.
            temperature: Of the sampling.
            max_tokens: Tokens of one sample at most.

        Raises:
            BadInput: The name was used for another call, or decoding cannot be constrained to the output.
            BudgetSpent: The run's budget does not cover the call; the run stops and can be resumed with more.
            Unsupported: The model lacks a capability that the request needs.
        """
        services = self.services
        visit = services.visit()
        if isinstance(prompt, SampleRequest):
            request, adapter = prompt, None
        else:
            check_sizes(name, n=n, max_tokens=max_tokens)
            output_format, adapter = typed(output, max_tokens)
            request = SampleRequest(
                messages=prompt_messages(prompt, name),
                n=n,
                output_format=output_format,
                temperature=temperature,
                seed=derived_seed(self.seed, f"{visit.place}/{name}"),
            )
        sampler = await services.sampler(model)
        key = services.key(visit, name, [model or "", request_json(request)])
        reply = await services.guarded(visit, sampler(key, request))
        return TypedReply(**{**as_plain(reply), "adapter": adapter})

    def sampler(self, model: str | None = None) -> Sampler:
        """The run's model as a Sampler for branchwise's own agents; their keys are prefixed with the node's place."""
        return PlacedSampler(self.services, model)

    def chat_model(self, model: str | None = None, **options: Any) -> BaseChatModel:
        """The run's model as a LangChain chat model, for third-party agents and chains.

        Its calls are named by the request's hash and the number of equal requests before.

        Args:
            model: Another model than the run's, by its name.
            **options: `temperature`, `max_tokens`.
        """
        from branchwise.graphs.runtime.chat import RecordedChatModel  # noqa: PLC0415 - LangChain is slow to import

        return RecordedChatModel(services=self.services, asked=model or "", **options)

    def tool(self, function: Callable[..., Any], *, name: str = "", at_most_once: bool = False) -> BaseTool:
        """A function as a LangChain tool; each call is a recorded effect."""
        from branchwise.graphs.runtime.chat import recorded_tool  # noqa: PLC0415

        return recorded_tool(self.services, function, name=name, at_most_once=at_most_once)

    def tool_caller(self) -> ToolCaller:
        """The run's tool caller: calls of tools are recorded, and approved by a person where a tool acts."""
        return RecordedTools(self.services)

    async def effect(
        self,
        name: str,
        function: Callable[..., Any],
        /,
        *args: Any,
        at_most_once: bool = False,
        **options: Any,
    ) -> Any:
        """Call a function with side effects; its result is recorded before the node sees it, and reused afterwards.

        Args:
            name: The call's name, unique within one visit of a node.
            function: A function, which runs in a thread, or a coroutine function. Arguments and result are plain
                data. A parameter `idempotency_key` receives a text that is the same at every attempt. It may return
                `(value, Usage(cost=...))` to be paid from the budget.
            *args: Its arguments.
            at_most_once: Whether a person is asked about it if its outcome is unknown; by default it is done
                again.
            **options: Its keyword arguments.

        Raises:
            BadInput: The name was used for another effect, or an argument or the result is not plain data.
            BudgetSpent: The budget of effects is spent.
        """
        services = self.services
        visit = services.visit()
        shown = [effects.named(function), jsonable([args, options], "An argument")]
        key = services.key(visit, name, shown)
        doing = effects.effect(services, key, function, args, options, at_most_once=at_most_once)
        return await services.guarded(visit, doing)

    async def ask(
        self,
        name: str,
        question: Any,
        *,
        answer: Any = None,
        timeout: float | None = None,  # noqa: ASYNC109 - it outlasts the process
        default: Any = _NOBODY,
    ) -> Any:
        """Ask a person. The run waits in the store, at no cost, until it is resumed in any process.

        Args:
            name: The call's name, unique within one visit of a node.
            question: Plain data, shown to the person.
            answer: The type of the answer; anything that JSON holds where None.
            timeout: Seconds after which `default` is the answer.
            default: The answer after the timeout.

        Raises:
            BadInput: A timeout without a default, or data that JSON cannot hold.
        """
        services = self.services
        visit = services.visit()
        if (timeout is None) is not (default is _NOBODY):
            raise BadInput(f"The question `{name}` needs both or neither: `timeout` and `default`.")
        adapter, schema = (None, None) if answer is None else adapted(answer)
        shown = jsonable(question, f"The question `{name}`")
        key = services.key(visit, name, shown)
        asking = Question(key=key, question=shown, schema=schema, run_id=self.id)
        until = None if timeout is None else (timeout, jsonable(default, "The default answer"))
        found = await services.guarded(visit, answered(services, asking, until))
        return found if adapter is None else adapter.validate_python(found)

    async def solve(  # noqa: PLR0913 - each is a word a person would say
        self,
        name: str,
        problem: str,
        *,
        task: str | Task | Callable[..., Task] = "text",
        strategy: str | Callable[..., Any] = "auto",
        knobs: Mapping[str, int | float | str | bool] | None = None,
        budget: BudgetLike = None,
        model: str | None = None,
        options: Any = None,
    ) -> Any:
        """Run a search as a sub-run on this run's budget; return its Result.

        Args:
            name: The call's name, unique within one visit of a node.
            problem: The problem in words.
            task: Its domain: a name, or a Task or a function that makes one, at the top level of a module.
            strategy: A strategy's name, "auto", or a function at the top level of a module.
            knobs: Knobs of that strategy.
            budget: Upper bound on what the sub-run may spend.
            model: Another model than the run's, by its name.
            options: Other `Options` of a search.
        """
        from branchwise.graphs.runtime.naming import strategy_name, task_name  # noqa: PLC0415 - searches only

        more = options or {}
        if not isinstance(more, Mapping):
            more = as_fields(more)
        given = {
            "problem": problem,
            "task": task_name(task),
            "options": {**more, "strategy": strategy_name(strategy), "knobs": knobs or {}},
        }
        return await self.call(name, "solve", given, budget=budget, model=model)

    async def call(
        self,
        name: str,
        workflow: str,
        input: Mapping[str, Any] | None = None,  # noqa: A002 - LangGraph's word
        *,
        budget: BudgetLike = None,
        model: str | None = None,
    ) -> Any:
        """Run another workflow as a sub-run on this run's budget; return its output.

        A sub-run is identified by its parent and its key, is cancelled and pruned with its parent, and asks
        its questions through it.
        """
        services = self.services
        visit = services.visit()
        spec = RunSpec(
            workflow=workflow,
            input=cast("Mapping[str, Any]", jsonable(dict(input or {}), f"The input of `{workflow}`")),
            model=model or services.spec.model,
            base_url=services.spec.base_url,
            model_options=services.spec.model_options,
            prompts=services.spec.prompts,
            seed=derived_seed(self.seed, f"{visit.place}/{name}"),
            budget=budget_of(budget),
        )
        key = services.key(visit, name, [workflow, cast("Json", spec.input), spec.model])
        return await services.guarded(visit, services.child(key, spec))


def as_plain(record: Any) -> dict[str, Any]:
    """A record's fields, unconverted."""
    return {name: getattr(record, name) for name in record.__dataclass_fields__}
