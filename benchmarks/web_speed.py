"""Actions a second with one, two, four and eight contexts at work in one browser, on examples/shop.

python benchmarks/web_speed.py --out benchmarks/web_speed.json

An action is a click with its waiting and the reading of the page, as a search does it. Beside it bare Playwright does
the same: a click by role and name, the wait for the load, and its accessibility snapshot, without a guard at the
network, a list of actions, their effects or the state's identity. All rows are one run: compare them with each other,
not with another machine's.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import time
from pathlib import Path
from typing import Any

from playwright.async_api import Page, async_playwright
from shop_search import opened

from branchwise.environments.browser.browser import browser
from branchwise.environments.browser.chromium import chromium, flags
from branchwise.environments.browser.session import BrowserSession
from branchwise.environments.protocol import Action

_ROUND = ('click link "Mugs"', 'click link "Blue mug"', "back", "back")


async def walk(session: BrowserSession, until: float) -> int:
    """Walk in a circle until a moment, and count the steps."""
    done = 0
    while time.monotonic() < until:
        await session.act(Action(text=_ROUND[done % len(_ROUND)]))
        done += 1
    return done


async def walk_bare(page: Page, until: float) -> int:
    """Walk in the same circle with Playwright alone."""
    done = 0
    while time.monotonic() < until:
        line = _ROUND[done % len(_ROUND)]
        if line == "back":
            await page.go_back(wait_until="load")
        else:
            await page.get_by_role("link", name=line.split('"')[1], exact=True).first.click()
            await page.wait_for_load_state("load")
        await page.aria_snapshot(mode="ai")
        done += 1
    return done


async def measure_bare(url: str, seconds: float, many: int) -> dict[str, Any]:
    """Measure bare Playwright with so many contexts."""
    async with async_playwright() as playwright:
        chrome = await playwright.chromium.launch(executable_path=chromium(), args=flags())
        pages = [await (await chrome.new_context()).new_page() for _ in range(many)]
        for page in pages:
            await page.goto(url)
        began = time.monotonic()
        counts = await asyncio.gather(*(walk_bare(page, began + seconds) for page in pages))
        took = time.monotonic() - began
        await chrome.close()
    return {"contexts": many, "bare_steps": sum(counts), "bare_steps_per_second": sum(counts) / took}


async def measure(seconds: float, contexts: tuple[int, ...]) -> list[dict[str, Any]]:
    """Measure each number of contexts for so many seconds."""
    rows = []
    async with opened() as shop:
        chrome = browser(shop.url)
        for many in contexts:
            sessions = [await chrome.reset() for _ in range(many)]
            began = time.monotonic()
            counts = await asyncio.gather(*(walk(session, began + seconds) for session in sessions))
            took = time.monotonic() - began
            row = {"contexts": many, "steps": sum(counts), "steps_per_second": sum(counts) / took}
            rows.append(row | await measure_bare(shop.url, seconds, many))
            print(rows[-1], flush=True)
            for session in sessions:
                await session.aclose()
        await chrome.aclose()
    return rows


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=20, help="for each number of contexts")
    parser.add_argument("--contexts", type=int, nargs="*", default=(1, 2, 4, 8))
    parser.add_argument("--out", type=Path, required=True)
    o = parser.parse_args()
    load = os.getloadavg()[0]
    rows = asyncio.run(measure(o.seconds, tuple(o.contexts)))
    found = {"cores": os.cpu_count(), "load": load, "rows": rows}
    o.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
