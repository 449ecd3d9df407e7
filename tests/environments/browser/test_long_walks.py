"""A session that walks over many pages keeps none of those it has left."""

from __future__ import annotations

import pytest

from branchwise.environments.protocol import Action
from tests.environments.browser.conftest import Opener

pytestmark = pytest.mark.asyncio(loop_scope="module")
PAGE = """<title>{name}</title><a href="/{other}">{other}</a> <button>more</button>
<script>const kept = Array.from({{length: 1000}}, (_, i) => ({{i}}));
document.addEventListener('click', () => kept.push(kept.length));</script>"""


async def test_documents_that_were_left_are_given_back(opened: Opener) -> None:
    one, two = PAGE.format(name="one", other="two"), PAGE.format(name="two", other="one")
    session = await opened(one, one=one, two=two)
    for step in range(16):
        # Its scripts are counted from here on, which must not hold the page once it is left.
        await session.act(Action(text='click button "more"'))
        await session.act(Action(text=f'click link "{("two", "one")[step % 2]}"'))
    await session.act(Action(text='click button "more"'))
    cdp = await session.context.new_cdp_session(session.page)
    counted = await cdp.send("Memory.getDOMCounters")
    await session.aclose()
    # The page, a few that the browser keeps for `back`, and Playwright's own.
    assert counted["documents"] < 8, counted
