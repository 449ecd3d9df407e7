"""Searching the shop: going back must be believable, writes must stay where they belong."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from branchwise.environments.browser.browser import Chrome, Window, browser
from branchwise.environments.browser.fork_endpoint import fork_endpoint
from branchwise.environments.browser.session import BrowserSession
from branchwise.environments.protocol import Action, Effect
from branchwise.environments.restore import PathStep, restore_path
from branchwise.store.errors import ActionRefused, BadAction, EnvironmentFailed

SHOP = Path(__file__).parents[3] / "examples" / "shop" / "shop.py"
MUG = ['click link "Mugs"', 'click link "Small red mug"', 'click button "Add to basket"']
ORDERS = [
    'click link "Log in"',
    'fill textbox "Name" with "ada"',
    'fill textbox "Password" with "{secret:ada}"',
    'click button "Log in"',
    'click link "Orders"',
]
SHIRT = [
    'fill textbox "Search products" with "tree"',
    'click button "Search"',
    'click link "Tree shirt"',
    'select combobox "Size" option "M"',
    'click button "Add to basket"',
]
REVIEW = [
    'click link "Teapots"',
    'click link "Green teapot"',
    'fill textbox "Your review" with "Pours well"',
    'select combobox "Stars" option "5"',
    'click button "Post review"',
]
ORDER = [
    'click link "Papers"',
    'click link "Blue notebook"',
    'click button "Add to basket"',
    'click link "Check out"',
    'fill textbox "Address" with "1 Loop Street"',
    'click button "Place order"',
]


@dataclass(frozen=True, kw_only=True)
class Shop:
    """A running shop."""

    url: str
    token: str

    @property
    def endpoint(self) -> str:
        return f"{self.url}_worlds"

    async def goals(self, world: str | None = None) -> dict[str, bool]:
        """Which goals hold in a world, told by the shop's own database."""
        headers = {"Authorization": f"Bearer {self.token}", "X-World": world or ""}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.get(f"{self.endpoint}/goals") as reply,
        ):
            reply.raise_for_status()
            goals: dict[str, bool] = await reply.json()
            return goals


@pytest_asyncio.fixture
async def shop() -> AsyncIterator[Shop]:
    """A fresh shop in its own process."""
    process = await asyncio.create_subprocess_exec(sys.executable, str(SHOP), "--port", "0", stdout=-1)
    assert process.stdout is not None
    said = json.loads(await asyncio.wait_for(process.stdout.readline(), 30))
    try:
        yield Shop(url=said["url"], token=said["token"])
    finally:
        process.terminate()
        await process.communicate()


@pytest_asyncio.fixture
async def forking(shop: Shop, executable: Path) -> AsyncIterator[Chrome]:
    """The shop with a world for each session."""
    window = Window(executable_path=executable)
    site = fork_endpoint(shop.endpoint, shop.token)
    environment = browser(shop.url, secrets={"ada": "loops"}, site=site, window=window)
    yield environment
    await environment.aclose()


@pytest_asyncio.fixture
async def live(shop: Shop, executable: Path) -> AsyncIterator[Chrome]:
    """The live shop, whose writes stay."""
    environment = browser(shop.url, secrets={"ada": "loops"}, window=Window(executable_path=executable))
    yield environment
    await environment.aclose()


async def walk(session: BrowserSession, lines: Sequence[str], *, allow: bool = False) -> list[PathStep]:
    path = []
    for line in lines:
        outcome = await session.act(await session.read(line), allow=allow)
        assert outcome.blocked == ()
        path.append(
            PathStep(
                action=Action(text=line), fingerprint=outcome.observation.fingerprint, effect=outcome.effect
            )
        )
    return path


@pytest.mark.parametrize(
    ("goal", "lines"),
    [("mug", MUG), ("orders", ORDERS), ("shirt", SHIRT), ("review", REVIEW), ("order", ORDER)],
)
async def test_every_goal_can_be_reached_in_its_own_world(
    forking: Chrome, shop: Shop, goal: str, lines: list[str]
) -> None:
    session, beside = await forking.reset(), await forking.reset()
    assert not (await shop.goals(session.world))[goal]
    await walk(session, lines)
    reached = await shop.goals(session.world)
    assert reached == {name: name == goal for name in reached}
    assert not any((await shop.goals(beside.world)).values())
    assert not any((await shop.goals()).values())


