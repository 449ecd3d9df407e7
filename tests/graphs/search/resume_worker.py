"""A process that solves or resumes one run and writes down every call that it sends; made to be killed."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import sys
from pathlib import Path
from typing import cast

from branchwise.graphs.search.run import Result, resume, solve
from branchwise.graphs.search.state import Options
from branchwise.models.codec import request_json
from branchwise.models.protocol import Reply, SampleRequest
from branchwise.models.scripted import Scripted, scripted
from branchwise.store.store import Store

PROBLEM = "What is the answer?"


def digest(request: object) -> str:
    """A short name for a request."""
    return hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()[:16]


def _write(request: SampleRequest, seed: int) -> str:
    """Verifiers get a score by what they are shown; generators take three steps and then answer."""
    asked = request.messages[-1].content
    if '"Score: "' in asked:
        return f"It could be better.\nScore: {int(digest(asked), 16) % 90}"
    return f"Step {seed % 97}." if request.prefix.count("Step") < 3 else f"Answer: {seed % 5}"


class Witness:
    """A scripted model that notes each call in a file before it answers."""

    def __init__(self, oracle: Path) -> None:
        self._model: Scripted = scripted(_write, latency=0.003)
        self._oracle = oracle
        self.name, self.capabilities = self._model.name, self._model.capabilities

    async def sample(self, request: SampleRequest) -> Reply:
        """Note the call, then answer."""
        with self._oracle.open("a", encoding="utf-8") as oracle:
            oracle.write(digest(request_json(request)) + "\n")
        return await self._model.sample(request)

    async def aclose(self) -> None:
        """Nothing to let go."""


async def work(url: str, oracle: Path) -> Result:
    """Resume the store's run, or begin it."""
    async with Store.opened(url) as store:
        known = await store.runs()
    model = Witness(oracle)
    if known:
        return cast("Result", await resume(known[0].id, store=url, model=model))
    # No score is ever accepted, so every strategy gets its turn.
    return await solve(PROBLEM, model=model, store=url, seed=3, options=Options(trials=3, probes=2))


if __name__ == "__main__":
    ended = asyncio.run(work(sys.argv[1], Path(sys.argv[2])))
    print(json.dumps({"reason": ended.reason, "answer": ended.answer}))
    sys.stdout.flush()
    os._exit(0)
