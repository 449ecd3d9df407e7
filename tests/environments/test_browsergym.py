"""BrowserGym's own MiniWoB++ tasks, run without its environment and its chat."""

import os
from collections.abc import AsyncIterator
from importlib.util import find_spec
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from branchwise.environments.browser.browser import Window
from branchwise.environments.browsergym import browsergym
from branchwise.environments.protocol import Action
from branchwise.graphs.web.request import WebOptions
from branchwise.graphs.web.run import browse
from branchwise.models.uniform import uniform
from branchwise.store.errors import EnvironmentFailed, UnknownName

if (find_spec("browsergym") is None or find_spec("miniwob") is None) and not os.environ.get("CI"):
    pytest.skip("BrowserGym's MiniWoB++ is not installed; see docs/web.md", allow_module_level=True)


@pytest_asyncio.fixture
async def pages(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    spec = find_spec("miniwob")
    assert spec is not None
    assert spec.submodule_search_locations
    app = web.Application()
    app.router.add_static("/", Path(spec.submodule_search_locations[0]) / "html", show_index=True)
    async with TestServer(app, host="127.0.0.1") as server:
        url = str(server.make_url("/miniwob/"))
        monkeypatch.setenv("MINIWOB_URL", url)
        yield url


async def test_a_task_is_its_seed_and_judges_by_itself(pages: str, executable: Path) -> None:
    window = Window(executable_path=executable, timeout=30)
    environment = browsergym("browsergym/miniwob.click-button", url=pages, rewinds=True, window=window)
    assert environment.name == "browsergym:miniwob.click-button"
    one, other = await environment.reset(seed=1), await environment.reset(seed=1)
    seen = await one.observe()
    assert (seen.fingerprint, seen.ended) == ((await other.observe()).fingerprint, False)
    wanted = seen.goal.split('"')[1]
    clicks = [action for action in await one.actions() if action.text.startswith("click button")]
    right = next(action for action in clicks if action.text.startswith(f'click button "{wanted}"'))
    ended = (await one.act(right)).observation
    assert (ended.ended, ended.reward) == (True, 1.0)
    wrong = next(action for action in clicks if wanted not in action.text)
    lost = (await other.act(Action(text=wrong.text))).observation
    assert (lost.ended, lost.reward) == (True, 0.0)
    await environment.aclose()


async def test_a_search_runs_through_it(pages: str, executable: Path, tmp_path: Path) -> None:
    window = Window(executable_path=executable, timeout=30)
    environment = browsergym("miniwob.enter-text", url=pages, rewinds=True, window=window)
    options = WebOptions(samples=8, value_samples=0, pick_actions=True, depth=3, max_pages=30)
    store = f"sqlite:///{tmp_path / 'runs.db'}"
    result = await browse("", environment, model=uniform(), options=options, store=store, seed=2)
    await environment.aclose()
    assert (result.solved, result.verified_by) == (True, "program")
    assert [action.split()[0] for action in result.actions][-1] == "click"


@pytest.mark.usefixtures("pages")
def test_a_task_that_is_not_there_says_so() -> None:
    with pytest.raises(UnknownName, match=r"miniwob\.click-button"):
        browsergym("miniwob.click-buton", url="http://127.0.0.1:9/")
    with pytest.raises(EnvironmentFailed, match="pip install"):
        browsergym("nobodysbench.1", url="http://127.0.0.1:9/")
