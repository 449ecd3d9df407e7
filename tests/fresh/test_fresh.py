"""The parts of the chroot trial that need no chroot."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fresh.__main__ import TRIALS, expect
from tests.fresh.machine import Done, _local


@pytest.mark.parametrize(
    ("done", "wrong"),
    [
        (Done(status=0, output="all good"), ""),
        (Done(status=2, output="all good"), "exit status 2"),
        (Done(status=0, output="Traceback (most recent call last)"), "a traceback"),
        (Done(status=0, output="nothing"), "`good` is not in the output"),
    ],
)
def test_what_differs_is_told(done: Done, wrong: str) -> None:
    found = list(expect(done, 0, "good"))
    assert bool(found) == bool(wrong)
    assert all(one.startswith(wrong) for one in found)


def test_folders_that_pip_is_told_of_are_lent_to_the_chroot() -> None:
    pip = {
        "PIP_EXTRA_INDEX_URL": "file:///srv/index/simple https://host/simple",
        "PIP_FIND_LINKS": "/srv/wheels",
    }
    assert _local(pip) == [Path("/srv/index"), Path("/srv/wheels")]


def test_every_trial_says_what_it_tries() -> None:
    assert all(trial.__doc__ for trial in TRIALS.values())
