"""Numbered boxes in a page's picture, the same numbers in its text, and the picture in the request to the model."""

import base64
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Page

from branchwise.environments.browser.browser import Chrome, Window, browser
from branchwise.environments.browser.screenshot import Screenshot
from branchwise.environments.browser.session import BrowserSession
from branchwise.environments.scripted import scripted as house
from branchwise.graphs.web.request import WebOptions
from branchwise.graphs.web.run import browse
from branchwise.models.endpoint import endpoint
from branchwise.models.protocol import Capabilities
from branchwise.models.scripted import scripted
from branchwise.store.errors import BadAction, BadInput, Unsupported
from branchwise.store.store import Store
from tests.models.conftest import completion, serving

PAGE = """<!doctype html><title>t</title>
<style>*{margin:0} button, input {position:absolute; width:100px; height:40px}</style>
<button style='left:50px; top:100px'>Stay</button>
<button style='left:300px; top:100px' onclick="document.body.append('gone')">Go</button>
<input style='left:50px; top:300px; border:0' aria-label=Code>
<button style='left:50px; top:4000px'>Far below</button>"""
WIDTH, HEIGHT = 640, 480


@pytest_asyncio.fixture
async def site() -> AsyncIterator[str]:
    async def page(request: web.Request) -> web.Response:
        return web.Response(text=PAGE, content_type="text/html")

    app = web.Application()
    app.router.add_get("/", page)
    async with TestServer(app, host="127.0.0.1") as server:
        yield str(server.make_url("/"))


def window(executable: Path, kind: Screenshot) -> Window:
    return Window(executable_path=executable, width=WIDTH, height=HEIGHT, screenshot=kind)


async def seen(url: str, executable: Path, kind: Screenshot) -> tuple[Chrome, BrowserSession, bytes]:
    chrome = browser(url, window=window(executable, kind), secrets={"code": "swordfish"})
    session = await chrome.reset()
    shot = (await session.observe()).screenshot
    assert shot is not None
    return chrome, session, shot


async def coloured(page: Page, shot: bytes, box: tuple[int, int, int, int]) -> float:
    """The part of the pixels in a box that have a colour, read by the browser itself."""
    return float(
        await page.evaluate(
            """async ([data, x, y, width, height]) => {
                const image = new Image();
                image.src = 'data:image/jpeg;base64,' + data;
                await image.decode();
                const canvas = Object.assign(document.createElement('canvas'), image);
                canvas.width = image.naturalWidth; canvas.height = image.naturalHeight;
                const brush = canvas.getContext('2d');
                brush.drawImage(image, 0, 0);
                const {data: seen} = brush.getImageData(x, y, width, height);
                let found = 0;
                for (let at = 0; at < seen.length; at += 4) {
                    const [r, g, b] = seen.slice(at, at + 3);
                    if (Math.max(r, g, b) - Math.min(r, g, b) > 60) found++;
                }
                return found / (seen.length / 4);
            }""",
            [base64.b64encode(shot).decode(), *box],
        )
    )


async def test_the_picture_has_a_box_and_a_number_where_the_text_says_so(site: str, executable: Path) -> None:
    chrome, session, marked = await seen(site, executable, "marks")
    other, beside, plain = await seen(site, executable, "plain")
    one, two = await session.observe(), await beside.observe()
    assert '- [1] button "Stay"' in one.text
    assert '- [3] textbox "Code"' in one.text
    assert "[1]" not in two.text
    assert one.fingerprint == two.fingerprint
    labels = {1: (50, 86, 12, 14), 2: (300, 86, 12, 14), 3: (50, 286, 12, 14)}
    for number, box in labels.items():
        assert await coloured(beside.page, marked, box) > 0.3, number
        assert await coloured(beside.page, plain, box) == 0, number
    # Between the buttons nothing is drawn, and what is out of sight has no mark at the edge.
    assert await coloured(beside.page, marked, (200, 80, 60, 80)) == 0
    assert await coloured(beside.page, marked, (0, HEIGHT - 40, WIDTH, 40)) == 0
    assert await session.page.evaluate("document.querySelectorAll('*').length") == await beside.page.evaluate(
        "document.querySelectorAll('*').length"
    )
    await chrome.aclose()
    await other.aclose()


