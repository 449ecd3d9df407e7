"""Screenshots of the live page for README and docs, of real runs: python -m tests.screenshots [FOLDER]."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, async_playwright

import branchwise
from branchwise.environments.browser.chromium import chromium, flags
from branchwise.models.protocol import SampleRequest
from branchwise.models.scripted import scripted
from branchwise.server.choice import Defaults
from branchwise.server.listen import listening
from branchwise.server.serving import ServerSettings
from branchwise.server.viewing import viewer
from branchwise.store.store import Store

ROOT = Path(__file__).parents[1]
KEY = "ui-screenshots"
SIZE: Any = {"width": 1280, "height": 760}
QUESTION = "Name a city for our meeting that everybody reaches by train within four hours, and say why."
CITIES = ("Kassel", "Erfurt", "Frankfurt", "Hanover", "Fulda", "Leipzig", "Nuremberg", "Würzburg")


def planner(request: SampleRequest, seed: int) -> str:
    """A model from a script: it proposes cities, and judges them by the length of their names."""
    asked = request.messages[-1].content
    if '"Score: "' in asked:
        return f"Not everybody reaches it in time.\nScore: {len(asked) % 37}"
    if seed % 3 == 0:
        return (
            f"Most of us travel from the north, so the city should lie there.\n\nAnswer: {CITIES[seed % 8]}"
        )
    return f"{CITIES[seed % 8]} has direct trains from all our cities.\n\nAnswer: {CITIES[seed % 8]}"


async def runs(store: Store) -> dict[str, str]:
    """Real runs: two whose answers a program checks, one that a model judges, and a workflow that asks."""
    budget = branchwise.Budget(tokens=20_000)
    for numbers in ("1 4 6 8", "1 5 5 5"):
        await branchwise.solve(numbers, task="game24", model="uniform", budget=budget, store=store)
    tree = await branchwise.solve(
        "1 3 4 6",
        task="game24",
        strategy="tree_of_thoughts",
        knobs={"width": 4, "branching": 5},
        model="uniform",
        budget=budget,
        store=store,
    )
    cities = scripted(planner, name="cities")
    auto = await branchwise.solve(QUESTION, task="text", model=cities, budget=budget, store=store)
    letters = scripted(["Dear team, we meet on Friday at noon."], name="letters")
    asked = await branchwise.run("tests.ui.flows:graph", {"topic": "the meeting"}, model=letters, store=store)
    return {"tree": tree.run_id, "auto": auto.run_id, "workflow": asked.run_id}


async def shot(browser: Browser, url: str, file: Path, *, key: bool = False, dark: bool = False) -> None:
    """One page as a picture."""
    page = await browser.new_page(viewport=SIZE, color_scheme="dark" if dark else "light")
    await page.goto(url)
    if key:
        await page.get_by_label("Read-only without a key").fill(KEY)
        await page.get_by_role("button", name="Use").click()
    await page.wait_for_timeout(1500)
    await page.screenshot(path=file)
    await page.close()


async def main(folder: Path) -> None:
    """Make all of them."""
    with tempfile.TemporaryDirectory() as home:
        url = f"sqlite:///{home}/runs.sqlite"
        async with Store.opened(url) as store:
            made = await runs(store)
        app = viewer(ServerSettings(defaults=Defaults(model=""), store=url, operator_key=KEY))
        async with listening(app) as at, async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium(), args=flags())
            await shot(browser, at, folder / "ui-runs.png")
            await shot(browser, f"{at}/?run={made['tree']}", folder / "ui-tree.png")
            await shot(
                browser, f"{at}/?run={made['auto']}&view=decisions", folder / "ui-decisions.png", dark=True
            )
            await shot(browser, f"{at}/?run={made['workflow']}", folder / "ui-question.png", key=True)
            await browser.close()


if __name__ == "__main__":
    os.chdir(ROOT)
    asyncio.run(main(Path(sys.argv[1]) if sys.argv[1:] else ROOT / "docs/images"))
