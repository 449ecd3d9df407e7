"""What a chat request asks of a search: strategy, task, budget and the form of the reply."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from branchwise import tasks
from branchwise.agents import verifiers
from branchwise.graphs import strategies
from branchwise.graphs.runtime.spec import RunSpec
from branchwise.graphs.search import policies
from branchwise.graphs.search.request import SearchInput, options_of, put, search_spec
from branchwise.graphs.search.turns import format_required, turn_of
from branchwise.models.model_options import ModelOptions
from branchwise.server.refusals import Refusal
from branchwise.server.wire import ChatBody
from branchwise.store.errors import BadInput, UnknownName
from branchwise.store.records import Budget
from branchwise.tasks.requirements import requirements

PREFIX = "branchwise/"
DEFAULT = "default"
"""The model name of the server's own strategy."""
AUTO = "auto"
_MARGIN = 2.0
"""Seconds before a client's own time limit at which a run ends with the best so far."""
_DIGITS = 10
"""Digits of a number in a header at most."""
_EFFORT = {"minimal": 0.25, "low": 0.5, "medium": 1.0, "high": 4.0, "xhigh": 8.0, "max": 16.0}
"""What `reasoning_effort` makes of the server's token budget, where a request names none of its own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Defaults:
    """What requests get that do not choose."""

    model: str
    """The upstream model, as `--model` takes it; never a request's choice."""
    base_url: str | None = None
    model_options: ModelOptions = field(default_factory=ModelOptions)
    strategy: str = AUTO
    task: str = "chat"
    tokens: int = 50_000
    """Token budget of a request."""


def check_defaults(defaults: Defaults) -> None:
    """Refuse defaults that name nothing known.

    Raises:
        UnknownName: There is no such strategy or task.
    """
    known("strategy", defaults.strategy, (AUTO, *strategies.names()))
    known("task", defaults.task, tasks.names())


def search_request(
    body: ChatBody, headers: Mapping[str, str], defaults: Defaults, mark: Mapping[str, Any]
) -> tuple[SearchInput, RunSpec]:
    """The search that a chat request asks for: its input, and the request of its run.

    The body's `branchwise` object comes before headers, those before the model's name, that before the defaults.

    Args:
        body: The request's body.
        headers: Its headers.
        defaults: The server's own.
        mark: Metadata of the server's own, stored with the run.

    Raises:
        Refusal: The model's name is unknown.
        BadInput: Something else cannot be used.
    """
    own = body.branchwise
    named, at = model_choice(body.model)
    strategy = own.strategy or headers.get("x-branchwise-strategy") or named or defaults.strategy
    task = own.task or at or defaults.task
    known("strategy", strategy, (AUTO, *strategies.names()))
    known("task", task, tasks.names())
    if own.verifier is not None:
        known("verifier", own.verifier, ("auto", *verifiers.names()))
    if set(body.modalities or ()) - {"text"}:
        raise Refusal(message="Only text is written here, no other modality.", param="modalities")
    if body.top_logprobs is not None and not body.logprobs:
        raise Refusal(message="`top_logprobs` needs `logprobs` to be true.", param="top_logprobs")
    words, messages = put(_cleaned(body.messages), None, task)
    options: dict[str, Any] = {"strategy": strategy, "knobs": own.knobs}
    if body.temperature is not None:
        options["temperature"] = body.temperature
    if own.verifier is not None:
        options["verifier"] = own.verifier
    if body.reasoning_effort == "none":
        options |= {"strategy": "best_of_n", "knobs": {"n": 1}}
    if body.n is not None and body.n > 1:
        options["exhaustive"] = strategy != AUTO
    asked = SearchInput(
        problem=words,
        messages=messages,
        turn=turn_of(
            body.tools or (),
            tool_choice=body.tool_choice,
            max_tokens=body.max_completion_tokens or body.max_tokens,
            stop=body.stop,
            top_p=body.top_p,
            logprobs=(body.top_logprobs or 0) if body.logprobs else None,
        ),
        task=task,
        policy=policies.policy(None, task, defaults.model),
        require=tuple(one.stored for one in requirements(format_required(body.response_format))),
        options=options_of(options),
        metadata={**(body.metadata or {}), **mark},
    )
    return asked, search_spec(
        asked,
        model=defaults.model,
        base_url=defaults.base_url,
        model_options=defaults.model_options,
        seed=body.seed or 0,
        budget=_budget(body, headers, defaults),
    )


def model_choice(name: str) -> tuple[str | None, str | None]:
    """The strategy and the task that a model's name chooses: `branchwise/STRATEGY@TASK`, with or without the prefix.

    Raises:
        Refusal: There is no model of that name.
    """
    strategy, _, task = name.removeprefix(PREFIX).partition("@")
    try:
        if strategy not in {"", DEFAULT, "branchwise"}:
            known("model", strategy, (AUTO, DEFAULT, *strategies.names()))
        if task:
            known("task", task, tasks.names())
    except UnknownName as error:
        raise Refusal(message=str(error), status=404, code="model_not_found", param="model") from None
    return (None if strategy in {"", DEFAULT, "branchwise"} else strategy), task or None


def known(what: str, name: str, names: Iterable[str]) -> None:
    """Refuse a name that is none of `names`.

    Raises:
        UnknownName: It is none.
    """
    # Names of the form `module:function` would import code that the caller chose.
    if name not in (there := tuple(names)):
        raise UnknownName(what, name, there)


def _cleaned(messages: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The messages without what other servers' replies put into them, which clients send back."""
    found = []
    for message in messages:
        kept = {name: value for name, value in message.items() if name != "reasoning_content"}
        if kept.get("role") == "assistant" and kept.get("content") is None and not kept.get("tool_calls"):
            kept["content"] = kept.get("refusal") or ""
        found.append(kept)
    return found


def _budget(body: ChatBody, headers: Mapping[str, str], defaults: Defaults) -> Budget:
    given = body.branchwise.budget.model_dump(exclude_none=True)
    header = headers.get("x-branchwise-budget-tokens")
    if "tokens" not in given and header is not None:
        if not header.isdecimal() or len(header) > _DIGITS or not 0 < int(header) < 2**31:
            raise BadInput("`X-Branchwise-Budget-Tokens` is a whole number from 1 to 2,147,483,647.")
        given["tokens"] = int(header)
    share = _EFFORT.get(body.reasoning_effort or "medium", 1.0)
    given.setdefault("tokens", max(1, int(defaults.tokens * share)))
    patience = _patience(headers)
    if patience is not None and not body.stream and not body.branchwise.detach:
        given["seconds"] = min(given.get("seconds", patience), patience)
    return Budget(**given)


def _patience(headers: Mapping[str, str]) -> float | None:
    """Seconds after which a client that waits for a whole reply gives up, less a margin."""
    for name in ("x-request-timeout", "x-stainless-read-timeout"):
        try:
            seconds = float(headers.get(name, ""))
        except ValueError:
            continue
        if 0 < seconds < float("inf"):
            return max(seconds - _MARGIN, seconds / 2)
    return None