@pytest.mark.parametrize("lines", [ORDER, ORDERS, SHIRT])
async def test_snapshot_and_replay_lead_to_the_same_state_and_the_same_rows(
    forking: Chrome, shop: Shop, lines: list[str]
) -> None:
    first = await forking.reset()
    start = (await first.observe()).fingerprint
    steps, last = await walk(first, lines[:-1]), lines[-1]
    kept = await first.snapshot()
    after = await first.act(Action(text=last))
    rows = await shop.goals(first.world)
    for snapshot, method in ((kept, "snapshot"), (None, "replay")):
        back = await restore_path(forking, start, steps, snapshot=snapshot)
        assert (back.method, back.tried) == (method, ())
        assert isinstance(back.session, BrowserSession)
        again = await back.session.act(Action(text=last))
        assert again.observation.fingerprint == after.observation.fingerprint
        assert await shop.goals(back.session.world) == rows
        await back.session.aclose()


async def test_elements_keep_their_names_in_every_session(forking: Chrome) -> None:
    one, other = await forking.reset(), await forking.reset()
    listed = [action.text for action in await one.actions()]
    assert listed == [action.text for action in await other.actions()]
    assert 'click link "Mugs"' in listed
    for line in listed:
        assert (await other.read(line)).text == line


async def test_on_the_live_shop_a_write_is_refused_before_it_is_tried(live: Chrome, shop: Shop) -> None:
    session = await live.reset()
    await walk(session, MUG[:-1])
    add = await session.read(MUG[-1])
    assert add.effect is Effect.IRREVERSIBLE
    with pytest.raises(ActionRefused, match="form by POST"):
        await session.act(add)
    assert not (await shop.goals())["mug"]
    outcome = await session.act(add, allow=True)
    assert outcome.effect is Effect.IRREVERSIBLE
    assert outcome.writes == (f"POST {shop.url}basket/mug-red-s",)
    assert (await shop.goals())["mug"]


async def test_a_committed_write_is_not_replayed(live: Chrome, shop: Shop) -> None:
    session = await live.reset()
    start = (await session.observe()).fingerprint
    path = await walk(session, ORDER, allow=True)
    assert (await shop.goals())["order"]
    dropped = await restore_path(live, start, path)
    assert dropped.session is None
    assert "cannot be rewound" in dropped.tried[-1]
    assert (await shop.goals())["order"]


async def test_a_link_that_logs_out_needs_to_be_allowed(live: Chrome) -> None:
    session = await live.reset()
    await walk(session, ORDERS[:-1], allow=True)
    assert (await session.read('click link "Log out"')).effect is Effect.IRREVERSIBLE


async def test_a_secret_is_typed_and_shown_nowhere(live: Chrome, shop: Shop) -> None:
    session = await live.reset()
    await walk(session, ORDERS[:3])
    seen = await session.observe()
    assert "loops" not in seen.text
    assert "••••" in seen.text
    assert "loops" not in repr(live)
    with pytest.raises(BadAction, match="no secret"):
        await session.act(Action(text='fill textbox "Password" with "{secret:bob}"'))


async def test_back_tabs_scroll_press_and_stop(forking: Chrome) -> None:
    session = await forking.reset()
    start = await session.observe()
    await walk(session, ['click link "Mugs"', "scroll down", 'hover link "Blue mug"', "press Escape"])
    assert (await session.act(Action(text="back"))).observation.fingerprint == start.fingerprint
    ended = await session.act(Action(text='stop "€ 7.90"'))
    assert (ended.observation.ended, ended.observation.answer) == (True, "€ 7.90")
    with pytest.raises(BadAction):
        await session.act(Action(text="back"))


async def test_a_screenshot_is_a_jpeg(shop: Shop, executable: Path) -> None:
    environment = browser(shop.url, window=Window(executable_path=executable, screenshot="plain"))
    shot = (await (await environment.reset()).observe()).screenshot
    assert shot is not None
    assert shot.startswith(b"\xff\xd8\xff")
    await environment.aclose()


async def test_a_site_that_does_not_answer_says_so(executable: Path) -> None:
    environment = browser("http://127.0.0.1:9/", window=Window(executable_path=executable))
    with pytest.raises(EnvironmentFailed, match="does not open"):
        await environment.reset()
    await environment.aclose()


async def test_a_browser_that_is_not_there_says_so() -> None:
    environment = browser("http://127.0.0.1:9/", window=Window(executable_path=Path("/nowhere/chromium")))
    with pytest.raises(EnvironmentFailed, match="/nowhere/chromium"):
        await environment.reset()
