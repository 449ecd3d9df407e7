"""MiniWoB++ tasks: the same seed gives the same page, the task's own reward ends the episode."""

import os
from importlib.util import find_spec
from pathlib import Path

import pytest

from branchwise.environments.browser.browser import Window
from branchwise.environments.miniwob import miniwob
from branchwise.environments.protocol import Action, Effect
from branchwise.environments.restore import PathStep, restore_path
from branchwise.store.errors import UnknownName

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
