"""Ten kinds of state: which rung of the ladder brings each back, verified by fingerprint, next action and rows."""

from collections.abc import AsyncIterator
from copy import deepcopy
from pathlib import Path

import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from branchwise.environments.browser.browser import Chrome, Window, browser
from branchwise.environments.browser.session import BrowserSession
from branchwise.environments.protocol import Action
from branchwise.environments.restore import PathStep, restore_path
from tests.environments.kinds_of_state import PATHS, WRITING, Kinds

BY_SCRIPT = frozenset({"JS heap", "sessionStorage", "localStorage", "IndexedDB", "fetch POST"})
"""A function of the page ran, so that only doing it again is sure to bring it back."""


@pytest_asyncio.fixture
async def kinds() -> AsyncIterator[tuple[Kinds, str]]:
    site = Kinds()
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", site.answer)
    async with TestServer(app, host="127.0.0.1") as server:
        yield site, str(server.make_url("/"))


async def walked(chrome: Chrome, lines: list[str]) -> tuple[BrowserSession, str, list[PathStep]]:
    session = await chrome.reset()
    start, path = (await session.observe()).fingerprint, []
    for line in lines:
        outcome = await session.act(await session.read(line), allow=True)
        seen = outcome.observation
        path.append(PathStep(action=Action(text=line), fingerprint=seen.fingerprint, effect=outcome.effect))
    return session, start, path


async def test_every_kind_comes_back_and_the_rung_is_the_cheapest_that_holds(
    kinds: tuple[Kinds, str], executable: Path
) -> None:
    site, url = kinds
    chrome = browser(url, site=site, window=Window(executable_path=executable, timeout=30))
    rungs: dict[str, str | None] = {}
    without: dict[str, str | None] = {}
    for kind, (lines, after) in PATHS.items():
        session, start, path = await walked(chrome, lines)
        kept = await session.snapshot()
        assert (kept is None) == (kind in BY_SCRIPT) == session.refusal.startswith("script ran: "), kind
        again = await restore_path(chrome, start, path, live=session)
        assert (again.method, again.session) == ("live", session), kind
        rows = deepcopy(site.worlds[session.world or ""])
        truth = (await session.act(Action(text=after))).observation.fingerprint
        then = site.worlds[session.world or ""]
        # The live session went on: it is told from where it should be, and the next rung is taken.
        back = await restore_path(chrome, start, path, live=session, snapshot=kept)
        fresh = await restore_path(chrome, start, path)
        for found, noted in ((back, rungs), (fresh, without)):
            assert isinstance(found.session, BrowserSession), (kind, found.tried)
            noted[kind] = found.method
            assert site.worlds[found.session.world or ""] == rows, kind
            seen = (await found.session.act(Action(text=after))).observation
            assert seen.fingerprint == truth, (kind, found.method)
            assert site.worlds[found.session.world or ""] == then, kind
            await found.session.aclose()
        assert back.tried[0].startswith("live: it "), kind
        assert back.replayed == (len(lines) if kind in BY_SCRIPT else 0), kind
    # Nothing but doing it again brings back what stands in the scripts' own memory.
    assert rungs == {kind: "replay" if kind in BY_SCRIPT else "snapshot" for kind in PATHS}
    assert set(without.values()) == {"replay"}
    assert site.worlds[""].orders == site.worlds[""].votes == 0
    await chrome.aclose()


async def test_without_worlds_what_only_reads_is_replayed_and_what_writes_never(
    kinds: tuple[Kinds, str], executable: Path
) -> None:
    site, url = kinds
    chrome = browser(url, window=Window(executable_path=executable, timeout=30))
    for kind, (lines, _) in PATHS.items():
        session, start, path = await walked(chrome, lines)
        await session.aclose()
        before = deepcopy(site.worlds)
        found = await restore_path(chrome, start, path)
        assert site.worlds == before, kind
        if kind in WRITING:
            assert found.session is None, kind
            assert "cannot be rewound" in found.tried[-1], kind
        else:
            assert (found.method, found.replayed) == ("replay", len(lines)), kind
            assert found.session is not None
            await found.session.aclose()
    await chrome.aclose()


async def test_a_world_that_somebody_else_changed_is_noticed(
    kinds: tuple[Kinds, str], executable: Path
) -> None:
    site, url = kinds
    chrome = browser(url, window=Window(executable_path=executable, timeout=30))
    session, start, path = await walked(chrome, PATHS["order placed"][0])
    kept = await session.snapshot()
    await session.aclose()
    still = await restore_path(chrome, start, path, snapshot=kept)
    assert still.method == "snapshot"
    assert still.session is not None
    await still.session.aclose()
    site.worlds[""].orders += 1
    dropped = await restore_path(chrome, start, path, snapshot=kept)
    assert dropped.session is None
    assert [reason.partition(":")[0] for reason in dropped.tried] == ["snapshot", "replay"]
    assert site.worlds[""].orders == 2
    await chrome.aclose()
