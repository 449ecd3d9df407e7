"""BrowserGym's own MiniWoB++ tasks, run without its environment and its chat."""

import os
import sys
from collections.abc import AsyncIterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

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


def numbered(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    """A benchmark as WebArena is built: one class without an id of its own, registered once for each number."""
    registration = import_module("browsergym.core.registration")
    root: type = import_module("browsergym.core.task").AbstractBrowserTask

    class Numbered(root):  # type: ignore[misc]
        def __init__(self, seed: int, task_id: int, start_url: str = "") -> None:
            super().__init__(seed)
            self.task_id, self.start_url = task_id, start_url

        def setup(self, page: Any) -> tuple[str, dict[str, Any]]:
            if self.task_id == 8:
                raise AssertionError("no such instance")
            page.goto(self.start_url)
            return f"Press button {self.task_id}.", {}

        def teardown(self) -> None:
            pass

        def validate(self, page: Any, chat_messages: list[Any]) -> tuple[float, bool, str, dict[str, Any]]:
            return 1.0, True, "", {}

    monkeypatch.setitem(sys.modules, f"browsergym.{package}", ModuleType(f"browsergym.{package}"))
    registry = dict(import_module("gymnasium").registry)
    monkeypatch.setattr("gymnasium.registry", registry)
    monkeypatch.setattr("gymnasium.envs.registration.registry", registry)
    for number in (7, 8):
        registration.register_task(
            id=f"{package}.{number}", task_class=Numbered, task_kwargs={"task_id": number}
        )


async def test_numbered_tasks_open_with_their_registered_arguments(
    pages: str, executable: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbered(monkeypatch, "numbered")
    window = Window(executable_path=executable, timeout=30)
    environment = browsergym("numbered.7", url=f"{pages}click-test.html", window=window)
    session = await environment.reset()
    assert (await session.observe()).goal == "Press button 7."
    await environment.aclose()
    failing = browsergym("numbered.8", url=f"{pages}click-test.html", window=window)
    with pytest.raises(EnvironmentFailed, match="no such instance"):
        await failing.reset()
    await failing.aclose()
    with pytest.raises(UnknownName):
        browsergym("numbered.9", url=pages)
    # What one package registers does not disturb another's tasks, nor those that the core itself has.
    assert browsergym("miniwob.click-button", url=pages).name == "browsergym:miniwob.click-button"
    assert browsergym("openended", url=pages, arguments={"goal": "look"}).name == "browsergym:openended"


@pytest.mark.parametrize(
    ("package", "variable"),
    [("webarena", "WA_SHOPPING"), ("visualwebarena", "VWA_REDDIT"), ("workarena", "SNOW_INSTANCE_URL")],
)
def test_a_benchmark_whose_sites_are_not_configured_says_so(
    monkeypatch: pytest.MonkeyPatch, package: str, variable: str
) -> None:
    monkeypatch.delenv(variable, raising=False)
    numbered(monkeypatch, package)
    with pytest.raises(EnvironmentFailed, match=f"not configured.*{variable}"):
        browsergym(f"{package}.7", url="http://127.0.0.1:9/")


@pytest.mark.parametrize("task", ["webarena.1", "visualwebarena.1", "assistantbench.validation.3"])
def test_a_benchmark_that_is_not_installed_says_what_to_install(task: str) -> None:
    with pytest.raises(EnvironmentFailed, match=r"not installed.*pip install"):
        browsergym(task, url="http://127.0.0.1:9/")
