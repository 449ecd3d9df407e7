"""The page in Chromium, while runs go on."""

from __future__ import annotations

import asyncio
import re
import statistics
import time
from typing import Any

import pytest
from playwright.async_api import Page, expect

import branchwise
from branchwise.environments.spec import EnvironmentSpec
from branchwise.graphs.search.result import Result
from branchwise.graphs.web.request import WebOptions
from branchwise.graphs.web.run import browse
from branchwise.models.protocol import SampleRequest
from branchwise.models.scripted import scripted
from branchwise.store import api_keys
from branchwise.store.records import Node
from branchwise.store.store import Lease, Store
from tests.ui.conftest import BOTH, looking


async def begun(store: Store, problem: str = "two and two") -> Lease:
    run = await store.create_run(task="text", strategy="mcts", model="none", spec={"problem": problem})
    return await store.claim(run.id)


def node(name: str, text: str, **more: object) -> Node:
    parent = name.rpartition(".")[0] or None
    return Node(id=name, parent=parent, depth=name.count("."), text=text, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("url", BOTH, indirect=True)
async def test_a_run_is_seen_within_a_second_of_each_commit(url: str, page: Page) -> None:
    async with Store.opened(url) as writer, looking(url) as at:
        await page.goto(at.url)
        await expect(page.get_by_text("No runs to show.")).to_be_visible()
        lease = await begun(writer)
        await expect(page.get_by_role("link", name="two and two")).to_be_visible(timeout=3000)
        await page.get_by_role("link", name="two and two").click()
        await expect(page.get_by_role("heading", name=lease.run_id)).to_be_visible()
        await expect(page.get_by_text("running")).to_be_visible()
        waits = []
        for number in range(5):
            text = f"step number {number}"
            await writer.add_nodes(lease, [node("0", ""), node(f"0.{number}", text, score=0.1 * number)])
            began = time.monotonic()
            await page.get_by_role("treeitem").filter(has_text=text).wait_for(timeout=5000)
            waits.append(time.monotonic() - began)
        assert statistics.median(waits) < 1, waits  # one of them may fall into a pause of a busy machine
        await writer.finish(
            lease, {"answer": "four", "solved": True, "verified_by": "program", "node": "0.4"}
        )
        await expect(page.get_by_text("✓ accepted")).to_be_visible(timeout=3000)
        await expect(page.get_by_text("✓ done")).to_be_visible()


async def test_filters_stand_in_the_address(sqlite_url: str, page: Page) -> None:
    async with Store.opened(sqlite_url) as writer, looking(sqlite_url) as at:
        done = await begun(writer, "the first one")
        await writer.finish(done, {"answer": "x"})
        await begun(writer, "the second one")
        await page.goto(f"{at.url}/?status=running")
        await expect(page.get_by_role("link")).to_have_count(2)  # the name, and one run
        await page.get_by_label("Status").select_option("done")
        await expect(page.get_by_role("link", name="the first one")).to_be_visible()
        assert page.url.endswith("?status=done")
        await page.get_by_label("Status").select_option("")
        await page.get_by_label("Problem or id has").fill("second")
        await expect(page.get_by_role("link", name="the second one")).to_be_visible()
        await expect(page.get_by_role("link", name="the first one")).to_have_count(0)
        await page.go_back()
        await expect(page.get_by_role("link", name="the first one")).to_be_visible()


async def test_the_keyboard_walks_the_tree(sqlite_url: str, page: Page) -> None:
    async with Store.opened(sqlite_url) as writer, looking(sqlite_url) as at:
        lease = await begun(writer)
        names = ["0", "0.0", "0.0.0", "0.0.1", "0.1"]
        await writer.add_nodes(lease, [node(name, f"text of {name}", score=0.5) for name in names])
        await page.goto(f"{at.url}/?run={lease.run_id}")
        await page.get_by_role("tree").focus()
        walked = []
        for key in (
            "Home",
            "ArrowDown",
            "ArrowRight",
            "ArrowDown",
            "ArrowLeft",
            "ArrowLeft",
            "ArrowDown",
            "Home",
        ):
            await page.keyboard.press(key)
            await asyncio.sleep(0.05)
            walked.append(await page.locator("[aria-selected=true][role=treeitem]").get_attribute("data-id"))
        assert walked == ["0", "0.0", "0.0.0", "0.0.1", "0.0", "0.0", "0.1", "0"]
        assert await page.locator("[data-id='0.0']").get_attribute("aria-expanded") == "false"
        assert f"run={lease.run_id}&node=0" in page.url


async def test_a_lost_connection_is_resumed_without_gaps_or_doubles(sqlite_url: str, page: Page) -> None:
    async with Store.opened(sqlite_url) as writer, looking(sqlite_url) as at:
        lease = await begun(writer)
        await writer.add_nodes(lease, [node("0", ""), node("0.0", "before")])
        await page.goto(f"{at.url}/?run={lease.run_id}")
        await expect(page.get_by_role("treeitem")).to_have_count(2)
        asked: list[str | None] = []
        page.on(
            "request",
            lambda one: asked.append(one.headers.get("last-event-id")) if one.url.endswith("/rows") else None,
        )
        await page.context.set_offline(True)
        await at.serving.feeds.close()  # Chromium keeps an open stream when it is set offline
        await expect(page.get_by_text("connecting")).to_be_visible()
        await writer.add_nodes(lease, [node("0.1", "meanwhile")])
        await page.context.set_offline(False)
        await expect(page.get_by_role("treeitem").filter(has_text="meanwhile")).to_have_count(
            1, timeout=20_000
        )
        await expect(page.get_by_role("treeitem")).to_have_count(3)
        assert asked
        assert all(asked), asked


async def test_the_slider_shows_the_run_as_it_was(sqlite_url: str, page: Page) -> None:
    async with Store.opened(sqlite_url) as writer, looking(sqlite_url) as at:
        lease = await begun(writer)
        await writer.add_nodes(lease, [node("0", ""), *(node(f"0.{n}", f"number {n}") for n in range(5))])
        await page.goto(f"{at.url}/?run={lease.run_id}")
        await expect(page.get_by_role("treeitem")).to_have_count(6)
        await page.get_by_label("Order").focus()
        for _ in range(3):
            await page.keyboard.press("ArrowLeft")
        await expect(page.get_by_role("treeitem")).to_have_count(3)
        assert "at=2" in page.url
        await page.keyboard.press("End")
        await expect(page.get_by_role("treeitem")).to_have_count(6)
        assert "at=" not in page.url


async def test_a_large_tree_opens_folded_and_a_search_unfolds_it(sqlite_url: str, page: Page) -> None:
    async with Store.opened(sqlite_url) as writer, looking(sqlite_url) as at:
        lease = await begun(writer)
        rows = [node("0", "")]
        for a in range(20):
            rows += [node(f"0.{a}", f"branch {a}"), *(node(f"0.{a}.{b}", f"leaf {a}-{b}") for b in range(60))]
        await writer.add_nodes(lease, rows)
        await page.goto(f"{at.url}/?run={lease.run_id}")
        canvas = page.locator("canvas")
        await expect(canvas).to_have_attribute("data-nodes", re.compile(r"^[1-4]?\d\d$"))
        await page.get_by_placeholder("Find in the tree").fill("leaf 19-42")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="Node 0.19.42")).to_be_visible()
        await expect(page.get_by_role("treeitem", selected=True)).to_contain_text("leaf 19-42")
        await page.get_by_role("button", name="Unfold").click()
        await expect(canvas).to_have_attribute("data-nodes", str(len(rows)))


