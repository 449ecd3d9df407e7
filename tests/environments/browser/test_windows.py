"""Windows: the one that is in front, those that close themselves, those that lead off the host, and going back."""

import time

import pytest

from branchwise.store.errors import BadAction, EnvironmentFailed
from tests.environments.browser.conftest import Opener, do

pytestmark = pytest.mark.asyncio(loop_scope="module")

SIGN_IN = (
    "<h1>Main</h1><p id=got>not signed in</p><button type=button onclick=\"window.open('/pop', 'w', 'width=400')\">"
    "Sign in</button><script>onmessage = e => { got.textContent = 'signed in as ' + e.data }</script>"
)
POPUP = "<h1>Popup</h1><button type=button onclick=\"opener.postMessage('ada', '*'); window.close()\">As Ada</button>"


async def test_a_window_that_closes_itself_gives_the_front_back(opened: Opener) -> None:
    session = await opened(SIGN_IN, pop=POPUP)
    popup = await do(session, 'click button "Sign in"')
    assert "- tabs: 1" in popup.observation.text
    assert 'heading "Popup"' in popup.observation.text
    closed = await do(session, 'click button "As Ada"')
    assert "signed in as ada" in closed.observation.text
    assert "the window in front was closed" in closed.observation.text
    # And the session goes on from there.
    assert 'heading "Popup"' in (await do(session, 'click button "Sign in"')).observation.text


async def test_windows_are_chosen_by_number(opened: Opener) -> None:
    session = await opened("<a href=/pop target=_blank>Open</a>", pop="<h1>Second</h1>")
    await do(session, 'click link "Open"')
    assert 'link "Open"' in (await do(session, "tab 1")).observation.text
    assert "Second" in (await do(session, "tab 2")).observation.text
    with pytest.raises(BadAction, match="only 2 tabs"):
        await do(session, "tab 3")
    with pytest.raises(BadAction, match="no page before"):
        await do(session, "back")


async def test_a_window_that_leads_off_the_host_is_closed_and_said(opened: Opener) -> None:
    session = await opened(
        "<a href=http://elsewhere.example/x target=_blank>Partner</a><a href=http://elsewhere.example/y>Go</a>"
    )
    outcome = await do(session, 'click link "Partner"')
    assert 'link "Partner"' in outcome.observation.text
    assert "not allowed was not opened: http://elsewhere.example/x" in outcome.observation.text
    assert len(session.windows.open) == 1
    # A link that leads there leaves the page where it is.
    outcome = await do(session, 'click link "Go"')
    assert 'link "Go"' in outcome.observation.text
    assert "http://elsewhere.example/y" in outcome.observation.text


async def test_back_from_every_kind_of_state(opened: Opener) -> None:
    session = await opened(
        "<h1>Home</h1><a href='#part'>Part</a><a href=/two>Two</a><button onclick=\"history.pushState(1, '', '/deep');"
        "document.querySelector('h1').textContent = 'Deep'\">Push</button>"
        "<form action=/two><button>Search</button></form>"
        "<script>onpopstate = () => { document.querySelector('h1').textContent = 'Home' }</script>",
        two="<h1>Two</h1><script>onbeforeunload = e => { e.preventDefault() }</script><input aria-label=a>",
    )
    with pytest.raises(BadAction, match="no page before"):
        await do(session, "back")
    for line in ('click link "Part"', 'click link "Two"', 'click button "Push"', 'click button "Search"'):
        await do(session, line)
        assert 'heading "Home"' in (await do(session, "back")).observation.text
    await do(session, 'click link "Two"', 'fill textbox "a" with "x"')
    assert 'heading "Home"' in (await do(session, "back")).observation.text


async def test_a_site_that_closes_its_last_window_says_so(opened: Opener) -> None:
    session = await opened("<a href=/pop target=_blank>Open</a>", pop="<h1>Second</h1>")
    for page in session.context.pages:
        await page.close()
    with pytest.raises(EnvironmentFailed, match="closed its last window"):
        await session.observe()


async def test_a_page_whose_scripts_never_end_ends_its_branch(opened: Opener) -> None:
    session = await opened("<button onclick='while (true) {}'>Hang</button>")
    began = time.monotonic()
    with pytest.raises((BadAction, EnvironmentFailed)):
        await do(session, 'click button "Hang"')
    with pytest.raises(EnvironmentFailed, match="do not come to an end"):
        await session.observe()
    await session.aclose()
    # Other branches go on.
    assert 'link "On"' in (await (await opened("<a href=/>On</a>")).observe()).text
    assert time.monotonic() - began < 60
