"""A deterministic model of unsteady speed, and searches with budgets that bind: the same tree each time.

python -m tests.graphs.search.tight URL   (kills worker processes; forks after the imports, so that a kill costs little)
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import random
import signal
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from branchwise.graphs.search.run import resume, solve
from branchwise.graphs.search.state import Options
from branchwise.models.protocol import Reply, SampleRequest
from branchwise.models.scripted import scripted
from branchwise.store.as_fields import as_fields
from branchwise.store.errors import ModelError
from branchwise.store.records import Budget
from branchwise.store.store import Store
from tests.graphs.runtime.killing import child

BUDGETS = (
    Budget(tokens=6_000),
    Budget(completion_tokens=1_200),
    Budget(calls=40),
    Budget(calls=50, tokens=8_000),
)

KILLED = (BUDGETS[0], BUDGETS[2], BUDGETS[3])
"""Those under which workers are killed, which takes longer."""
ASKED: dict[str, Any] = {
    "strategy": "tree_of_thoughts",
    "options": Options(batch=2, restarts=True, trials=100, feedback=False),
}
"""A search that ends with its budget only."""


class PulledError(Exception):
    """The plug was."""


def _number(*said: object) -> int:
    return int(hashlib.sha256(repr(said).encode()).hexdigest()[:8], 16)


def write(request: SampleRequest, seed: int) -> str:
    """A step, an answer or an opinion, by what is asked; one in sixteen fails, and with it its call."""
    asked = request.messages[-1].content
    drawn = _number(asked, request.prefix, seed)
    if drawn % 16 == 5 and (request.prefix or '"Score: "' in asked):
        raise ModelError("the engine coughed")
    if '"Score: "' in asked:
        return "not sure " * (drawn % 9) + f"\nScore: {drawn % 90}"
    answer = f"Answer: {drawn % 7}" if drawn % 3 == 0 else ""
    return f"{'step word ' * (3 + drawn % 40)}{drawn % 13}\n{answer}"


def pull() -> None:
    """End the run by an exception."""
    raise PulledError


def kill() -> None:
    """End the process."""
    os.kill(os.getpid(), signal.SIGKILL)


class Unsteady:
    """Answers from the script after a time that differs from call to call; call number `die` ends in `how`."""

    def __init__(self, rng: random.Random, die: int = 0, how: Callable[[], None] = pull) -> None:
        self._inner, self._rng, self._die, self._how = scripted(write), rng, die, how
        self._served = 0
        self.name, self.capabilities = self._inner.name, self._inner.capabilities
        self.price = self._inner.price

    async def sample(self, request: SampleRequest) -> Reply:
        """Wait, then answer or die."""
        self._served += 1
        dies = self._served == self._die
        await asyncio.sleep(self._rng.uniform(0, 0.01))
        if dies:
            self._how()
        return await self._inner.sample(request)

    async def aclose(self) -> None:
        """Nothing to let go."""


async def searched(url: str, run_id: str, budget: Budget, seed: float, die: int = 0) -> dict[str, Any]:
    """Begin or resume a search, and give its tree and bill; the process is killed at request number `die`."""
    model = Unsteady(random.Random(seed), die, kill)
    async with Store.opened(url, ttl=2.0) as store:
        if any(run.id == run_id for run in await store.runs()):
            result = await resume(run_id, store=store, model=model)
        else:
            result = await solve(
                "Which way?",
                model=model,
                budget=budget,
                store=store,
                run_id=run_id,
                **ASKED,
            )
        nodes = await store.nodes(run_id)
    usage = result.usage
    return {
        "reason": result.reason,
        "tree": [[node.id, node.text, node.score, node.failed, node.feedback] for node in nodes],
        "bill": [usage.calls, usage.tokens, usage.completion_tokens, usage.samples],
    }


def killed(url: str, budget: Budget, rng: random.Random, name: str) -> tuple[dict[str, Any], int]:
    """A search whose worker is killed at one to three random requests; gives its outcome and the number of kills."""
    kills = 0
    for _ in range(rng.randint(1, 3)):
        die, seed = rng.randint(1, 30), rng.random()
        ended, status = child(partial(searched, url, name, budget, seed, die))
        kills += status == signal.SIGKILL
        if ended is not None:
            return ended, kills
    return child(partial(searched, url, name, budget, rng.random()))[0], kills


def main() -> None:
    """Report as a line of JSON for each budget."""
    url, turns = sys.argv[1], int(sys.argv[2])
    rng = random.Random(18)
    for number, budget in enumerate(KILLED):
        calm, _ = child(partial(searched, url, f"calm-{number}", budget, 0))
        outcomes = [killed(url, budget, rng, f"killed-{number}-{turn}") for turn in range(turns)]
        others = [ended for ended, _ in outcomes if ended != calm]
        report = {"budget": as_fields(budget), "calm": calm, "others": others}
        print(json.dumps({**report, "kills": sum(kills for _, kills in outcomes)}), flush=True)


if __name__ == "__main__":
    main()
