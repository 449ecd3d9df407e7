"""MiniWoB++ tasks: the same seed gives the same page, the task's own reward ends the episode."""

import contextlib
import os
from importlib.util import find_spec
from pathlib import Path

import pytest

from branchwise.environments.browser.browser import Window
from branchwise.environments.miniwob import miniwob
from branchwise.environments.protocol import Action, Effect
from branchwise.environments.restore import PathStep, restore_path
from branchwise.store.errors import BadAction, UnknownName

if find_spec("miniwob") is None and not os.environ.get("CI"):
    pytest.skip("MiniWoB++ is not installed: pip install --no-deps miniwob", allow_module_level=True)


async def test_an_episode_is_its_seed_and_ends_with_its_reward(executable: Path) -> None:
    environment = miniwob("click-button", window=Window(executable_path=executable))
    one, other, third = [await environment.reset(seed=seed) for seed in (1, 1, 2)]
    seen = await one.observe()
    assert seen.fingerprint == (await other.observe()).fingerprint
    assert seen.fingerprint != (await third.observe()).fingerprint
    goal = await one.session.page.inner_text("#query")
    wanted = goal.split('"')[1]
    action = next(a for a in await one.actions() if a.text.startswith(f'click button "{wanted}"'))
    ended = (await one.act(action)).observation
    assert (ended.ended, ended.reward) == (True, 1.0)
    wrong = next(
        a for a in await other.actions() if a.text.startswith("click button") and wanted not in a.text
    )
    lost = (await other.act(wrong)).observation
    assert (lost.ended, lost.reward) == (True, 0.0)
    await environment.aclose()


async def test_a_path_is_replayed_to_the_same_page(executable: Path) -> None:
    environment = miniwob("enter-text", window=Window(executable_path=executable))
    session = await environment.reset(seed=1)
    start = (await session.observe()).fingerprint
    fill = next(a for a in await session.actions() if a.text.startswith("fill"))
    outcome = await session.act(fill)
    back = await restore_path(
        environment, start, [PathStep(action=fill, fingerprint=outcome.observation.fingerprint)], seed=1
    )
    assert (back.method, back.replayed, back.tried) == ("replay", 1, ())
    assert back.session is not None
    assert (
        await back.session.act(await back.session.read('click button "Submit"'))
    ).observation.reward == 1.0
    await environment.aclose()


async def test_part_of_the_work_is_not_the_goal_and_submitting_is_free(executable: Path) -> None:
    environment = miniwob("click-checkboxes", window=Window(executable_path=executable))
    session = await environment.reset(seed=0)
    listed = {action.text: action.effect for action in await session.actions()}
    assert listed['click button "Submit"'] is Effect.REVERSIBLE
    wanted = session.goal.removeprefix("Select ").removesuffix(" and click Submit.").split(", ")
    await session.act(Action(text=f'click checkbox "{wanted[0]}"'))
    seen = (await session.act(Action(text='click button "Submit"'))).observation
    assert (len(wanted), seen.ended) == (3, True)
    assert 0 < (seen.reward or 0) < 1
    await environment.aclose()


def test_a_task_that_is_not_there_names_its_neighbour() -> None:
    with pytest.raises(UnknownName, match="click-button"):
        miniwob("click-buton")


@pytest.mark.parametrize("task", ["email-inbox", "enter-text", "hover-shape", "drag-box", "scroll-text-2"])
async def test_an_episode_in_a_used_tab_is_as_in_a_fresh_one(executable: Path, task: str) -> None:
    environment, other = [miniwob(task, window=Window(executable_path=executable)) for _ in range(2)]
    first = await environment.reset(seed=1)
    lines = [action.text for action in await first.actions()]
    for line in (lines[0], lines[-1], "press Tab"):
        with contextlib.suppress(BadAction):
            await first.act(Action(text=line))
    tab = first.session.page
    await first.aclose()
    await first.aclose()
    again, fresh = await environment.reset(seed=3), await other.reset(seed=3)
    assert again.session.page is tab
    assert await again.observe() == await fresh.observe()
    assert await again.actions() == await fresh.actions()
    for _ in range(2):
        action = (await fresh.actions())[0]
        assert await again.act(action) == await fresh.act(action)
    await environment.aclose()
    await other.aclose()


@pytest.mark.parametrize("trace", ["document.cookie = 'a=1'", "localStorage.a = 1", "name = 'a'"])
async def test_a_tab_that_keeps_a_trace_is_not_used_again(executable: Path, trace: str) -> None:
    environment = miniwob("click-test", window=Window(executable_path=executable))
    first = await environment.reset(seed=1)
    await first.session.page.evaluate(trace)
    await first.aclose()
    assert (await environment.reset(seed=1)).session is not first.session
    await environment.aclose()
