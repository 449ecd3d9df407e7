"""The whole web search in Chromium, driven by a policy that only compares words."""

import asyncio
import json
import re
import sys
from pathlib import Path

import aiohttp

from branchwise.cli.viewer.write import write
from branchwise.environments.browser.browser import Window, browser
from branchwise.environments.browser.fork_endpoint import fork_endpoint
from branchwise.environments.browser.session import BrowserSession
from branchwise.environments.protocol import Session
from branchwise.graphs.web.request import WebOptions
from branchwise.graphs.web.run import RunHooks, browse
from branchwise.models.protocol import SampleRequest
from branchwise.models.scripted import scripted

SHOP = Path(__file__).parents[3] / "examples" / "shop" / "shop.py"


def words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]+", text.casefold()))


def lexical(request: SampleRequest, seed: int) -> str:
    """Rank actions by the goal's words in them; on track is a path whose every action said a new one."""
    asked = request.messages[0].content
    goal = words(asked.split("Goal: ")[-1].splitlines()[0])
    if not request.output_format.choices:
        left, track = goal, True
        for action in asked.split("Actions so far:\n")[1].split("\n\n")[0].splitlines():
            said = words(action.partition('"')[2])
            track, left = track and bool(said & left), left - said
        return f"Status: failure\nOn the right track to success: {'yes' if track else 'no'}"
    ranked = sorted(
        request.output_format.choices, key=lambda line: -len(words(line.partition('"')[2]) & goal)
    )
    return ranked[seed % 2 % len(ranked)]


async def test_it_puts_the_mug_in_the_basket_of_its_own_world(executable: Path, tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, str(SHOP), "--port", "0", stdout=-1)
    assert process.stdout is not None
    said = json.loads(await asyncio.wait_for(process.stdout.readline(), 30))
    endpoint, token = f"{said['url']}_worlds", said["token"]

    async def reached(session: Session) -> bool:
        world = session.world if isinstance(session, BrowserSession) else None
        headers = {"Authorization": f"Bearer {token}", "X-World": world or ""}
        async with aiohttp.ClientSession(headers=headers) as http, http.get(f"{endpoint}/goals") as reply:
            return bool((await reply.json())["mug"])

    environment = browser(
        said["url"],
        site=fork_endpoint(endpoint, token),
        window=Window(executable_path=executable, screenshot="plain"),
    )
    store = f"sqlite:///{tmp_path / 'runs.db'}"
    try:
        result = await browse(
            "Mugs: small red mug, add to basket",
            environment,
            model=scripted(lexical),
            options=WebOptions(
                pick_actions=True, samples=6, value_samples=1, max_pages=12, knobs={"branching": 2}
            ),
            store=store,
            hooks=RunHooks(check=reached),
            screenshots=tmp_path,
        )
        live = await environment.reset()
        assert not await reached(live)
    finally:
        await environment.aclose()
        process.terminate()
        await process.communicate()
    assert (result.solved, result.verified_by) == (True, "program")
    assert result.actions[-1] == 'click button "Add to basket"'
    page = tmp_path / "tree.html"
    await write(result.run_id, store, page)
    assert page.read_text(encoding="utf-8").count("data:image/jpeg;base64,") == result.visited + 1