async def test_a_web_run_shows_its_pages(sqlite_url: str, page: Page) -> None:
    options = WebOptions(depth=7, max_pages=40, samples=40, value_samples=0, pick_actions=True)
    world = EnvironmentSpec(name="examples.river:river")
    async with Store.opened(sqlite_url) as store, looking(sqlite_url) as at:
        found = await browse("", world, model="uniform", options=options, store=store)
        await page.goto(f"{at.url}/?run={found.run_id}")
        await expect(
            page.get_by_role("heading", name=re.compile("the best so far|the answer"))
        ).to_be_visible()
        await expect(
            page.get_by_role("tabpanel").get_by_text("Bring all three to the right bank")
        ).to_be_visible()
        await page.get_by_text("what changed since the parent's page").click()
        await expect(page.locator("details ins").first).to_be_visible()


@pytest.mark.parametrize("url", BOTH, indirect=True)
async def test_a_search_is_watched_while_it_goes_on(url: str, page: Page) -> None:
    """The search writes through a store of its own, as a worker elsewhere does."""

    def script(request: SampleRequest, seed: int) -> str:
        if '"Score: "' in request.messages[-1].content:
            return "Good.\nScore: 95" if "number 7" in request.messages[-1].content else "Not yet.\nScore: 20"
        return f"Idea number {seed % 10}.\n\nAnswer: {seed % 10}"

    async def searched() -> Result:
        async with Store.opened(url) as writer:
            model = scripted(script, latency=0.15)
            knobs = {"n": 24, "batch": 1}
            return await branchwise.solve(
                "p?", task="text", strategy="adaptive_best_of_n", knobs=knobs, model=model, store=writer
            )

    async with looking(url) as at:
        await page.goto(at.url)
        search = asyncio.create_task(searched())
        await page.get_by_role("link", name="p?").click()
        items = page.get_by_role("treeitem")
        await expect(items.nth(2)).to_be_visible()
        seen = await items.count()
        assert not search.done()
        await expect(page.get_by_text("▶ running")).to_be_visible()
        done = await search
        tree = await at.serving.store.nodes(done.run_id)
        await expect(items).to_have_count(len(list(tree)))
        assert len(list(tree)) > seen
        await expect(page.get_by_text("✓ done")).to_be_visible()
        await expect(page.get_by_text("✓ accepted" if done.solved else "○ not accepted")).to_be_visible()


async def test_a_key_shows_its_own_runs_only(sqlite_url: str, page: Page) -> None:
    secret = api_keys.new_secret()
    async with Store.opened(sqlite_url) as store, looking(sqlite_url) as at:
        await store.database.awrite(lambda c: api_keys.add(c, "k1", secret, label="l", limits={}))
        shared: dict[str, Any] = {"task": "text", "strategy": "auto", "model": "m"}
        own = await store.create_run(**shared, spec={"problem": "my own"}, api_key="k1")
        other = await store.create_run(**shared, spec={"problem": "another's"})
        await page.goto(f"{at.url}/?run={other.id}")
        await expect(page.get_by_text("Enter a key to see runs.")).to_be_visible()
        await page.get_by_label("This server wants a key").fill(secret)
        await page.get_by_role("button", name="Use").click()
        await expect(page.get_by_text("key k1")).to_be_visible()
        await expect(page.get_by_text("it does not exist")).to_be_visible()
        await page.get_by_role("link", name="branchwise").click()
        await expect(page.get_by_role("link", name="my own")).to_be_visible()
        await expect(page.get_by_role("link", name="another's")).to_have_count(0)
        await page.get_by_role("link", name="my own").click()
        await page.get_by_role("tab", name="Act").click()
        await page.get_by_role("button", name="Cancel").click()
        await expect(page.get_by_text("– cancelled")).to_be_visible()
        assert (await store.run(own.id)).status == "cancelled"
        assert secret not in await page.evaluate(
            "location.href + JSON.stringify([{...localStorage}, {...sessionStorage}])"
        )
