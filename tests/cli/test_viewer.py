"""The page in a real browser: no network, keyboard, hostile texts; and its twin in the terminal."""

import os
from collections.abc import AsyncIterator
from io import StringIO
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright
from rich.console import Console

from branchwise.cli.viewer.page import render
from branchwise.cli.viewer.text import text
from branchwise.environments.browser.chromium import chromium, flags
from branchwise.store.errors import EnvironmentFailed
from branchwise.store.records import Json, Node

PIXEL = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
HOSTILE = (
    "</script><script>window.owned = 1</script><img src=http://127.0.0.1:9/x onerror='window.owned=2'>\u2028"
)
NODES = [
    Node(id="0", parent=None),
    Node(id="0.0", parent="0", depth=1, text='click link "Mugs"', score=0.5),
    Node(id="0.1", parent="0", depth=1, text=HOSTILE, failed="a dead end"),
    Node(
        id="0.0.0", parent="0.0", depth=2, text='click button "Add"', score=0.9, complete=True, accepted=True
    ),
    Node(id="0.0.1", parent="0.0", depth=2, text="[red]no style[/]", score=0.5, duplicate_of="0.0"),
    Node(id="0.2", parent="0", depth=1, text="later", score=0.5, feedback="proposed; not visited yet"),
]
EXTRAS: dict[str, dict[str, Json]] = {
    "0.0": {"url": "http://shop/mugs", "prompt": HOSTILE, "screenshot": PIXEL, "restored": "replay"},
    "0.0.0": {"screenshot": "javascript:alert(1)", "votes": [1, 0.5]},
}


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    try:
        executable = chromium()
    except EnvironmentFailed as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    file = tmp_path / "tree.html"
    file.write_text(
        render({"id": "r1", "problem": HOSTILE, "status": "done"}, NODES, EXTRAS), encoding="utf-8"
    )
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=flags())
        page = await browser.new_page(offline=True)
        page.set_default_timeout(5000)
        page.on("request", lambda request: asked.append(request.url))
        asked: list[str] = []
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        await page.goto(file.as_uri())
        yield page
        assert wrong == []
        assert {url.split(":")[0] for url in asked} <= {"file", "data"}
        await browser.close()


async def chosen(page: Page) -> str | None:
    return await page.locator('li[aria-selected="true"]').get_attribute("data-id")


async def test_it_opens_on_the_best_node_and_the_keyboard_walks_the_tree(page: Page) -> None:
    assert await page.get_by_role("treeitem").count() == len(NODES)
    assert await chosen(page) == "0.0.0"
    walked = []
    for key in ("ArrowDown", "ArrowDown", "ArrowUp", "ArrowLeft", "ArrowLeft", "ArrowDown", "b", "Home"):
        await page.keyboard.press(key)
        walked.append(await chosen(page))
    assert walked == ["0.0.1", "0.1", "0.0.1", "0.0", "0.0", "0.1", "0.0.0", "0"]
    assert await page.locator('[data-id="0.0"]').get_attribute("aria-expanded") == "true"


async def test_left_closes_a_branch_and_right_opens_it(page: Page) -> None:
    await page.keyboard.press("ArrowLeft")
    await page.keyboard.press("ArrowLeft")
    assert not await page.locator('[data-id="0.0.1"]').is_visible()
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("ArrowRight")
    assert await chosen(page) == "0.0.0"


async def test_a_click_shows_screenshot_prompt_and_facts(page: Page) -> None:
    await page.get_by_text("Mugs").first.click()
    detail = page.locator("#detail")
    assert await detail.get_by_role("img").evaluate("image => image.naturalWidth") == 1
    shown = await detail.inner_text()
    for fact in ("http://shop/mugs", "replay", "0.5", "window.owned = 1"):
        assert fact in shown


async def test_a_search_finds_the_next_hit(page: Page) -> None:
    await page.keyboard.press("/")
    await page.keyboard.type("shop/mugs")
    await page.keyboard.press("Enter")
    assert await chosen(page) == "0.0"


async def test_hostile_texts_stay_text(page: Page) -> None:
    for name in ("0.1", "0.0", "0.0.0"):
        await page.locator(f'[data-id="{name}"] > .row').click()
    assert await page.evaluate("window.owned") is None
    assert await page.locator("img[src^=http], img[src^=javascript]").count() == 0
    assert "◌ later" in await page.locator('[data-id="0.2"]').inner_text()
    assert HOSTILE.rstrip("\u2028") in (await page.locator("#problem").text_content() or "")


def test_a_screenshot_file_is_carried_in_the_page(tmp_path: Path) -> None:
    shot = tmp_path / "shot.jpg"
    shot.write_bytes(b"\xff\xd8\xff")
    made = render({}, NODES, {"0.0": {"screenshot": str(shot)}, "0.1": {"screenshot": "/nowhere/x.png"}})
    assert "data:image/jpeg;base64,/9j/" in made
    assert '"screenshot missing": "/nowhere/x.png"' in made


def test_the_twin_prints_every_node_and_no_markup() -> None:
    out = StringIO()
    Console(file=out, width=200, color_system=None).print(text(NODES, EXTRAS))
    lines = out.getvalue().splitlines()
    assert len(lines) == len(NODES)
    assert "✓ 0.90" in lines[2]
    assert "http://shop/mugs" in lines[1]
    assert "[red]no style[/]  (as 0.0)" in lines[3]
    assert "✗" in lines[4]
    assert "◌ 0.50 later" in lines[5]


def test_the_twin_counts_what_it_leaves_out() -> None:
    many = [Node(id="0", parent=None), *(Node(id=f"0.{i}", parent="0", text="x") for i in range(100))]
    out = StringIO()
    Console(file=out, width=80).print(text(many, most=10))
    assert "… and 90 more" in out.getvalue()


def test_an_escape_sequence_does_not_reach_the_terminal() -> None:
    out = StringIO()
    Console(file=out, width=80).print(text([Node(id="0.0", parent="0", text="a\x1b[2Jb\x9bc")]))
    assert "\x1b[2J" not in out.getvalue()
    assert "\x9b" not in out.getvalue()
