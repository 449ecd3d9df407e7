"""One run as a page from disk: no network, keyboard, hostile texts; and its twin in the terminal."""

from __future__ import annotations

from collections.abc import AsyncIterator
from io import StringIO
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect
from rich.console import Console

from branchwise.cli.viewer.text import text
from branchwise.cli.viewer.write import write
from branchwise.environments.browser.chromium import flags
from branchwise.store.errors import BadInput
from branchwise.store.records import Json, Node, Usage, Verdict, VerifiedBy
from branchwise.store.store import Store

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
EXTRAS: dict[str, dict[str, Json]] = {"0.0": {"url": "http://shop/mugs"}}


async def stored(url: str, shots: Path) -> str:
    """A finished web run with a verdict, a call, two pages and a picture."""
    async with Store.opened(url) as store:
        run = await store.create_run(
            task="web", strategy="best_first", model="m", spec={"goal": HOSTILE}, workflow="web"
        )
        lease = await store.claim(run.id)
        ledger = await store.ledger(lease)

        async def send() -> tuple[Json, Usage]:
            return {"samples": [{"text": "the reply"}]}, Usage(calls=1, prompt_tokens=3)

        await store.add_nodes(lease, NODES)
        said = Verdict(
            score=80, accepted=True, feedback=HOSTILE, verified_by=VerifiedBy.MODEL, verifier="llm"
        )
        await store.add_verdicts(lease, [("0.0", said)])
        asked: Json = {"messages": [{"role": "user", "content": "x" * 300 + HOSTILE}]}
        await ledger("w/0.0/value", asked, send, model="m")
        picture = shots / run.id / "0.0-0a.jpg"
        picture.parent.mkdir()
        picture.write_bytes(b"\xff\xd8\xff")
        before: dict[str, Json] = {"url": "http://shop/", "observation": "link Mugs"}
        page = {"url": "http://shop/mugs", "observation": "link Cups", "screenshot": str(picture)}
        await store.add_decision(lease, "arrival/0", "arrival", before)
        await store.add_decision(lease, "arrival/0.0", "arrival", page)
        await store.add_decision(lease, "arrival/0.2", "arrival", {"screenshot": "/etc/passwd"})
        await store.finish(
            lease, {"answer": "a mug", "solved": True, "verified_by": "program", "node": "0.0.0"}
        )
        return run.id


@pytest.fixture
async def page(executable: Path, tmp_path: Path) -> AsyncIterator[Page]:
    file, url = tmp_path / "run.html", f"sqlite:///{tmp_path}/runs.sqlite"
    await write(await stored(url, tmp_path), url, file)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=flags())
        page = await browser.new_page(offline=True, viewport={"width": 1300, "height": 800})
        page.set_default_timeout(5000)
        asked: list[str] = []
        wrong: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        await page.goto(file.as_uri())
        yield page
        assert wrong == []
        assert {url.split(":")[0] for url in asked} <= {"file", "data"}
        await browser.close()


async def test_it_opens_on_the_best_node_and_the_keyboard_walks_the_tree(page: Page) -> None:
    await expect(page.get_by_role("treeitem")).to_have_count(len(NODES))
    await expect(page.get_by_role("heading", name="Node 0.0.0")).to_be_visible()
    await page.get_by_role("tree").focus()
    for key, name in (
        ("ArrowUp", "0.0"),
        ("ArrowLeft", "0.0"),
        ("ArrowDown", "0.1"),
        ("b", "0.0.0"),
        ("Home", "0"),
    ):
        await page.keyboard.press(key)
        await expect(page.get_by_role("heading", name=f"Node {name}", exact=False)).to_be_visible()
        assert await page.locator("[role=treeitem][aria-selected=true]").get_attribute("data-id") == name


async def test_a_node_shows_page_picture_verdict_and_prompt(page: Page) -> None:
    await page.locator("[data-id='0.0']").click()
    panel = page.get_by_role("tabpanel")
    assert (await panel.get_by_role("img").get_attribute("src") or "").startswith(
        "data:image/jpeg;base64,/9j/"
    )
    await expect(panel.get_by_role("cell", name="llm")).to_be_visible()
    await panel.get_by_text("what changed since the parent's page").click()
    assert await panel.locator("del").all_inner_texts() == ["Mugs"]
    assert "Cups" in await panel.locator("ins").all_inner_texts()
    await panel.get_by_text("w/0.0/value").click()
    await expect(panel.get_by_text("the reply")).to_be_visible()
    await expect(panel.get_by_text("x" * 300)).to_be_visible()
    await page.locator("[data-id='0.2']").click()
    await expect(page.get_by_role("heading", name="Node 0.2")).to_be_visible()
    assert await panel.get_by_role("img").count() == 0


async def test_hostile_texts_stay_text_and_nothing_can_be_done(page: Page) -> None:
    for name in ("Node", "Decisions", "Calls", "Budget", "History"):
        await page.get_by_role("tab", name=name).click()
        assert await page.evaluate("window.owned") is None
        assert await page.locator("img[src^=http], script[src]").count() == 0
    assert await page.get_by_role("tab", name="Act").count() == 0
    assert await page.locator("input[type=password]").count() == 0
    await expect(page.locator(".problem")).to_contain_text("window.owned = 1")


async def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/runs.sqlite"
    run_id = await stored(url, tmp_path)
    with pytest.raises(BadInput, match="cannot be written"):
        await write(run_id, url, tmp_path / "nowhere" / "x.html")


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
