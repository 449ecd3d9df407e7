"""What a person does on the page, with a key: answer, cancel, resume, fork, check; without one it is for looking."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, expect

import branchwise
from branchwise.models.protocol import SampleRequest
from branchwise.models.scripted import scripted
from branchwise.store.store import Status, Store
from tests.ui.conftest import BOTH, KEY, looking

FLOW = "tests.ui.flows:graph"


def idea(request: SampleRequest, seed: int) -> str:
    return "Fine.\nScore: 30" if "Score" in str(request) else f"Idea {seed}.\n\n"


async def sign_in(page: Page) -> None:
    await page.get_by_label("Read-only without a key").fill(KEY)
    await page.get_by_role("button", name="Use").click()
    await expect(page.get_by_text("operator")).to_be_visible()


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    async with Store.opened(url) as opened:
        yield opened


@pytest.mark.parametrize("url", BOTH, indirect=True)
async def test_a_question_is_answered_by_a_form_of_its_type(url: str, store: Store, page: Page) -> None:
    asked = await branchwise.run(FLOW, {"topic": "tea"}, model=scripted(["A mail."]), store=store)
    async with looking(url) as at:
        await page.goto(f"{at.url}/?run={asked.run_id}")
        yes = page.get_by_role("button", name="Yes")
        await expect(yes).to_be_disabled()
        await expect(page.get_by_text(f"branchwise answer {asked.run_id}")).to_be_visible()
        await sign_in(page)
        await yes.focus()
        await expect(page.get_by_text(f"branchwise answer {asked.run_id} true")).to_be_visible()
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("paused")).to_be_visible(timeout=5000)
    done = await branchwise.resume(asked.run_id, model=scripted(["A mail."]), store=store)
    assert done.output["sent"] is True


@pytest.mark.parametrize("url", BOTH, indirect=True)
async def test_a_run_is_cancelled_resumed_and_forked_by_keyboard(url: str, store: Store, page: Page) -> None:
    asked = await branchwise.run(FLOW, {"topic": "tea"}, model=scripted(["A mail."]), store=store)
    async with looking(url) as at:
        await page.goto(f"{at.url}/?run={asked.run_id}&view=acts&node=write/1")
        await sign_in(page)
        await page.get_by_role("button", name="Cancel").focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("– cancelled")).to_be_visible()
        await page.get_by_role("button", name="Resume").focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("… queued")).to_be_visible()
        await expect(page.get_by_text("Up to 0 recorded calls come free")).to_be_visible()
        await expect(page.get_by_text(f"branchwise fork {asked.run_id} --at write/1")).to_be_visible()
        await page.get_by_role("button", name="Fork").focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("fork of")).to_be_visible()
    runs = {run.id: run for run in await store.runs()}
    assert runs.pop(asked.run_id).status is Status.QUEUED
    [forked] = runs.values()
    assert (forked.forked_from, forked.forked_at, forked.status) == (asked.run_id, "write/1", Status.QUEUED)


async def test_a_search_is_forked_with_another_strategy_and_checked(sqlite_url: str, page: Page) -> None:
    async with Store.opened(sqlite_url) as store:
        model = scripted(
            lambda request, seed: f"Score: {10 * seed}" if "Score" in str(request) else f"Idea {seed}.\n\n"
        )
        done = await branchwise.solve(
            "p", task="text", strategy="best_of_n", knobs={"n": 3}, model=model, store=store
        )
        async with looking(sqlite_url) as at:
            await page.goto(f"{at.url}/?run={done.run_id}&view=acts&node=0")
            await sign_in(page)
            await page.get_by_role("button", name="Check").click()
            await expect(page.get_by_text("✓ Exact")).to_be_visible()
            await page.get_by_label("Strategy").fill("self_consistency")
            await page.get_by_label("Tokens").fill("777")
            words = f"branchwise fork {done.run_id} --strategy self_consistency --tokens 777"
            await expect(page.get_by_text(words)).to_be_visible()
            await page.get_by_role("button", name="Fork").click()
            await expect(page.get_by_text("fork of")).to_be_visible()
        forked = (await store.runs(limit=1))[0]
        assert (forked.strategy, forked.forked_from) == ("self_consistency", done.run_id)


async def test_without_a_key_the_page_cannot_act(sqlite_url: str, page: Page) -> None:
    async with Store.opened(sqlite_url) as store, looking(sqlite_url) as at:
        run = await store.create_run(task="text", strategy="auto", model="m", spec={"problem": "p"})
        await page.goto(f"{at.url}/?run={run.id}&view=acts")
        await expect(page.get_by_role("button", name="Cancel")).to_be_disabled()
        status = await page.evaluate(
            """async run => (await fetch(`/v1/runs/${run}/cancel`, {method: "POST", body: "{}",
            headers: {"content-type": "application/json"}})).status""",
            run.id,
        )
        assert status == 403
        assert (await store.run(run.id)).status is Status.PAUSED
        await page.get_by_label("Read-only without a key").fill("bw-wrong")
        await page.get_by_role("button", name="Use").click()
        await expect(page.get_by_text("This key does not open this server.")).to_be_visible()
