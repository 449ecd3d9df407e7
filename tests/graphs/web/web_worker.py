"""A process that searches a site in Chromium, or resumes that, and writes down every call; made to be killed."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

from branchwise.environments.browser.browser import Window, browser
from branchwise.graphs.web.request import WebOptions
from branchwise.graphs.web.result import WebResult
from branchwise.graphs.web.run import browse, resume_web
from branchwise.models.codec import request_json
from branchwise.models.protocol import Reply, SampleRequest
from branchwise.models.scripted import Scripted, scripted
from branchwise.store.store import Store
from tests.graphs.search.resume_worker import digest

OPTIONS = WebOptions(
    strategy="best_first",
    depth=3,
    max_pages=7,
    samples=4,
    value_samples=2,
    pick_actions=True,
    max_approvals=0,
    knobs={"branching": 3},
)


def _write(request: SampleRequest, seed: int) -> str:
    """Actions in the page's order; every page is on track, and none is the goal."""
    if request.output_format.choices:
        return request.output_format.choices[seed % len(request.output_format.choices)]
    return "On and on.\nStatus: failure\nOn the right track to success: yes"


class Witness:
    """A scripted model that notes each call in a file before it answers."""

    def __init__(self, oracle: Path) -> None:
        self._model: Scripted = scripted(_write)
        self._oracle = oracle
        self.name, self.capabilities = self._model.name, self._model.capabilities

    async def sample(self, request: SampleRequest) -> Reply:
        """Note the call, then answer."""
        with self._oracle.open("a", encoding="utf-8") as oracle:
            oracle.write(digest(request_json(request)) + "\n")
        return await self._model.sample(request)

    async def aclose(self) -> None:
        """Nothing to let go."""


async def work(store: str, oracle: Path, site: str) -> WebResult:
    """Resume the store's run, or begin it."""
    async with Store.opened(store) as db:
        known = await db.runs()
    chrome = browser(site, window=Window(timeout=30, screenshot="plain"))
    try:
        if known:
            return await resume_web(known[0].id, chrome, store=store, model=Witness(oracle))
        model = Witness(oracle)
        shots = oracle.parent / "shots"
        return await browse(
            "go on", chrome, model=model, options=OPTIONS, store=store, seed=3, screenshots=shots
        )
    finally:
        await chrome.aclose()


if __name__ == "__main__":
    ended = asyncio.run(work(sys.argv[1], Path(sys.argv[2]), sys.argv[3]))
    print(json.dumps({"reason": ended.reason, "actions": ended.actions, "visited": ended.visited}))
    sys.stdout.flush()
    os._exit(0)
