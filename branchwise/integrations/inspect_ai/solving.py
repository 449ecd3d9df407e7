"""A solver for Inspect: the sample's conversation is searched with a strategy of its own."""

from __future__ import annotations

from typing import Any

from inspect_ai.model import GenerateConfig, get_model
from inspect_ai.solver import Generate, Solver, TaskState, solver


@solver
def branchwise_solver(
    strategy: str = "auto",
    tokens: int = 50_000,
    upstream: str = "embedded",
    base_url: str | None = None,
    knobs: dict[str, Any] | None = None,
    task: str = "chat",
    store: str | None = None,
) -> Solver:
    """Search for the answer of each sample, and keep in its metadata what became of the search.

    Args:
        strategy: A name of `branchwise strategies`, or `auto`.
        tokens: Token budget of a sample's search; the sample's own limits hold, too.
        upstream: The model that is sampled, as for `branchwise solve`.
        base_url: Its URL.
        knobs: Knobs of the strategy.
        task: The task, whose program checks the answers if it has one.
        store: Database URL of the runs.
    """

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        asked: dict[str, Any] = {"upstream": upstream, "tokens": tokens, "knobs": knobs or {}, "store": store}
        searched = get_model(
            f"branchwise/{strategy}@{task}", base_url=base_url, config=GenerateConfig(), **asked
        )
        state.output = await searched.generate(state.messages, state.tools, state.tool_choice or "auto")
        state.messages.append(state.output.message)
        state.metadata["branchwise"] = state.output.metadata
        return state

    return solve
