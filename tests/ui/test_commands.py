"""`branchwise ui` as users start it, and the same page at `branchwise serve`."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path

import aiohttp
from playwright.async_api import Page, expect

from branchwise.models.scripted import scripted
from branchwise.server.app import application
from branchwise.server.choice import Defaults
from branchwise.server.listen import listening
from branchwise.server.serving import ServerSettings
from branchwise.store.store import Store


async def test_the_command_serves_the_page_and_prints_a_key(sqlite_url: str, page: Page) -> None:
    async with Store.opened(sqlite_url) as store:
        run = await store.create_run(task="text", strategy="auto", model="m", spec={"problem": "a problem"})
    words = ["-m", "branchwise", "ui", "--port", "0", "--store", sqlite_url, "--json"]
    started = await asyncio.create_subprocess_exec(sys.executable, *words, stdout=asyncio.subprocess.PIPE)
    assert started.stdout is not None
    said = json.loads(await asyncio.wait_for(started.stdout.readline(), 30))
    await page.goto(f"{said['url']}/?run={run.id}")
    await expect(page.get_by_text("a problem")).to_be_visible()
    await page.get_by_label("Read-only without a key").fill(said["key"])
    await page.get_by_role("button", name="Use").click()
    await expect(page.get_by_text("operator")).to_be_visible()
    started.send_signal(signal.SIGINT)
    assert await asyncio.wait_for(started.wait(), 15) == 0


async def test_the_server_serves_the_same_page(sqlite_url: str, tmp_path: Path) -> None:
    model = scripted(["x"])
    app = application(ServerSettings(defaults=Defaults(model=model.name), store=sqlite_url), model)
    async with listening(app) as url, aiohttp.ClientSession() as session:
        async with session.get(url) as reply:
            assert 'src="/assets/page.js"' in await reply.text()
        async with session.get(f"{url}/ui/session") as reply:
            assert await reply.json() == {"may_act": False, "key": None, "workflows": []}
