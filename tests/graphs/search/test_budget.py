"""A run ends with its best answer when its budget is spent, and a resumed run gets no second budget."""

from __future__ import annotations

from pathlib import Path

import pytest

from branchwise.graphs.search.run import resume, solve
from branchwise.graphs.search.state import Options
from branchwise.models.protocol import SampleRequest
from branchwise.models.scripted import scripted
from branchwise.store.records import Budget
from branchwise.store.store import Store


def _write(request: SampleRequest, seed: int) -> str:
    asked = request.messages[-1].content
    return "Not sure.\nScore: 10" if '"Score: "' in asked else f"Answer: {seed % 7}"


@pytest.mark.parametrize(
    "budget", [Budget(calls=7), Budget(tokens=700), Budget(tokens=500), Budget(completion_tokens=40)]
)
async def test_a_spent_budget_ends_the_run(tmp_path: Path, budget: Budget) -> None:
    url = f"sqlite:///{tmp_path}/runs.sqlite"
    result = await solve("Which?", model=scripted(_write), budget=budget, store=url)
    assert result.reason == "budget"
    assert not result.solved
    short = result.shortfall
    assert short is not None
    assert short.limit == getattr(budget, short.what)
    assert short.need is not None
    assert short.left is not None
    assert short.left < short.need
    # Not one more sample fits, and what is left is all that was not spent: nothing stays reserved.
    assert short.left == short.limit - getattr(result.usage, short.what)
    assert budget.calls is None or result.usage.calls <= budget.calls
    assert budget.tokens is None or result.usage.tokens <= budget.tokens
    written = budget.completion_tokens
    assert written is None or result.usage.completion_tokens <= written
    async with Store.opened(url) as store:
        assert (await store.usage(result.run_id)).calls == result.usage.calls


@pytest.mark.parametrize("budget", [Budget(calls=1), Budget(tokens=120)])
async def test_constraints_do_not_take_the_only_sample(budget: Budget) -> None:
    """The prompt for constraints alone is estimated at more than 120 tokens, that of a sample at fewer."""
    model = scripted(_write)
    result = await solve("Which?", strategy="best_of_n", model=model, budget=budget, store="sqlite://")
    assert result.answer is not None
    assert not any("List every constraint" in one.messages[-1].content for one in model.requests)


async def test_a_fixed_strategy_begins_again_until_the_budget_ends(tmp_path: Path) -> None:
    result = await solve(
        "Which?",
        model=scripted(_write),
        strategy="best_of_n",
        knobs={"n": 2},
        budget=Budget(calls=20),
        options=Options(restarts=True, trials=100, feedback=False),
        store=f"sqlite:///{tmp_path}/runs.sqlite",
    )
    assert result.reason == "budget"
    assert result.nodes > 4


@pytest.mark.parametrize(("exhaustive", "solutions"), [(False, 1), (True, 6)])
async def test_an_exhaustive_search_goes_on_after_it_has_won(
    tmp_path: Path, exhaustive: bool, solutions: int
) -> None:
    def write(request: SampleRequest, seed: int) -> str:
        asked = request.messages[-1].content
        return "Right.\nScore: 100" if '"Score: "' in asked else f"Answer: {seed % 97}"

    result = await solve(
        "Which?",
        model=scripted(write),
        strategy="sequential_revision",
        knobs={"n": 6},
        options=Options(exhaustive=exhaustive),
        store=f"sqlite:///{tmp_path}/runs.sqlite",
    )
    assert result.solved
    assert result.nodes == solutions


class PulledPlug(Exception): ...


@pytest.mark.parametrize("budget", [Budget(calls=9), Budget(tokens=2500), Budget(completion_tokens=150)])
async def test_a_resumed_run_gets_no_second_budget(tmp_path: Path, budget: Budget) -> None:
    url, left = f"sqlite:///{tmp_path}/runs.sqlite", 5

    def write(request: SampleRequest, seed: int) -> str:
        nonlocal left
        left -= 1
        if left == 0:
            raise PulledPlug
        return _write(request, seed)

    with pytest.raises(PulledPlug):
        await solve(
            "Which?",
            model=scripted(write),
            budget=budget,
            store=url,
            strategy="sequential_revision",
            knobs={"n": 100},
        )
    async with Store.opened(url) as store:
        [run] = await store.runs()
        spent = await store.usage(run.id)
    assert spent.calls > 0
    result = await resume(run.id, model=scripted(_write), store=url)
    assert result.reason == "budget"
    assert result.usage.calls > spent.calls
    assert budget.calls is None or result.usage.calls <= budget.calls
    assert budget.tokens is None or result.usage.tokens <= budget.tokens
    written = budget.completion_tokens
    assert written is None or result.usage.completion_tokens <= written
