"""Searches that a tool asks for, as requests of the server."""

from __future__ import annotations

from typing import Any, NamedTuple

from pydantic import ValidationError

from branchwise.server.callers import Caller
from branchwise.server.choice import search_request
from branchwise.server.running import MARK, Wanted
from branchwise.server.serving import Serving
from branchwise.server.wire import ChatBody, fingerprint
from branchwise.store.errors import BadInput


class Search(NamedTuple):
    """The arguments of a tool that searches."""

    problem: str
    task: str | None = None
    strategy: str | None = None
    tokens: int | None = None
    seconds: float | None = None
    knobs: dict[str, int | float | str | bool] | None = None
    key: str | None = None


def wanted(serving: Serving, caller: Caller, asked: Search) -> Wanted:
    """The run that a search asks for.

    Raises:
        BadInput: An argument cannot be used; nothing was spent.
        Refusal: The caller may not use this strategy or task.
    """
    budget = {"tokens": asked.tokens, "seconds": asked.seconds}
    own: dict[str, Any] = {
        "strategy": asked.strategy,
        "task": asked.task,
        "knobs": asked.knobs or {},
        "budget": {name: value for name, value in budget.items() if value is not None},
    }
    try:
        messages = [{"role": "user", "content": asked.problem}]
        body = ChatBody.model_validate({"messages": messages, "branchwise": own})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise BadInput(f"`{first['loc'][-1]}`: {first['msg']}.") from None
    digest = fingerprint(body)
    mark = {} if asked.key is None else {MARK: digest}
    search, spec = search_request(body, {}, serving.settings.defaults, mark)
    caller.check_model(search.options.strategy, search.task)
    key = None if asked.key is None else f"mcp/{asked.key}"
    return Wanted(spec=spec, key=key, digest=digest, caller=caller)