async def test_a_mark_is_read_as_the_elements_own_address(site: str, executable: Path) -> None:
    chrome, session, _ = await seen(site, executable, "marks")
    assert (await session.read("click [2]")).text == 'click button "Go"'
    assert (await session.read('fill [3] with "x"')).text == 'fill textbox "Code" with "x"'
    for line in ("click [0]", "click [5]", "click [99999]", "click [2] #1", "click [a]"):
        with pytest.raises(BadAction):
            await session.read(line)
    await chrome.aclose()


async def test_a_secret_is_painted_over(site: str, executable: Path) -> None:
    chrome, session, before = await seen(site, executable, "plain")
    field = (50, 300, 100, 40)
    assert await coloured(session.page, before, field) == 0
    typed = (await session.act(await session.read('fill textbox "Code" with "{secret:code}"'))).observation
    assert typed.screenshot is not None
    # Playwright paints in pink.
    assert await coloured(session.page, typed.screenshot, field) > 0.9
    assert "swordfish" not in typed.text
    await chrome.aclose()


async def test_the_request_carries_the_picture(site: str, executable: Path, tmp_path: Path) -> None:
    chrome = browser(site, window=window(executable, "marks"))
    async with serving() as server:
        said = ["Action: click [2]", "Done.\nStatus: success\nOn the right track to success: yes"]

        def reply(body: dict[str, object]) -> web.Response:
            made = completion(body, 1)
            made["choices"][0]["message"]["content"] = said[len(server.bodies) - 1]
            return web.json_response(made)

        server.next = [reply, reply]
        model = endpoint("m", base_url=server.url)
        result = await browse(
            "press Go",
            chrome,
            model=model,
            options=WebOptions(samples=1, value_samples=1, vision=True),
            store=f"sqlite:///{tmp_path / 'runs.db'}",
            screenshots=tmp_path,
        )
        await model.aclose()
    await chrome.aclose()
    assert (result.solved, result.actions) == (True, ('click button "Go"',))
    kept = {file.read_bytes() for file in (tmp_path / result.run_id).glob("*.jpg")}
    assert len(server.bodies) == 2
    for body in server.bodies:
        picture, text = body["messages"][0]["content"]
        assert text["type"] == "text"
        assert "numbered box" in text["text"]
        head, _, data = picture["image_url"]["url"].partition(",")
        assert (picture["type"], head) == ("image_url", "data:image/jpeg;base64")
        assert base64.b64decode(data) in kept
    async with Store.opened(f"sqlite:///{tmp_path / 'runs.db'}") as db:
        recorded = str([call.request for call in await db.calls(result.run_id)])
    # The ledger names the picture; its bytes are a file beside it.
    assert ".jpg" in recorded
    assert "base64" not in recorded


async def test_a_model_without_eyes_is_refused_before_anything_is_opened(tmp_path: Path) -> None:
    store, blind = f"sqlite:///{tmp_path / 'runs.db'}", scripted(["x"], capabilities=Capabilities())
    with pytest.raises(Unsupported, match="takes no images"):
        await browse(
            "x", house(), model=blind, options=WebOptions(vision=True), store=store, screenshots=tmp_path
        )
    with pytest.raises(Unsupported, match="takes no images"):
        await browse(
            "x", house(), model="uniform", options=WebOptions(vision=True), store=store, screenshots=tmp_path
        )
    async with Store.opened(store) as db:
        assert await db.runs() == []
    sees = scripted(["x"])
    with pytest.raises(BadInput, match="this environment makes none"):
        await browse(
            "x", house(), model=sees, options=WebOptions(vision=True), store=store, screenshots=tmp_path
        )
    assert (blind.calls, sees.calls) == (0, 0)
