"""Actions a second with one, two, four and eight contexts at work in one browser, on examples/shop.

python benchmarks/web_speed.py --out benchmarks/web_speed.json

An action is a click with its waiting and the reading of the page, as a search does it. Beside it bare Playwright does
the same: a click by role and name, the wait for the load, and its accessibility snapshot, without a guard at the
network, a list of actions, their effects or the state's identity. The processor's time is that of this process, of the
browser and of Playwright's driver. Then a page four clicks deep is restored by each rung. All rows are one run: compare
them with each other, not with another machine's.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import time
from pathlib import Path
from statistics import median
from typing import Any

from playwright.async_api import Page, async_playwright
from shop_search import opened

from branchwise.environments.browser.browser import browser
from branchwise.environments.browser.chromium import chromium, flags
from branchwise.environments.browser.fork_endpoint import fork_endpoint
from branchwise.environments.browser.session import BrowserSession
from branchwise.environments.protocol import Action, Environment, Session, Snapshot
from branchwise.environments.restore import PathStep, restore_path

_TICKS = os.sysconf("SC_CLK_TCK")
_ROUND = ('click link "Mugs"', 'click link "Blue mug"', "back", "back")
_PATH = (*_ROUND[:2], "back", 'click link "Blue mug"')


def cpu() -> float:
    """Seconds of CPU of this process and all its descendants that live."""
    used: dict[int, float] = {}
    parents: dict[int, int] = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = file.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            pid, parents[int(file.parent.name)] = int(file.parent.name), int(fields[1])
            used[pid] = (int(fields[11]) + int(fields[12])) / _TICKS
    ours = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in ours} - ours:
        ours |= more
    return sum(used.get(pid, 0.0) for pid in ours)


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
        began, used = time.monotonic(), cpu()
        counts = await asyncio.gather(*(walk_bare(page, began + seconds) for page in pages))
        took, used = time.monotonic() - began, cpu() - used
        await chrome.close()
    steps = sum(counts)
    return {
        "bare_steps": steps,
        "bare_steps_per_second": steps / took,
        "bare_cpu_ms_per_step": 1000 * used / steps,
    }


async def restores(times: int) -> list[dict[str, Any]]:
    """Restore the page at the end of a path by each rung, in turns; medians of milliseconds."""
    found: dict[str, list[float]] = {"live": [], "snapshot": [], "replay": []}
    async with opened() as shop:
        chrome = browser(shop.url, site=fork_endpoint(f"{shop.url}_worlds", token=shop.token))
        session: Session = await chrome.reset()
        start, path = (await session.observe()).fingerprint, []
        for line in _PATH:
            seen = (await session.act(Action(text=line))).observation
            path.append(PathStep(action=Action(text=line), fingerprint=seen.fingerprint))
        kept = await session.snapshot()
        for _ in range(times):
            session, found["live"] = await timed(chrome, start, path, found["live"], live=session)
            for rung, snapshot in (("snapshot", kept), ("replay", None)):
                other, found[rung] = await timed(chrome, start, path, found[rung], snapshot=snapshot)
                await other.aclose()
        await session.aclose()
        await chrome.aclose()
    return [{"rung": rung, "restores": times, "median_ms": median(took)} for rung, took in found.items()]


async def timed(
    chrome: Environment,
    start: str,
    path: list[PathStep],
    took: list[float],
    *,
    live: Session | None = None,
    snapshot: Snapshot | None = None,
) -> tuple[Session, list[float]]:
    """The restored session, and the times with this one's milliseconds."""
    began = time.perf_counter()
    back = await restore_path(chrome, start, path, live=live, snapshot=snapshot)
    assert back.session is not None, back.tried
    return back.session, [*took, 1000 * (time.perf_counter() - began)]


async def measure(seconds: float, contexts: tuple[int, ...]) -> list[dict[str, Any]]:
    """Measure each number of contexts for so many seconds."""
    rows = []
    async with opened() as shop:
        chrome = browser(shop.url)
        for many in contexts:
            sessions = [await chrome.reset() for _ in range(many)]
            began, used = time.monotonic(), cpu()
            counts = await asyncio.gather(*(walk(session, began + seconds) for session in sessions))
            took, used = time.monotonic() - began, cpu() - used
            steps = sum(counts)
            row = {"contexts": many, "steps": steps, "steps_per_second": steps / took}
            row["cpu_ms_per_step"] = 1000 * used / steps
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
    parser.add_argument("--restores", type=int, default=15)
    parser.add_argument("--out", type=Path, required=True)
    o = parser.parse_args()
    load = os.getloadavg()[0]
    rows = asyncio.run(measure(o.seconds, tuple(o.contexts)))
    found = {"cores": os.cpu_count(), "load": load, "rows": rows}
    found["restores"] = asyncio.run(restores(o.restores))
    o.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
