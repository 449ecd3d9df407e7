"""The page for everyone: axe-core, narrow windows, dark mode, reduced motion."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.async_api import Page, expect

import branchwise
from branchwise.models.scripted import scripted
from branchwise.store.store import Store
from tests.ui.conftest import KEY, looking

AXE = Path(__file__).parents[2] / "branchwise/ui/source/node_modules/axe-core/axe.min.js"
VIEWS = ("node", "decisions", "calls", "budget", "acts", "history")


@pytest.fixture
def axe() -> str:
    """axe-core; skips where it is not, but never in CI."""
    if not AXE.is_file():
        if os.environ.get("CI"):
            pytest.fail("`make ui` fetches axe-core.")
        pytest.skip("`make ui` has not fetched axe-core")
    return AXE.read_text(encoding="utf-8")


async def faults(page: Page, axe: str) -> list[str]:
    """What axe-core finds that is serious or critical."""
    await page.evaluate(axe)
    found: Any = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:200]} {one['nodes'][0]['failureSummary'][:300]}"
        for one in found["violations"]
        if one["impact"] in {"serious", "critical"}
    ]


def reply(request: Any, seed: int) -> str:
    return f"Fine.\nScore: {20 * (seed % 5)}" if "Score" in str(request) else f"Idea {seed}.\n\n"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_serious(
    sqlite_url: str, page: Page, axe: str, scheme: Literal["light", "dark"]
) -> None:
    async with Store.opened(sqlite_url) as store:
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        done = await branchwise.solve("p", task="text", strategy="auto", model=scripted(reply), store=store)
        asked = await branchwise.run(
            "tests.ui.flows:graph", {"topic": "t"}, model=scripted(["A mail."]), store=store
        )
        async with looking(sqlite_url) as at:
            await page.goto(at.url)
            await expect(page.get_by_role("row")).to_have_count(3)
            assert await faults(page, axe) == []
            for view in VIEWS:
                await page.goto(f"{at.url}/?run={done.run_id}&view={view}&node=0.0")
                await expect(page.get_by_role("treeitem").first).to_be_visible()
                await expect(page.get_by_role("tabpanel")).not_to_be_empty()
                assert await faults(page, axe) == [], view
            await page.goto(f"{at.url}/?run={asked.run_id}")
            await expect(page.get_by_role("button", name="Yes")).to_be_visible()
            await page.get_by_label("Read-only without a key").fill(KEY)
            await page.get_by_role("button", name="Use").click()
            await expect(page.get_by_role("button", name="Yes")).to_be_enabled()
            assert await faults(page, axe) == []


async def test_narrow_and_enlarged_windows_lose_nothing(sqlite_url: str, page: Page) -> None:
    """320 pixels are 1280 at 400 % zoom; nothing is cut off, and the page itself does not scroll sideways."""
    async with Store.opened(sqlite_url) as store:
        done = await branchwise.solve("p", task="text", strategy="auto", model=scripted(reply), store=store)
        async with looking(sqlite_url) as at:
            for width in (320, 650):
                await page.set_viewport_size({"width": width, "height": 600})
                for address in (at.url, *(f"{at.url}/?run={done.run_id}&view={view}" for view in VIEWS)):
                    await page.goto(address)
                    await expect(page.locator("main")).not_to_be_empty()
                    wide = await page.evaluate("document.documentElement.scrollWidth")
                    assert wide <= width, (address, wide)


async def test_reduced_motion_moves_nothing(sqlite_url: str, page: Page) -> None:
    async with Store.opened(sqlite_url) as store, looking(sqlite_url) as at:
        run = await store.create_run(task="text", strategy="auto", model="m", spec={"problem": "p"})
        await page.emulate_media(reduced_motion="reduce")
        await page.goto(f"{at.url}/?run={run.id}")
        await expect(page.get_by_text("live")).to_be_visible()
        assert await page.evaluate("document.getAnimations().length") == 0
