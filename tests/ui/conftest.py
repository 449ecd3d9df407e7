"""The page in a real browser, and a store that is written to while it is looked at."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect

from branchwise.environments.browser.chromium import flags
from branchwise.server.choice import Defaults
from branchwise.server.listen import listening
from branchwise.server.serving import ServerSettings, Serving
from branchwise.server.viewing import viewer
from branchwise.store.store import Store
from tests.store.conftest import DATABASES, sqlite_url, url

__all__ = ["BOTH", "sqlite_url", "url"]

BOTH = DATABASES[:2]
"""SQLite and PostgreSQL."""
KEY = "ui-operator"


@dataclass(frozen=True, kw_only=True, slots=True)
class Looking:
    """A server for looking at a store."""

    url: str
    serving: Serving


@asynccontextmanager
async def looking(store: str | Path | Store) -> AsyncIterator[Looking]:
    """Serve the page of a store; its operator's key is `KEY`."""
    at = store if isinstance(store, Store) else str(store)
    app = viewer(ServerSettings(defaults=Defaults(model=""), store=at, operator_key=KEY))
    async with listening(app) as address:
        yield Looking(url=address, serving=app.state.serving)


@pytest.fixture
async def page(executable: Path) -> AsyncIterator[Page]:
    """A page in Chromium; at its end it has made no error and no request to another host."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=flags())
        page = await browser.new_page(viewport={"width": 1300, "height": 800})
        page.set_default_timeout(15_000)
        expect.set_options(timeout=15_000)
        asked: list[str] = []
        wrong: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "console",
            lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None,
        )
        yield page
        hosts = {one.split("/")[2].partition(":")[0] for one in asked if one.startswith(("http", "ws"))}
        assert hosts <= {"127.0.0.1"}
        assert KEY not in "".join(asked)
        assert wrong == []
        await browser.close()
