"""Scripts are counted where an action may stay on its page; a page that stays unexpectedly is not believed."""

from __future__ import annotations

import pytest

from branchwise.environments.browser.session import BrowserSession
from branchwise.environments.protocol import Action
from tests.environments.browser.conftest import Opener

pytestmark = pytest.mark.asyncio(loop_scope="module")
NEXT = "<title>next</title><button onclick='window.n = 1'>count</button><a href='/'>home</a>"


async def counts(session: BrowserSession) -> bool:
    return (await session.recall.document(session.page)).scripts.started


async def test_a_link_elsewhere_is_not_counted_and_what_stays_is(opened: Opener) -> None:
    session = await opened("<title>start</title><a href='/next'>next</a>", next=NEXT)
    await session.act(Action(text='click link "next"'))
    assert not await counts(session)
    assert await session.snapshot() is not None
    await session.act(Action(text='click button "count"'))
    assert await counts(session)
    assert await session.snapshot() is None
    assert session.refusal.startswith("script ran: onclick /next")
    await session.act(Action(text='click link "home"'))
    await session.act(Action(text="back"))
    assert not await counts(session)
    assert await session.snapshot() is not None


async def test_a_link_whose_script_holds_it_back_leaves_a_page_that_is_not_kept(opened: Opener) -> None:
    held = "<a href='/next' onclick='event.preventDefault(); window.n = 1'>next</a>"
    session = await opened(f"<title>start</title><a href='/held'>held</a>{NEXT}", held=held, next=NEXT)
    await session.act(Action(text='click link "held"'))
    before = await session.observe()
    after = (await session.act(Action(text='click link "next"'))).observation
    assert after.text == before.text
    assert after.fingerprint != before.fingerprint
    assert await session.snapshot() is None
    assert session.refusal == 'the page stayed, and what ran was not noted: click link "next"'


async def test_links_within_a_page_are_counted(opened: Opener) -> None:
    page = "<a href='#end'>end</a><p id=end>end"
    session = await opened("<title>start</title><a href='/long'>long</a>", long=page)
    before = (await session.act(Action(text='click link "long"'))).observation
    await session.act(Action(text='click link "end"'))
    assert await counts(session)
    after = (await session.act(Action(text="back"))).observation
    assert after.fingerprint == before.fingerprint, "no script ran, so it is the same page again"
