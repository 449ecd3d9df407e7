"""Guards: what only reads by POST, where secrets may go, private authorities, HTTP authentication."""

import asyncio
import base64
import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web

from branchwise.environments.browser.access import Access
from branchwise.environments.browser.browser import Window, browser
from branchwise.environments.browser.certificates import public_key
from branchwise.environments.browser.from_options import from_options
from branchwise.environments.browser.network import border
from branchwise.graphs.web.request import WebOptions
from branchwise.graphs.web.run import browse
from branchwise.models.scripted import scripted
from branchwise.store.errors import BadAction, BadInput, EnvironmentFailed
from tests.environments.browser.conftest import Opener, Site, do

pytestmark = pytest.mark.asyncio(loop_scope="module")

LOADS = """<h1>Shop</h1><ul id=u></ul><script>fetch('{path}', {{method: 'POST', body: {body}}}).then(r => r.json())
    .then(d => {{ u.innerHTML = d.map(n => '<li>' + n + '</li>').join('') }})
    .catch(() => {{ u.innerHTML = '<li>Something went wrong</li>' }})</script>"""


def lamps(request: web.Request) -> web.Response:
    return web.json_response(["Lamp"])


@pytest.mark.parametrize(
    "body", ["'{products}'", "JSON.stringify({query: 'query All { products { name } }'})"]
)
async def test_graphql_that_only_asks_is_let_through(opened: Opener, body: str) -> None:
    session = await opened(LOADS.format(path="/graphql", body=body), graphql=lamps)
    assert "Lamp" in (await session.observe()).text
    assert any(asked.startswith("POST /graphql") for asked in opened.site.asked)


@pytest.mark.parametrize(
    "body", ["'mutation { buy }'", "JSON.stringify({query: 'mutation { buy }'})", "'x=1'"]
)
async def test_what_may_write_is_held_back_and_said(opened: Opener, body: str) -> None:
    session = await opened(LOADS.format(path="/graphql", body=body), graphql=lamps)
    text = (await session.observe()).text
    assert "a request that may write was held back: POST" in text
    assert "Something went wrong" in text
    assert not any(asked.startswith("POST") for asked in opened.site.asked)


async def test_paths_that_are_declared_to_read_are_let_through(site: Site, executable: Path) -> None:
    site.pages = {"/": LOADS.format(path="/api/search", body="'x'"), "/api/search": lamps}
    for paths, seen in ((("/api/*",), True), (("/api/search",), True), (("/api",), False)):
        access, window = Access(post_reads=paths), Window(executable_path=executable)
        chrome = browser(site.url, access=access, window=window)
        assert ("Lamp" in (await (await chrome.reset()).observe()).text) is seen
        await chrome.aclose()


async def test_a_secret_is_typed_where_the_address_is_written_otherwise(site: Site, executable: Path) -> None:
    site.pages["/"] = "<input type=password aria-label=P><iframe srcdoc='<input aria-label=Q>'></iframe>"
    url = site.url.replace("127.0.0.1", "LOCALHOST")
    chrome = browser(url, secrets={"p": "loops"}, window=Window(executable_path=executable))
    session = await chrome.reset()
    await do(session, 'fill textbox "P" with "{secret:p}"')
    assert await session.page.evaluate("document.querySelector('input').value") == "loops"
    with pytest.raises(BadAction, match="own site only"):
        await do(session, 'fill textbox "Q" with "{secret:p}"')
    await chrome.aclose()


async def test_passwords_in_the_start_address_are_refused(tmp_path: Path) -> None:
    for url in (
        "http://ada:pw9secret@127.0.0.1:1/",
        "http://ada@127.0.0.1:1/",
        "https://:pw9secret@a.example/",
    ):
        with pytest.raises(BadInput, match="must hold no user name or password") as caught:
            border(url)
        assert "pw9secret" not in str(caught.value)


def stored(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir())


