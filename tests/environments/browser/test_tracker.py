"""The tracker of examples/tracker: each goal can be reached and does not hold at the start; its database judges."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import aiohttp
import pytest_asyncio

from branchwise.environments.browser.browser import Window, browser
from branchwise.environments.browser.fork_endpoint import fork_endpoint
from branchwise.environments.browser.session import BrowserSession

TRACKER = Path(__file__).parents[3] / "examples" / "tracker"
_ACCEPT = 'click button "Accept cookies"'
_SIGN_IN = (
    _ACCEPT,
    'click link "Sign in"',
    'fill textbox "Name" with "ada"',
    'fill textbox "Password" with "loops"',
    'click button "Sign in now"',
)


def _issue(number: int, *lines: str) -> tuple[str, ...]:
    return (f"goto {{url}}issue/{number}", *lines)


EXPERT: Mapping[str, Sequence[str]] = {
    "open": _issue(17),
    "watch": _issue(3, 'check switch "Watch"'),
    "banner": (_ACCEPT, 'click link "Reports"'),
    "sign-in": _SIGN_IN,
    "move": ('drag button "Login fails" to button "Doing"',),
    "state": _issue(10, 'select combobox "State" option "Done"'),
    "priority": _issue(5, 'fill slider "Priority" with "8"'),
    "title": _issue(6, 'fill textbox "Title" with "Printer jams again"', 'click button "Save title"'),
    "comment": _issue(12, 'fill textbox "Comment" with "Works for me"', 'click button "Send comment"'),
    "label": _issue(9, 'fill combobox "Label" with "cra"', 'click option "crash"'),
    "due": _issue(
        4, 'click button "no date"', *['click button "Month after"'] * 2, 'click button "2031-03-14"'
    ),
    "last": (
        _ACCEPT,
        'click link "Issues"',
        *['scroll down in list "Feed"'] * 14,
        'click link "120 Case 120"',
    ),
    "filter": (
        _ACCEPT,
        'click link "Issues"',
        'check checkbox "crash"',
        'check checkbox "ui"',
        'click link "23 Case 23"',
    ),
    "report": (
        _ACCEPT,
        'click link "Reports"',
        'fill textbox "Words" with "timeout"',
        'click button "Search reports"',
        'click link "Request 78 ends in a timeout"',
    ),
    "bold": _issue(2, 'highlight "first"', 'click button "Bold"', 'click button "Save text"'),
    "delete": _issue(8, _ACCEPT, 'click button "Delete issue"', 'click button "Yes, delete"'),
    "create": (
        _ACCEPT,
        'click button "New issue"',
        'fill textbox "Title" with "Printer on fire"',
        'select combobox "Assignee" option "bob"',
        'fill combobox "Label" with "hardware"',
        'click option "hardware"',
        'click button "Create"',
    ),
    "undo": ('drag button "Login fails" to button "Done"', 'click button "Undo"'),
    "take-over": (
        *_SIGN_IN,
        *(line for n in (31, 32, 33) for line in _issue(n, 'select combobox "Assignee" option "ada"')),
    ),
    "all": (
        *_SIGN_IN,
        'click button "New issue"',
        'fill textbox "Title" with "Scanner offline"',
        'fill combobox "Label" with "hardware"',
        'click option "hardware"',
        'click button "Create"',
        'fill slider "Priority" with "7"',
        'click button "no date"',
        'click button "Month after"',
        'click button "2031-02-03"',
        'select combobox "State" option "Doing"',
    ),
}
NEAR: Mapping[str, Sequence[str]] = {
    "label": _issue(9, 'fill combobox "Label" with "doc"', 'click option "docs"'),
    "take-over": (
        *_SIGN_IN,
        *(line for n in (31, 32, 33, 34) for line in _issue(n, 'select combobox "Assignee" option "ada"')),
    ),
    "delete": _issue(7, _ACCEPT, 'click button "Delete issue"', 'click button "Yes, delete"'),
    "banner": ("goto {url}report", _ACCEPT),
}
"""What comes close and is not it."""


@dataclass(frozen=True, kw_only=True)
class Tracker:
    """A running tracker."""

    url: str
    token: str

    async def reached(self, session: BrowserSession, goal: str) -> bool:
        """Whether a goal holds in the session's world."""
        headers = {"Authorization": f"Bearer {self.token}", "X-World": session.world or ""}
        where = f"{self.url}_worlds/goals"
        async with aiohttp.ClientSession(headers=headers) as http, http.get(where) as reply:
            return bool((await reply.json())[goal])


@pytest_asyncio.fixture
async def tracker() -> AsyncIterator[Tracker]:
    command = [sys.executable, str(TRACKER / "tracker.py"), "--port", "0"]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    said = json.loads(await process.stdout.readline())
    yield Tracker(url=said["url"], token=said["token"])
    process.terminate()
    await process.communicate()


def goals() -> Mapping[str, Any]:
    """The goals, from the tracker's own file."""
    spec = spec_from_file_location("tracker_world", TRACKER / "tracker_world.py")
    assert spec is not None
    assert spec.loader is not None
    sys.modules["tracker_world"] = module = module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Mapping[str, Any] = module.GOALS
    return found


async def walked(tracker: Tracker, executable: Path, paths: Mapping[str, Sequence[str]]) -> dict[str, object]:
    """For each path whether its goal holds at the start and at the end, or why it broke off."""
    window = Window(executable_path=executable, timeout=30)
    chrome = browser(tracker.url, site=fork_endpoint(f"{tracker.url}_worlds", tracker.token), window=window)
    found: dict[str, object] = {}
    gate = asyncio.Semaphore(3)

    async def one(goal: str, lines: Sequence[str]) -> None:
        async with gate:
            session = await chrome.reset()
            before = await tracker.reached(session, goal)
            try:
                for line in lines:
                    await session.act(await session.read(line.replace("{url}", tracker.url)))
                found[goal] = (before, await tracker.reached(session, goal))
            except Exception as error:
                found[goal] = f"{line}: {error}"
            await session.aclose()

    async with asyncio.TaskGroup() as group:
        for goal, lines in paths.items():
            group.create_task(one(goal, lines))
    await chrome.aclose()
    return found


async def test_an_expert_reaches_every_goal(tracker: Tracker, executable: Path) -> None:
    assert list(EXPERT) == list(goals())
    assert len(EXPERT) == 20
    found = await walked(tracker, executable, EXPERT)
    wrong = {goal: said for goal, said in found.items() if said != (False, True)}
    assert wrong == {}, "\n".join(f"{goal}: {said}" for goal, said in wrong.items())


async def test_what_comes_close_is_not_it(tracker: Tracker, executable: Path) -> None:
    found = await walked(tracker, executable, NEAR)
    assert {goal: said for goal, said in found.items() if said != (False, False)} == {}
