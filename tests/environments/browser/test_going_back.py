"""Going back: what a snapshot brings back is the live page, and what it cannot bring back it refuses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from aiohttp.test_utils import TestServer

from branchwise.environments.browser.browser import Chrome, Window, browser
from branchwise.environments.browser.session import BrowserSession
from branchwise.environments.protocol import Action, Observation
from branchwise.environments.restore import PathStep, restore_path
from tests.environments.browser.states import KINDS, Kind, pages


class World:
    """Forks that do nothing: the site keeps no state, so everything may be replayed."""

    async def fork(self, world: str | None) -> str:
        return "w"

    async def drop(self, world: str) -> None:
        return None

    def headers(self, world: str) -> dict[str, str]:
        return {}


@pytest_asyncio.fixture
async def address() -> AsyncIterator[str]:
    async with TestServer(pages(), host="127.0.0.1") as server:
        yield str(server.make_url("/"))


async def done(session: BrowserSession, line: str) -> Observation:
    """Do a line, or what no line names."""
    verb, _, selector = line.partition(" ")
    if verb not in {"tap", "wheel"}:
        return (await session.act(await session.read(line), allow=True)).observation
    await session.recall.begin(session.page, line)
    if verb == "tap":
        await session.page.click(selector)
    else:
        await session.page.hover(selector)
        await session.page.mouse.wheel(0, 300)
        await asyncio.sleep(0.3)
    await session.recall.settled(session.page, line)
    return await session.observe()


async def compared(chrome: Chrome, name: str, kind: Kind) -> dict[str, object]:
    """Live and restored pages, after the same next action."""
    session = await chrome.reset()
    start, path = (await session.observe()).fingerprint, []
    for line in (f'click link "{name}"', *kind.do):
        seen = await done(session, line)
        path.append(PathStep(action=Action(text=line), fingerprint=seen.fingerprint))
    kept = await session.snapshot()
    live = await done(session, kind.then)
    back = await restore_path(chrome, start, path, snapshot=kept, refusal=session.refusal)
    assert isinstance(back.session, BrowserSession), back.tried
    again = await done(back.session, kind.then)
    for one in (session, back.session):
        await one.aclose()
    return {
        "method": back.method,
        "same": again.fingerprint == live.fingerprint and (await _told(again)) == (await _told(live)),
        "moved": len({start, *(step.fingerprint for step in path)}) == len(path) + 1,
        "tried": back.tried,
        "shows": (again.text, live.text),
    }


async def _told(seen: Observation) -> list[str]:
    return [line for line in seen.text.splitlines() if "tick" not in line and "moment" not in line]


async def test_forty_kinds_of_state_come_back_or_are_refused(address: str, executable: Path) -> None:
    gate = asyncio.Semaphore(3)
    found: dict[str, dict[str, object]] = {}

    chrome = browser(address, site=World(), window=Window(executable_path=executable, timeout=30))

    async def one(name: str) -> None:
        async with gate:
            found[name] = await compared(chrome, name, KINDS[name])

    async with asyncio.TaskGroup() as group:
        for name in KINDS:
            group.create_task(one(name))
    await chrome.aclose()
    assert len(found) >= 25
    wrong = {name: seen for name, seen in found.items() if not seen["same"]}
    assert not wrong
    kept = {name: seen["method"] == "snapshot" for name, seen in found.items()}
    assert kept == {name: kind.kept for name, kind in KINDS.items()}
    # A state that cannot be told from the one before is cut as its twin, and what it leads to is never seen.
    assert [name for name, seen in found.items() if not seen["moved"]] == []
