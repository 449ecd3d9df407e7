"""A budget that binds: the same seed and the same model grow the same tree, whatever the timing, killed or not."""

from __future__ import annotations

import asyncio
import hashlib
import random
from pathlib import Path

import pytest

from branchwise.graphs.search.run import resume, solve
from branchwise.models.protocol import Reply, SampleRequest
from branchwise.models.scripted import scripted
from branchwise.store.records import Budget
from branchwise.store.store import Store


class PulledError(Exception):
    """The plug was."""


def _number(*said: object) -> int:
    return int(hashlib.sha256(repr(said).encode()).hexdigest()[:8], 16)


def _write(request: SampleRequest, seed: int) -> str:
    asked = request.messages[-1].content
    if '"Score: "' in asked:
        return "not sure " * (_number(asked) % 9) + f"\nScore: {_number(asked) % 90}"
    drawn = _number(asked, request.prefix, seed)
    answer = f"Answer: {drawn % 7}" if drawn % 3 == 0 else ""
    return f"{'step word ' * (3 + drawn % 40)}{drawn % 13}\n{answer}"


class _Slow:
    """Answers from the script after a time that differs from call to call; at call `die` the plug is pulled."""

    def __init__(self, rng: random.Random, die: int = 0) -> None:
        self._inner, self._rng, self._die, self._served = scripted(_write), rng, die, 0
        self.name, self.capabilities, self.price = (
            self._inner.name,
            self._inner.capabilities,
            self._inner.price,
        )

    async def sample(self, request: SampleRequest) -> Reply:
        self._served += 1
        dies = bool(self._die) and self._served >= self._die
        await asyncio.sleep(self._rng.uniform(0, 0.01))
        if dies:
            raise PulledError
        return await self._inner.sample(request)

    async def aclose(self) -> None: ...


@pytest.mark.parametrize("budget", [Budget(tokens=3_000), Budget(completion_tokens=700)])
async def test_the_same_seed_grows_the_same_tree_whatever_the_timing(tmp_path: Path, budget: Budget) -> None:
    rng, trees = random.Random(7), set()
    for turn in range(6):
        async with Store.opened(f"sqlite:///{tmp_path}/{turn}.sqlite") as store:
            die = rng.randint(1, 8) if turn % 2 else 0
            try:
                model = _Slow(rng, die)
                result = await solve(
                    "Which way?", strategy="tree_of_thoughts", model=model, budget=budget, store=store
                )
            except PulledError:
                [run] = await store.runs()
                result = await resume(run.id, store=store, model=_Slow(rng))
            tree = await store.nodes(result.run_id)
            trees.add(tuple((node.id, node.text, node.score, node.failed) for node in tree))
            assert result.reason == "budget"
            assert budget.tokens is None or 0.9 * budget.tokens < result.usage.tokens <= budget.tokens
            most = budget.completion_tokens
            assert most is None or result.usage.completion_tokens <= most
    assert len(trees) == 1