async def secret_area(request: web.Request) -> web.Response:
    expected = "Basic " + base64.b64encode(b"ada:pw9secret").decode()
    if request.headers.get("Authorization") != expected:
        return web.Response(status=401, text="who?", headers={"WWW-Authenticate": "Basic realm=x"})
    return web.Response(
        text=f"<h1>Secret area</h1><a href=/x>Go on</a>{expected} pw9secret", content_type="text/html"
    )


async def test_a_site_with_http_authentication_opens_and_its_password_is_nowhere(
    executable: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = web.Application()
    app.router.add_get("/{rest:.*}", secret_area)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    monkeypatch.setenv("AREA", "pw9secret")
    chrome = from_options(
        f"http://127.0.0.1:{runner.addresses[0][1]}/", http_auth="ada=AREA", executable=str(executable)
    )
    model = scripted(
        ['I go.\nAction: click link "Go on"', "Status: failure\nOn the right track to success: yes"]
    )
    options = WebOptions(samples=1, value_samples=1, max_pages=2)
    await browse("Open Go on", chrome, model=model, options=options, store=f"sqlite:///{tmp_path}/runs.db")
    await chrome.aclose()
    await runner.cleanup()
    asked = [message.content for request in model.requests for message in request.messages]
    assert any("Secret area" in text for text in asked)
    assert not any("pw9secret" in text for text in asked)
    assert b"pw9secret" not in stored(tmp_path)
    with pytest.raises(BadInput, match="USER=VARIABLE"):
        from_options("http://127.0.0.1:1/", http_auth="ada=NOT_SET_ANYWHERE")


EC = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"


def certified(folder: Path) -> ssl.SSLContext:
    """Make two authorities, and a certificate of the first of them."""
    for command in (
        f"req -x509 {EC} -keyout ca.key -out ca.pem -subj /CN=Ours",
        f"req -x509 {EC} -keyout o.key -out o.pem -subj /CN=Other",
        f"req {EC.removesuffix(' -days 2')} -keyout site.key -out site.csr -subj /CN=site",
        "x509 -req -in site.csr -CA ca.pem -CAkey ca.key -days 2 -out site.pem -extfile names",
        "x509 -in site.pem -pubkey -noout -out site.pub",
    ):
        (folder / "names").write_text("subjectAltName=DNS:localhost", encoding="utf-8")
        subprocess.run(["openssl", *command.split()], cwd=folder, check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "site.pem", folder / "site.key")
    return context


@pytest_asyncio.fixture(loop_scope="module")
async def private(tmp_path: Path) -> AsyncIterator[tuple[str, Path]]:
    """An https site with a certificate of a private authority, and the authority's file."""
    context = await asyncio.to_thread(certified, tmp_path)

    async def page(request: web.Request) -> web.Response:
        return web.Response(text="<h1>Private</h1>", content_type="text/html")

    app = web.Application()
    app.router.add_get("/", page)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    yield f"https://localhost:{runner.addresses[0][1]}/", tmp_path
    await runner.cleanup()


async def test_a_site_of_a_private_authority_opens_only_with_that_authority(
    private: tuple[str, Path], executable: Path
) -> None:
    url, folder = private
    window = Window(executable_path=executable)
    chrome = browser(url, access=Access(authority=folder / "ca.pem"), window=window)
    assert "Private" in (await (await chrome.reset()).observe()).text
    await chrome.aclose()
    plain = browser(url, window=window)
    with pytest.raises(EnvironmentFailed, match="CERT_AUTHORITY_INVALID"):
        await plain.reset()
    await plain.aclose()
    other = browser(url, access=Access(authority=folder / "o.pem"), window=window)
    with pytest.raises(EnvironmentFailed, match="shows no certificate"):
        await other.reset()
    await other.aclose()
    with pytest.raises(BadInput, match="There is no file"):
        browser(url, access=Access(authority=folder / "none.pem"))


async def test_the_key_of_a_certificate_is_the_one_that_openssl_says(private: tuple[str, Path]) -> None:
    _, folder = private
    der = ssl.PEM_cert_to_DER_cert((folder / "site.pem").read_text(encoding="utf-8"))
    said = "".join((folder / "site.pub").read_text(encoding="utf-8").splitlines()[1:-1])
    assert public_key(der) == base64.b64decode(said)
